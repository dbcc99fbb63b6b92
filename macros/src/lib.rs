//! The derives of aggboot.
