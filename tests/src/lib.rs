//! Promises that cross crates.
//!
//! What several test files share lives here: a real control plane ([`control_plane`]), promises
//! that hold for any aggregated server ([`conformance`]) and an HTTPS client that shows the wire
//! as it is ([`http`]); our own servers behind it ([`ours`]) and by themselves ([`local_server`]); for scaffolding, the command as users run it ([`aggboot_cli`]);
//! and what our server costs beside Go's ([`mod@bench`]). The tests themselves are in `tests/`.

pub mod aggboot_cli;
pub mod bench;
pub mod conformance;
pub mod control_plane;
pub mod differential;
pub mod etcd;
pub mod http;
pub mod local_server;
pub mod ours;
pub mod wait;
pub mod workload;

/// Whether long tests run at full length: `AGGBOOT_SOAK=full`.
pub fn long_run() -> bool {
    std::env::var("AGGBOOT_SOAK").is_ok_and(|soak| soak == "full")
}
