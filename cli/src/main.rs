//! The `aggboot` command: scaffold and run aggregated API servers.
//!
//! `args` is what can be typed, `names` the rules, `project` what is there, `plan` what should change, `apply` the one
//! writer, `db` and `migrate` the stores of servers, `show` what is said. This file maps results to exit codes.

mod apply;
mod args;
mod db;
mod failure;
mod migrate;
mod names;
mod plan;
mod progress;
mod project;
mod run_local;
mod scaffold;
mod show;

use args::{Cli, Command, Create, Format, Group, Init, Run, Version};
use clap::{CommandFactory, Parser};
use failure::{Code, Failure, Result};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let format = cli.output;
    match run(cli) {
        Ok(code) => code,
        Err(failure) => {
            // Nobody is left to tell when this fails too.
            let _ = show::failure(
                &mut anstream::stdout().lock(),
                &mut anstream::stderr().lock(),
                &failure,
                format,
            );
            ExitCode::from(failure.code() as u8)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let here = std::env::current_dir().map_err(Failure::io("find the current folder", Path::new(".")))?;
    let out = &mut anstream::stdout().lock();
    match cli.command {
        Command::Init(Init::Repo(args)) => scaffold::init(&args, &here, cli.output, out)?,
        Command::Create(Create::Group(Group::Version(Version::Resource(args)))) => {
            scaffold::create(&args, &here, cli.output, out)?;
        }
        Command::Run(Run::Local(args)) => return run_local::run_local(&args, &here),
        Command::Migrate(args) => migrate::run(&args, cli.output, out)?,
        Command::Db(asked) => db::run(&asked, cli.output, out)?,
        Command::Version => scaffold::said(version(out, cli.output))?,
        Command::Completion { shell } => scaffold::said(completion(out, shell))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn version(out: &mut dyn Write, format: Format) -> io::Result<()> {
    let (version, templates) = (env!("CARGO_PKG_VERSION"), aggboot_templates::TEMPLATES);
    match format {
        Format::Text => writeln!(out, "aggboot {version} (templates {templates})"),
        Format::Json => show::json(out, &serde_json::json!({ "version": version, "templates": templates })),
    }
}

fn completion(out: &mut dyn Write, shell: clap_complete::Shell) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "aggboot", &mut script);
    out.write_all(&script)
}

/// Help and version are answers; the rest is a mistake on the command line.
fn not_understood(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || !asks_for_json() {
        let _ = error.print();
    } else {
        let _ = show::usage(&mut io::stdout().lock(), &error.render().to_string());
    }
    ExitCode::from(if error.use_stderr() { Code::Usage as u8 } else { 0 })
}

/// The command line could not be parsed, so `-o json` is looked for by eye.
fn asks_for_json() -> bool {
    let words: Vec<String> = std::env::args().collect();
    let pair = |pair: &[String]| (pair[0] == "-o" || pair[0] == "--output") && pair[1] == "json";
    words.windows(2).any(pair)
        || words.iter().any(|word| word == "-ojson" || word == "-o=json" || word == "--output=json")
}
