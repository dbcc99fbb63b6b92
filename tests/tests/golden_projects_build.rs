//! The golden projects as a user has them: they build, pass their own tests (each against a real server in its process)
//! and are clean under clippy and rustfmt. They share a folder for what is built, so that dependencies compile once.

use aggboot_tests::aggboot_cli::{RUNTIME_FROM_A_GOLDEN, checkout, tree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One test and not two, as cargo would only wait for itself.
#[test]
fn they_build_pass_their_tests_and_are_clean() {
    let mut wrong = Vec::new();
    for name in ["minimal", "full"] {
        let project = copy(name);
        for arguments in [
            &["fmt", "--check"][..],
            &["test", "--locked"],
            &["clippy", "--locked", "--all-targets", "--", "-D", "warnings"],
        ] {
            wrong.extend(cargo(&project, arguments).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The folder for what is built: beside everything else that cargo builds here.
fn built() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden-projects")
}

/// A copy that finds the runtime where it is, with the versions this repository is locked to. What is there already and
/// the same is left alone, so that cargo need not build it again.
fn copy(name: &str) -> PathBuf {
    let (from, to) = (checkout().join("tests/goldens").join(name), built().join(name));
    let runtime = checkout().join("runtime").display().to_string();
    let wanted = tree(&from);
    for (path, text) in &wanted {
        let to = to.join(path);
        match text {
            None => fs::create_dir_all(&to).expect("a folder"),
            Some(text) => {
                fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
                write_if_changed(&to, &text.replace(RUNTIME_FROM_A_GOLDEN, &runtime));
            }
        }
    }
    for path in tree(&to).into_iter().filter_map(|(path, text)| text.map(|_| path)) {
        if !wanted.contains_key(&path) {
            fs::remove_file(to.join(&path)).expect("a file of an earlier run is removed");
        }
    }
    // An empty one, so that this repository's own does not apply.
    write_if_changed(&built().join("rustfmt.toml"), "");
    lock(&to);
    to
}

/// Gives it this repository's lock file, less what it does not need.
fn lock(project: &Path) {
    let lock = fs::read_to_string(checkout().join("Cargo.lock")).expect("a lock file");
    fs::write(project.join("Cargo.lock"), lock).expect("written");
    // What other platforms need was perhaps never downloaded here.
    let said = cargo(project, &["tree", "--quiet", "--offline"]);
    said.unwrap_or_else(|why| panic!("{why}"));
}

fn write_if_changed(path: &Path, text: &str) {
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        fs::write(path, text).unwrap_or_else(|error| panic!("writing {}: {error}", path.display()));
    }
}

fn cargo(project: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(project)
        .env("CARGO_TARGET_DIR", built().join("target"))
        .env_remove("K8S_OPENAPI_ENABLED_VERSION")
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo starts");
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    Err(format!("cargo {} in {}:\n{}", arguments.join(" "), project.display(), said.concat()))
}
