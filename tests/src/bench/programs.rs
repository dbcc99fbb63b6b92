//! The programs that are measured, as files.

use super::rounds::Round;
use super::row::{Row, Unit};
use crate::control_plane::binary;
use std::path::{Path, PathBuf};

/// Our program that serves the kinds of Go's: built beside the one that runs.
pub(super) fn ours() -> PathBuf {
    beside("wardle")
}

/// The floor.
pub(super) fn bare() -> PathBuf {
    beside("bare")
}

/// Go's sample-apiserver in a program of its own.
pub(super) fn go() -> PathBuf {
    let programs = binary::ensure().unwrap_or_else(|why| panic!("no sample-apiserver: {why}"));
    programs.join(binary::STANDALONE_SAMPLE_APISERVER)
}

/// What they weigh.
pub(super) fn row() -> Row {
    let round =
        Round { ours: mebibytes(&ours()), go: Some(mebibytes(&go())), floor: Some(mebibytes(&bare())) };
    Row::of("W11", "binary", Unit::Mebibytes, &[round])
        .aiming_at(5.0)
        .at_most(15e6 / f64::from(1 << 20))
        .note("all stripped; ours in the release profile of generated projects")
}

fn beside(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this program is a file");
    let program = own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "there is no {}: `cargo xtask bench` builds it", program.display());
    program
}

fn mebibytes(path: &Path) -> f64 {
    let file =
        std::fs::metadata(path).unwrap_or_else(|error| panic!("the size of {}: {error}", path.display()));
    file.len() as f64 / f64::from(1 << 20)
}
