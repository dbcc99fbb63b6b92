//! Builds the control plane that tests start, or says that it is built already.
#![allow(clippy::print_stderr, reason = "it tells what it does")]

use std::process::ExitCode;

use aggboot_tests::control_plane::binary;

fn main() -> ExitCode {
    match binary::ensure() {
        Ok(folder) => {
            eprintln!("the control plane is in {}", folder.display());
            ExitCode::SUCCESS
        }
        // The tests that need it say that they are skipped; with CI=true they fail.
        Err(why) => {
            eprintln!("no control plane, so the tests that need one are skipped: {why}");
            ExitCode::from(u8::from(std::env::var("CI").is_ok_and(|ci| ci == "true")))
        }
    }
}
