//! The programs as files, without symbols.

use super::peers::{go_program, our_program};
use super::rounds::Pair;
use super::row::{Row, Unit};
use std::path::Path;

pub(super) fn row() -> Row {
    let pair = Pair { ours: mebibytes(&our_program()), go: mebibytes(&go_program()) };
    Row::of("binary", Unit::Mebibytes, &[pair])
        .aiming_at(5.0)
        .at_most(15e6 / f64::from(1 << 20))
        .note("both stripped; ours in the release profile of generated projects")
}

fn mebibytes(path: &Path) -> f64 {
    let file =
        std::fs::metadata(path).unwrap_or_else(|error| panic!("the size of {}: {error}", path.display()));
    file.len() as f64 / f64::from(1 << 20)
}
