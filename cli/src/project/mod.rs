//! A scaffolded project as it is found: where it is, what its `aggboot.toml` says, what its files hold.

mod clash;
mod dependency;
mod disk;
mod kind;
mod manifest;
mod root;

pub(crate) use clash::clash;
pub(crate) use dependency::{Dependency, for_tests};
pub(crate) use disk::{OnDisk, read};
pub(crate) use kind::{Asked, Kind, Scope};
pub(crate) use manifest::{MANIFEST, Manifest};
pub(crate) use root::{find, load};
