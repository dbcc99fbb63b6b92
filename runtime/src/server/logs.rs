//! The log of the process, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts the log, unless the process has one. `RUST_LOG` overrides the verbosity.
pub(super) fn start(verbosity: u8) {
    let level = match verbosity {
        0 | 1 => "warn,aggboot=info",
        2 | 3 => "info,aggboot=debug",
        4 | 5 => "debug,hyper=info,h2=info,rustls=info",
        6 | 7 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = log.with_ansi(colours).try_init();
}
