//! `aggboot run local`.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  aggboot run local
  aggboot run local --port 9443 --data-dir /var/tmp/fleet
  aggboot run local --release -- -v 4")]
pub(crate) struct LocalArgs {
    /// The port to serve on [default: the server's own]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Where certificates, kubeconfig and data are kept [default: data, in the project]
    #[arg(long)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Build with optimizations
    #[arg(long)]
    pub(crate) release: bool,
    /// Further flags of the server
    #[arg(last = true, value_name = "FLAG")]
    pub(crate) server: Vec<String>,
}
