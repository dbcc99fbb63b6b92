//! The `aggboot` command as users run it: built from this checkout, started in a folder, judged by what it leaves behind.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where a golden project, three folders below the checkout, finds the runtime.
pub const RUNTIME_FROM_A_GOLDEN: &str = "../../../runtime";

/// The built command.
pub struct AggbootCli(PathBuf);

impl AggbootCli {
    /// Builds it, or finds it built.
    pub fn build() -> Self {
        let output = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "aggboot-cli", "--message-format", "json"])
            .current_dir(checkout())
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "aggboot-cli does not build");
        let messages = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
        let executable = messages.lines().find_map(|line| {
            let message: Value = serde_json::from_str(line).expect("cargo writes JSON");
            message["executable"]
                .as_str()
                .filter(|_| message["target"]["name"] == "aggboot")
                .map(PathBuf::from)
        });
        Self(executable.expect("cargo names the executable"))
    }

    /// Runs it in `folder`, with no standard input at all.
    pub fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        Command::new("sh")
            .args(["-c", "exec \"$@\" <&-", "sh"])
            .arg(&self.0)
            .args(arguments)
            .current_dir(folder)
            .env("AGGBOOT_PATH", RUNTIME_FROM_A_GOLDEN)
            .output()
            .expect("sh starts")
    }

    /// A command line of it, to be completed.
    pub fn command(&self) -> Command {
        Command::new(&self.0)
    }

    /// Runs it, and insists that it succeeds. The words are separated by blanks.
    pub fn succeed(&self, folder: &Path, words: &str) -> Output {
        let output = self.run(folder, &words.split_whitespace().collect::<Vec<_>>());
        assert!(output.status.success(), "aggboot {words}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// What it says to machines when it succeeds.
    pub fn document(&self, folder: &Path, words: &str) -> Value {
        let output = self.succeed(folder, &format!("{words} -o json"));
        serde_json::from_slice(&output.stdout).expect("one JSON document")
    }

    /// Insists that it refuses, in words and for machines: the same code, and one sentence with `part` in it.
    pub fn refuses(&self, folder: &Path, words: &str, code: i32, part: &str) {
        let mut arguments: Vec<&str> = words.split_whitespace().collect();
        let output = self.run(folder, &arguments);
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(code), "aggboot {words}: {said}");
        assert!(output.stdout.is_empty(), "aggboot {words} writes a mistake to its standard output");
        assert!(said.starts_with("error: ") && said.contains(part), "aggboot {words}: {said}");
        // clap adds the usage to what it says of the command line itself.
        assert!(said.lines().count() == 1 || code == 2, "aggboot {words}: {said}");

        arguments.extend(["-o", "json"]);
        let output = self.run(folder, &arguments);
        assert_eq!(output.status.code(), Some(code), "aggboot {words} -o json");
        let document: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
        assert_eq!(document["error"]["code"].as_i64(), Some(i64::from(code)), "aggboot {words}");
        let message = document["error"]["message"].as_str().expect("a message");
        assert!(message.contains(part), "aggboot {words} -o json: {message}");
    }
}

/// The folder of this repository.
pub fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the checkout")
}

/// Every path below `root` and what it holds: folders hold nothing. What building leaves behind is not looked at.
pub fn tree(root: &Path) -> BTreeMap<PathBuf, Option<String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root).expect("below the root").to_owned();
            if ["target", "Cargo.lock", "data"].map(Path::new).contains(&name.as_path()) {
                continue;
            }
            let text = path.is_file().then(|| fs::read_to_string(&path).expect("a text file"));
            if text.is_none() {
                folders.push(path);
            }
            found.insert(name, text);
        }
    }
    found
}
