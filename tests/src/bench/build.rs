//! What a user waits for: a generated project built from nothing, and again after a field was
//! added; beside them Go's sample-apiserver, from nothing and after a line of its `main.go`.
//!
//! Ours is built as `aggboot run local` builds it, in the dev profile; Go has one way only. What
//! Go's code generation costs on top is left out.

use super::Plan;
use super::rounds::{Round, figures};
use super::row::{Row, Unit};
use crate::aggboot_cli::{AggbootCli, checkout};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;

/// Builds after a change; a build from nothing is taken once.
const CHANGES: usize = 3;
const KIND: &str = "src/apis/inventory/v1/server.rs";
const CREATE: &str = "create group version resource --group inventory --version v1 --kind Server";

/// Both rows, or what they need is missing and said.
pub(super) fn rows(plan: Plan) -> Vec<Row> {
    if !works("go", "version") {
        (plan.tell)("no builds: there is no `go` in PATH to build the other side with");
        return Vec::new();
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    let ours = Project::scaffold(&folder, plan);
    let go = Sources::copy(&folder, plan);
    (plan.tell)("building a generated project, then Go's sample-apiserver: minutes from nothing");
    let cold = Round::pair(ours.build(), go.build());
    let changed = (0..CHANGES).map(|number| {
        ours.add_field(number);
        go.add_line(number);
        Round::pair(ours.build(), go.build())
    });
    let changed = changed.collect::<Vec<_>>();
    let cpu = |pairs: &[Round<Built>]| {
        let last = pairs[pairs.len() - 1].map(|built| built.cpu);
        format!("CPU {:.1} s and {:.1} s", last.ours, last.go.unwrap_or(0.0))
    };
    let cold = [cold];
    let mut rows = Vec::new();
    if !plan.quick {
        let row = Row::of(
            "W17",
            "cold build of a generated project",
            Unit::Seconds,
            &figures(&cold, |built| built.wall),
        )
        .aiming_at(1.0);
        rows.push(row.note(format!("dev profile, dependencies downloaded; {}", cpu(&cold))));
    }
    let row = Row::of(
        "W17",
        "build after a field was added",
        Unit::Seconds,
        &figures(&changed, |built| built.wall),
    )
    .at_most(5.0);
    rows.push(row.note(format!("Go's after a line of main.go, without generated code; {}", cpu(&changed))));
    rows
}

/// A build that went well.
#[derive(Clone, Copy, Debug)]
struct Built {
    wall: f64,
    cpu: f64,
}

/// A project as the command makes it.
struct Project {
    folder: PathBuf,
    target: PathBuf,
}

impl Project {
    fn scaffold(root: &TempDir, plan: Plan) -> Self {
        let cli = AggbootCli::build();
        let folder = root.path().join("generated");
        fs::create_dir(&folder).expect("a folder in a temporary directory");
        for words in ["init repo --domain example.com --name generated", CREATE] {
            let made = cli
                .command()
                .args(words.split_whitespace())
                .current_dir(&folder)
                .env("AGGBOOT_PATH", checkout().join("runtime"))
                .output()
                .expect("the command starts");
            assert!(made.status.success(), "aggboot {words}: {}", String::from_utf8_lossy(&made.stderr));
        }
        Self { folder, target: kept(root, plan, "generated-target") }
    }

    fn build(&self) -> Built {
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--quiet"]).current_dir(&self.folder).env("CARGO_TARGET_DIR", &self.target);
        timed(&mut command)
    }

    fn add_field(&self, number: usize) {
        let line = "    pub description: Option<String>,\n";
        let field =
            format!("{line}    /// Added while measuring.\n    pub added_{number}: Option<String>,\n");
        replace(&self.folder.join(KIND), line, &field);
    }
}

/// Go's server with a `main.go` of its own.
struct Sources {
    folder: PathBuf,
    cache: Option<PathBuf>,
}

impl Sources {
    fn copy(root: &TempDir, plan: Plan) -> Self {
        let from = checkout().join("tests/controlplane");
        let folder = root.path().join("controlplane");
        let main = "cmd/sample-apiserver/main.go";
        fs::create_dir_all(folder.join("cmd/sample-apiserver")).expect("a folder in a temporary directory");
        for file in ["go.mod", "go.sum", main] {
            fs::copy(from.join(file), folder.join(file))
                .unwrap_or_else(|error| panic!("copying {file}: {error}"));
        }
        Self { folder, cache: (!plan.quick).then(|| root.path().join("go-cache")) }
    }

    fn build(&self) -> Built {
        let mut command = Command::new("go");
        command.args(["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", "sample-apiserver"]);
        command.arg("./cmd/sample-apiserver").current_dir(&self.folder);
        if let Some(cache) = &self.cache {
            command.env("GOCACHE", cache);
        }
        timed(&mut command)
    }

    fn add_line(&self, number: usize) {
        let line = "\tctx := genericapiserver.SetupSignalContext()\n";
        let added = format!("{line}\tprintln(\"added while measuring: {number}\")\n");
        replace(&self.folder.join("cmd/sample-apiserver/main.go"), line, &added);
    }
}

/// A folder of this run, or one that quick runs share, so that only the first builds everything.
fn kept(root: &TempDir, plan: Plan, name: &str) -> PathBuf {
    if !plan.quick {
        return root.path().join(name);
    }
    let own = std::env::current_exe().expect("this program is a file");
    own.with_file_name(name)
}

fn replace(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("reading {}: {error}", file.display()));
    assert!(text.contains(old), "{} has no line {old:?}", file.display());
    fs::write(file, text.replacen(old, new, 1))
        .unwrap_or_else(|error| panic!("writing {}: {error}", file.display()));
}

fn timed(command: &mut Command) -> Built {
    let (started, cpu) = (Instant::now(), cpu_of_children());
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("starting {command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Built { wall: started.elapsed().as_secs_f64(), cpu: cpu_of_children() - cpu }
}

/// Seconds of CPU that children which have ended used, and their children.
fn cpu_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("reading /proc/self/stat");
    // The name in the second field may hold blanks; what follows its parenthesis starts at the third.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect::<Vec<_>>();
    let ticks = |field: usize| fields.get(field - 3).and_then(|ticks| ticks.parse::<f64>().ok());
    let (user, system) = (ticks(16), ticks(17));
    (user.expect("field cutime") + system.expect("field cstime")) / TICKS_PER_SECOND
}

/// USER_HZ, the same on every Linux of today.
const TICKS_PER_SECOND: f64 = 100.0;

fn works(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}
