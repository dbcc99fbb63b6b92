//! Bad inputs to the command: one clear sentence, the documented exit code, and not a byte changed.

use aggboot_tests::aggboot_cli::{AggbootCli, tree};
use std::fs;
use std::path::Path;

/// What is in the folder before the command runs.
#[derive(Clone, Copy)]
enum There {
    Nothing,
    /// A project with `Server` (short name `srv`) in `inventory/v1`.
    Project,
    /// The same, with a file written over or added.
    ProjectWith(&'static str, &'static str),
    /// The same, without a file.
    ProjectWithout(&'static str),
    /// Only this file.
    File(&'static str, &'static str),
}

use There::{File, Nothing, Project, ProjectWith, ProjectWithout};

const KIND: &str = "create group version resource --group inventory --version v1";

/// What is there, what is typed, the exit code, and a part of the sentence.
const REFUSALS: &[(There, &str, i32, &str)] = &[
    // The command line.
    (Nothing, "init repo", 2, "--domain <DOMAIN>"),
    (Nothing, "init repo --domain example.com --force", 2, "'--force'"),
    (Project, "create group version resource --group inventory --version v1", 2, "--kind <KIND>"),
    (Nothing, "completion cmd", 2, "invalid value 'cmd'"),
    (Project, "run local --port 70000", 2, "70000"),
    // A new project.
    (Nothing, "init repo --name fleet --domain Example_Inc", 3, "try --domain example-inc"),
    (Nothing, "init repo --name fleet --domain -", 3, "try --domain example.com"),
    (Nothing, "init repo --domain example.com --name Fleet_One", 3, "try --name fleet-one"),
    (Nothing, "init repo --domain example.com --name type", 3, "Rust keyword"),
    (Nothing, "init repo --domain example.com --name tokio", 3, "try --name tokio-server"),
    (File("there", ""), "init repo --domain example.com --dir there/fleet", 3, "is a file"),
    (Nothing, "init repo --domain example.com --dir /proc/fleet", 1, "failed to create folder /proc/fleet"),
    (
        File("src/main.rs", "fn main() {}"),
        "init repo --domain example.com --name fleet",
        4,
        "src/main.rs: it is there already",
    ),
    (File("Cargo.toml", "[package"), "init repo --domain example.com", 4, "Cargo.toml: line 1"),
    (
        File("Cargo.toml", "[package]\nname = \"ship\"\n"),
        "init repo --domain example.com --name fleet",
        3,
        "try --name ship",
    ),
    (Project, "init repo --domain example.org", 3, "try --domain example.com"),
    // Where there is no project.
    (
        Nothing,
        "create group version resource --group inventory --version v1 --kind Rack",
        4,
        "no aggboot.toml",
    ),
    (Nothing, "run local", 4, "aggboot init repo"),
    // Names.
    (
        Project,
        "create group version resource --group Inventory --version v1 --kind Rack",
        3,
        "try --group inventory",
    ),
    (
        Project,
        "create group version resource --group a.example.com --version v1 --kind Rack",
        3,
        "try --group a",
    ),
    (
        Project,
        "create group version resource --group inventory --version 1 --kind Rack",
        3,
        "try --version v1",
    ),
    (
        Project,
        "create group version resource --group inventory --version v1beta --kind Rack",
        3,
        "try --version v1beta1",
    ),
    (Project, "{KIND} --kind rack", 3, "try --kind Rack"),
    (Project, "{KIND} --kind Self", 3, "taken by Rust"),
    (Project, "{KIND} --kind Option", 3, "try --kind OptionItem"),
    (Project, "{KIND} --kind App", 3, "taken by aggboot"),
    (Project, "{KIND} --kind DeleteOptions", 3, "taken by Kubernetes"),
    (Project, "{KIND} --kind Rack --plural Racks", 3, "try --plural racks"),
    (Project, "{KIND} --kind Rack --singular 1rack", 3, "try --singular rack"),
    (Project, "{KIND} --kind Rack --short-name R", 3, "try --short-name r"),
    (Project, "{KIND} --kind Rack --short-name r --short-name r", 3, "given twice"),
    (Project, "{KIND} --kind Rack --category All", 3, "try --category all"),
    (Project, "{KIND} --kind KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK", 3, "--plural"),
    (Project, "{KIND} --kind Rack --scale --no-status", 3, "drop one"),
    // Beside what is there.
    (Project, "{KIND} --kind Server", 3, "edit src/apis/inventory/v1/server.rs"),
    (Project, "{KIND} --kind Host --plural servers", 3, "leads to Server"),
    (Project, "{KIND} --kind Host --short-name srv", 3, "leads to Server"),
    (Project, "{KIND} --kind ServerStatus", 3, "a type of both"),
    (
        Project,
        "create group version resource --group network --version v1 --kind Host --short-name srv",
        3,
        "short name",
    ),
    (Project, "create group version resource --group inventory --version v2 --kind Server", 3, "conversions"),
    // Edited by hand.
    (
        ProjectWith("src/apis/mod.rs", "pub fn all( {"),
        "{KIND} --kind Rack",
        4,
        "src/apis/mod.rs: it was edited by hand",
    ),
    (ProjectWith("src/apis/inventory/v1/mod.rs", "pub mod"), "{KIND} --kind Rack", 4, "undo the edit"),
    (ProjectWith("aggboot.toml", "templates = 1\n[project"), "{KIND} --kind Rack", 4, "aggboot.toml: line 2"),
    (
        ProjectWith("aggboot.toml", "templates = 9\n[project]\nname = \"a\"\ndomain = \"b\""),
        "{KIND} --kind Rack",
        4,
        "templates 9",
    ),
    (
        ProjectWith("aggboot.toml", "templates = 1\n[project]\nname = \"a\"\ndomain = \"B\""),
        "run local",
        4,
        "domain \"B\"",
    ),
    (ProjectWith("Cargo.toml", "[package]\nname = fleet\n"), "{KIND} --kind Rack", 4, "Cargo.toml: line 2"),
    (
        ProjectWith("src/apis/inventory/v1/rack.rs", "// mine"),
        "{KIND} --kind Rack",
        4,
        "rack.rs: it is there already",
    ),
    (
        ProjectWith("config/samples/inventory_v1_rack.yaml/mine", ""),
        "{KIND} --kind Rack",
        1,
        "failed to read",
    ),
    (
        ProjectWith("src/apis/network", ""),
        "create group version resource --group network --version v1 --kind Rack",
        1,
        "failed to",
    ),
    (ProjectWithout("Cargo.toml"), "{KIND} --kind Rack", 4, "Cargo.toml: it is missing"),
];

#[test]
fn every_refusal_is_one_sentence_and_changes_nothing() {
    let cli = AggbootCli::build();
    let project = tempfile::tempdir().unwrap();
    cli.succeed(project.path(), "init repo --domain example.com --name fleet");
    cli.succeed(project.path(), &format!("{KIND} --kind Server --short-name srv"));
    for (there, words, code, part) in REFUSALS {
        let words = words.replace("{KIND}", KIND);
        let folder = tempfile::tempdir().unwrap();
        prepare(*there, project.path(), folder.path());
        let before = tree(folder.path());
        cli.refuses(folder.path(), &words, *code, part);
        assert_eq!(tree(folder.path()), before, "aggboot {words}");
    }
}

fn prepare(there: There, project: &Path, folder: &Path) {
    match there {
        Nothing => {}
        Project => copy(project, folder),
        ProjectWith(path, text) => {
            copy(project, folder);
            write(&folder.join(path), text);
        }
        ProjectWithout(path) => {
            copy(project, folder);
            fs::remove_file(folder.join(path)).unwrap();
        }
        File(path, text) => write(&folder.join(path), text),
    }
}

fn copy(from: &Path, to: &Path) {
    for (path, text) in tree(from) {
        match text {
            Some(text) => write(&to.join(path), &text),
            None => fs::create_dir_all(to.join(path)).unwrap(),
        }
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
