//! `aggboot run local`: hands the terminal to `cargo run -- --local`. What local mode is, the server itself knows.

use crate::args::LocalArgs;
use crate::failure::{Failure, Result};
use crate::project;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};

/// Where the server keeps what it makes, unless told otherwise: its own default, below the project.
const DATA: &str = "data";

/// Runs the project that `here` is in, until it ends.
pub(crate) fn run_local(args: &LocalArgs, here: &Path) -> Result<ExitCode> {
    let root = project::find(here)?;
    project::load(&root)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    hand_over(command(&cargo, args, here, &root))
}

fn command(cargo: &OsStr, args: &LocalArgs, here: &Path, root: &Path) -> Command {
    let mut command = Command::new(cargo);
    command.current_dir(root).args(arguments(args, here, root));
    command
}

fn arguments(args: &LocalArgs, here: &Path, root: &Path) -> Vec<OsString> {
    let data = args.data_dir.as_ref().map_or_else(|| root.join(DATA), |folder| here.join(folder));
    let mut arguments: Vec<OsString> = vec!["run".into()];
    arguments.extend(args.release.then(|| "--release".into()));
    arguments.extend(["--".into(), "--local".into(), "--data-dir".into(), data.into()]);
    if let Some(port) = args.port {
        arguments.extend(["--secure-port".into(), port.to_string().into()]);
    }
    arguments.extend(args.server.iter().map(Into::into));
    arguments
}

/// The process becomes cargo, and cargo becomes the server: Ctrl-C, other signals and the exit code are the server's own.
#[cfg(unix)]
fn hand_over(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(Failure::io("start", Path::new(command.get_program()))(error))
}

/// Ctrl-C reaches every process of the console; the exit code is passed on.
#[cfg(not(unix))]
fn hand_over(mut command: Command) -> Result<ExitCode> {
    let status = command.status().map_err(Failure::io("start", Path::new(command.get_program())))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_the_servers() {
        let none = LocalArgs { port: None, data_dir: None, release: false, server: vec![] };
        let check = |args: LocalArgs, expected: &str| {
            let said = arguments(&args, Path::new("/p/src"), Path::new("/p"));
            assert_eq!(said.join(OsStr::new(" ")), OsStr::new(expected));
        };
        check(none, "run -- --local --data-dir /p/data");
        let all = LocalArgs {
            port: Some(9443),
            data_dir: Some("kept".into()),
            release: true,
            server: vec!["-v".into(), "4".into()],
        };
        check(all, "run --release -- --local --data-dir /p/src/kept --secure-port 9443 -v 4");
    }
}
