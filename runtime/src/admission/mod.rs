//! What is asked before an object is stored, besides its kind's own rules.
//!
//! kube-apiserver runs no admission for requests that it passes on: what matches our groups runs here
//! or nowhere.

pub mod namespace_lifecycle;
