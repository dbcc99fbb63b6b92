//! `aggboot init repo`.

use super::Scaffolding;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  aggboot init repo --domain example.com
  aggboot init repo --domain example.com --name fleet --dir fleet
  aggboot init repo --domain example.com --dry-run")]
pub(crate) struct RepoArgs {
    /// What the API groups end in: a kind of the group inventory is served as inventory.example.com
    #[arg(long)]
    pub(crate) domain: String,
    /// The Cargo package [default: the folder's name]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The folder, made if it is missing
    #[arg(long, default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) scaffolding: Scaffolding,
}
