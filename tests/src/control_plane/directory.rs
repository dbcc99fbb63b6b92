//! The directory of one run: certificates, kubeconfigs, data and logs. It goes when the run ends,
//! however it ends; after a failure the logs stay.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The file whose presence keeps a directory.
const FAILED: &str = "failed";

/// Cleans up after the end of its standard input. The programs of the run end on the same event,
/// so what they still write is removed with the rest.
const JANITOR: &str = r#"cat >/dev/null; cd / || exit; sleep 1
rm -rf "$1/etcd-data"; [ -e "$1/failed" ] || rm -rf "$1""#;

/// A directory that lives as long as this value, or longer if the test failed.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Holding its standard input is what keeps the directory; it is never waited for.
    _janitor: Child,
}

impl RunDirectory {
    /// A new one among the temporary files.
    pub fn new(prefix: &str) -> Self {
        let made = tempfile::Builder::new().prefix(prefix).tempdir();
        let path = made.unwrap_or_else(|error| panic!("making a directory for {prefix}: {error}")).keep();
        let janitor = Command::new("sh")
            .args(["-c", JANITOR, "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("starting sh: {error}"));
        Self { path, _janitor: janitor }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file into it and says where that is.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::write(&path, content).unwrap_or_else(|error| panic!("writing {}: {error}", path.display()));
        path
    }

    /// Makes a directory in it.
    pub fn create_dir(&self, name: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::create_dir_all(&path).unwrap_or_else(|error| panic!("making {}: {error}", path.display()));
        path
    }

    /// Keeps it after the end, and says where it is, if the test is failing right now.
    pub fn keep_if_failing(&self) {
        if std::thread::panicking() && fs::write(self.path.join(FAILED), "").is_ok() {
            // Straight to the stream: the test harness shows it beside what the test printed.
            let _ = writeln!(std::io::stderr(), "logs of the control plane: {}", self.path.display());
        }
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        self.keep_if_failing();
    }
}
