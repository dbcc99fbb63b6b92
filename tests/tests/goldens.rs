//! The projects in `goldens/` are what the command makes, byte for byte. They are read in review;
//! `SNAPSHOTS=overwrite cargo test -p aggboot-tests --test goldens` writes them anew.

use aggboot_tests::aggboot_cli::{AggbootCli, checkout, tree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

struct Golden {
    name: &'static str,
    init: &'static str,
    kinds: &'static [&'static str],
}

const GOLDENS: [Golden; 2] = [
    Golden {
        name: "minimal",
        init: "init repo --domain example.com --name minimal",
        kinds: &["--group inventory --version v1 --kind Server"],
    },
    Golden {
        name: "full",
        init: "init repo --domain example.com --name full",
        kinds: &[
            "--group inventory --version v1 --kind Server --short-name srv --category all --scale",
            "--group inventory --version v1 --kind Rack --cluster-scoped --no-status",
            "--group network --version v1beta1 --kind Policy --plural policies --singular policy \
             --short-name np --short-name netpol --category all --category network",
        ],
    },
];

/// A folder that holds the project `name`, made by the command.
fn scaffolded(cli: &AggbootCli, golden: &Golden) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    cli.succeed(folder.path(), golden.init);
    for kind in golden.kinds {
        cli.succeed(folder.path(), &create(kind));
    }
    folder
}

fn create(kind: &str) -> String {
    format!("create group version resource {kind}")
}

fn checked_in(golden: &Golden) -> PathBuf {
    checkout().join("tests/goldens").join(golden.name)
}

#[test]
fn the_command_makes_them_byte_for_byte() {
    let cli = AggbootCli::build();
    for golden in &GOLDENS {
        let made = tree(scaffolded(&cli, golden).path());
        let there = checked_in(golden);
        if std::env::var("SNAPSHOTS").is_ok_and(|wish| wish == "overwrite") {
            overwrite(&there, &made);
        }
        for (path, text) in &made {
            assert_eq!(tree(&there).get(path), Some(text), "goldens/{}/{}", golden.name, path.display());
        }
        assert_eq!(tree(&there).len(), made.len(), "goldens/{} has files that are not made", golden.name);
    }
}

fn overwrite(there: &Path, made: &std::collections::BTreeMap<PathBuf, Option<String>>) {
    if there.exists() {
        fs::remove_dir_all(there).unwrap();
    }
    for (path, text) in made {
        let path = there.join(path);
        match text {
            Some(text) => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            None => fs::create_dir_all(path).unwrap(),
        }
    }
}

#[test]
fn asked_twice_nothing_changes() {
    let cli = AggbootCli::build();
    for golden in &GOLDENS {
        let folder = scaffolded(&cli, golden);
        let before = stamped(folder.path());
        let creates = golden.kinds.iter().map(|kind| create(kind));
        for words in std::iter::once(golden.init.to_owned()).chain(creates) {
            let said = cli.succeed(folder.path(), &words).stdout;
            assert!(said.starts_with(b"Nothing to do"), "{words}: {}", String::from_utf8_lossy(&said));
        }
        assert_eq!(stamped(folder.path()), before);
    }
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let cli = AggbootCli::build();
    let golden = &GOLDENS[1];
    let folder = tempfile::tempdir().unwrap();
    let dry = cli.succeed(folder.path(), &format!("{} --dry-run", golden.init)).stdout;
    assert!(String::from_utf8(dry).unwrap().contains("+name = \"full\""));
    assert!(tree(folder.path()).is_empty());

    cli.succeed(folder.path(), golden.init);
    let before = stamped(folder.path());
    let dry = cli.succeed(folder.path(), &format!("{} --dry-run -o json", create(golden.kinds[0]))).stdout;
    assert_eq!(stamped(folder.path()), before);
    let done = cli.succeed(folder.path(), &format!("{} -o json", create(golden.kinds[0]))).stdout;
    let changes = |said: &[u8]| {
        let document: serde_json::Value = serde_json::from_slice(said).unwrap();
        let changes = document["changes"].as_array().unwrap().clone();
        changes.iter().map(|change| (change["path"].clone(), change["action"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(changes(&dry), changes(&done), "the dry run named what was done");
    assert_eq!(changes(&done).len(), 7);
}

#[test]
fn the_order_of_the_kinds_does_not_matter_to_the_code() {
    let cli = AggbootCli::build();
    let golden = &GOLDENS[1];
    let folder = tempfile::tempdir().unwrap();
    cli.succeed(folder.path(), golden.init);
    for kind in golden.kinds.iter().rev() {
        cli.succeed(folder.path(), &create(kind));
    }
    let (mut backward, mut forward) = (tree(folder.path()), tree(scaffolded(&cli, golden).path()));
    backward.remove(Path::new("aggboot.toml")).unwrap();
    forward.remove(Path::new("aggboot.toml")).unwrap();
    assert_eq!(backward, forward);
}

/// The manifest is written last, so a run that was killed is finished by running it again.
#[test]
fn what_was_cut_short_is_finished_by_asking_again() {
    let cli = AggbootCli::build();
    let golden = &GOLDENS[0];
    let folder = tempfile::tempdir().unwrap();
    cli.succeed(folder.path(), golden.init);
    let manifest = folder.path().join("aggboot.toml");
    let before = fs::read(&manifest).unwrap();
    cli.succeed(folder.path(), &create(golden.kinds[0]));
    let whole = tree(folder.path());
    fs::write(&manifest, before).unwrap();
    fs::remove_file(folder.path().join("tests/inventory_v1_server.rs")).unwrap();
    cli.succeed(folder.path(), &create(golden.kinds[0]));
    assert_eq!(tree(folder.path()), whole);
}

/// What a freshly cloned repository brings along is kept.
#[test]
fn files_that_are_there_already_are_added_to_or_kept() {
    let cli = AggbootCli::build();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    write("README.md", "# Mine\n");
    write(".gitignore", "/target\n*.swp\n");
    write("Cargo.toml", "[package]\nname = \"minimal\" # mine\n\n[dependencies]\ntokio = \"1.40\"\n");
    let said = cli.succeed(folder.path(), "init repo --domain example.com").stdout;
    assert!(String::from_utf8(said).unwrap().contains("note: README.md is there already"));
    assert_eq!(read("README.md"), "# Mine\n");
    assert!(read(".gitignore").starts_with("/target\n*.swp\n") && read(".gitignore").ends_with("\n/data\n"));
    let cargo = read("Cargo.toml");
    assert!(cargo.starts_with("[package]\nname = \"minimal\" # mine\n\n[dependencies]\ntokio = \"1.40\"\n"));
    assert!(cargo.contains("\naggboot = ") && !cargo.contains("[profile"), "{cargo}");
}

#[test]
fn rustfmt_would_not_change_them() {
    for golden in &GOLDENS {
        // Elsewhere, so that no rustfmt.toml of ours applies.
        let folder = tempfile::tempdir().unwrap();
        overwrite(folder.path(), &tree(&checked_in(golden)));
        let roots = tree(folder.path()).into_keys().filter(|path| {
            path.starts_with("tests") || ["src/main.rs", "src/lib.rs"].contains(&path.to_str().unwrap())
        });
        let roots: Vec<PathBuf> =
            roots.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect();
        assert_eq!(roots.len(), 2 + golden.kinds.len());
        let output = Command::new("rustfmt")
            .args(["--check", "--edition", "2024"])
            .args(&roots)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}: {}", golden.name, String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn each_is_a_workspace_of_its_own_even_inside_another() {
    for golden in &GOLDENS {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
            .current_dir(checked_in(golden))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(metadata["workspace_root"].as_str(), checked_in(golden).to_str());
        assert_eq!(metadata["packages"][0]["name"].as_str(), Some(golden.name));
    }
}

/// The tree with the time each path was last written.
fn stamped(root: &Path) -> Vec<(PathBuf, Option<String>, std::time::SystemTime)> {
    let time = |path: &Path| fs::metadata(root.join(path)).unwrap().modified().unwrap();
    tree(root).into_iter().map(|(path, text)| (path.clone(), text, time(&path))).collect()
}
