//! The command line: what can be typed, and its help. What was meant is decided elsewhere.

mod create;
mod db;
mod init;
mod migrate;
mod run;

pub(crate) use create::ResourceArgs;
pub(crate) use db::{CheckArgs, CompactArgs, Db, ExportArgs, ImportArgs};
pub(crate) use init::RepoArgs;
pub(crate) use migrate::{MigrateArgs, Place};
pub(crate) use run::LocalArgs;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Build aggregated Kubernetes API servers in Rust.
#[derive(Debug, Parser)]
#[command(name = "aggboot", version, max_term_width = 100, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// How results and errors are printed
    #[arg(short, long, value_name = "FORMAT", global = true, default_value = "text")]
    pub(crate) output: Format,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Examples:
  aggboot init repo --domain example.com
  aggboot create group version resource --group inventory --version v1 --kind Server
  aggboot run local
  aggboot db export --file backup.jsonl

Exit codes:
  0  done, or nothing to do
  1  the machine refused: a file, a folder, a program
  2  the command line was not understood
  3  something asked for is against a rule; the message names it
  4  the project is missing, or its files are not as aggboot left them
  5  a store or an export is missing, in use, damaged or foreign; the message says which
  `run local` ends with the server's own code.
Whenever it is not 0, neither a project nor a store was changed; but a migration that broke off
leaves a part in its target, and goes on from there when it is run again.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a project
    #[command(subcommand, arg_required_else_help = true)]
    Init(Init),
    /// Add to a project
    #[command(subcommand, arg_required_else_help = true)]
    Create(Create),
    /// Run a project
    #[command(subcommand, arg_required_else_help = true)]
    Run(Run),
    /// Look after the file that the embedded storage keeps objects in
    #[command(subcommand, arg_required_else_help = true)]
    Db(Db),
    /// Move every object from one store into another: a file, or etcd
    Migrate(Box<MigrateArgs>),
    /// Print the version of aggboot and of its templates
    #[command(after_help = "Examples:\n  aggboot version\n  aggboot version -o json")]
    Version,
    /// Print a completion script for a shell
    #[command(
        after_help = "Examples:\n  source <(aggboot completion bash)\n  aggboot completion zsh > \"${fpath[1]}/_aggboot\""
    )]
    Completion {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Init {
    /// Make a project without kinds
    Repo(RepoArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Create {
    /// Add to an API group
    #[command(subcommand, arg_required_else_help = true)]
    Group(Group),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// Add to a version of an API group
    #[command(subcommand, arg_required_else_help = true, disable_version_flag = true)]
    Version(Version),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Version {
    /// Add a kind; group and version are made when they are new
    Resource(ResourceArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Run {
    /// Build the project and serve it on this machine
    Local(LocalArgs),
}

/// What every scaffolding command can be told.
#[derive(Debug, Args)]
pub(crate) struct Scaffolding {
    /// Show the changes and make none
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where the runtime is, written into Cargo.toml as it stands
    #[arg(long, value_name = "PATH", env = "AGGBOOT_PATH", hide = true)]
    pub(crate) aggboot_path: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command as Clap, CommandFactory};

    /// Every command that can be run, with the words that lead to it.
    fn leaves(command: &Clap, path: &str) -> Vec<(String, Clap)> {
        let path = format!("{path} {}", command.get_name());
        if !command.has_subcommands() {
            return vec![(path, command.clone())];
        }
        command.get_subcommands().flat_map(|command| leaves(command, &path)).collect()
    }

    #[test]
    fn every_example_in_a_help_text_is_understood() {
        let cli = Cli::command();
        cli.clone().debug_assert();
        for (path, command) in leaves(&cli, "") {
            let help =
                command.get_after_help().map(ToString::to_string).unwrap_or_default().replace("\\\n", " ");
            let examples: Vec<&str> = help.lines().filter(|line| line.starts_with("  aggboot ")).collect();
            assert!(help.contains(path.trim()), "{path} has an example of itself: {help}");
            for example in examples {
                // What follows is the shell's.
                let words = example.split_whitespace().take_while(|word| !matches!(*word, ">" | "|"));
                Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{example}: {error}"));
            }
        }
    }

    #[test]
    fn every_shell_gets_a_script() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "aggboot", &mut script);
            assert!(String::from_utf8(script).unwrap().contains("domain"), "{shell} knows the flags");
        }
    }
}
