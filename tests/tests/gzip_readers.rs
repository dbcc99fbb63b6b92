//! Compressed lists, read by those who will read them: Python's gzip and zlib, and Go's compress/gzip.

use std::path::Path;
use std::process::Command;

use aggboot_tests::control_plane::binary::say;
use aggboot_tests::http::Answer;
use aggboot_tests::local_server::LocalServer;
use aggboot_tests::ours::widget;
use http::{Method, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};

const PROGRAM: &str = env!("CARGO_BIN_EXE_widgets");
const WIDGETS: &str = "/apis/custom.example.com/v1/namespaces/default/widgets";
const OBJECTS: u32 = 1000;

/// What one reader found: the digest of what was compressed, and what it would have made of it where it says so.
struct Read {
    reader: &'static str,
    digest: String,
    own: Option<usize>,
}

#[tokio::test]
async fn one_member_whoever_reads_it_and_not_larger_than_gos() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let server = LocalServer::start(PROGRAM, directory.path()).await;
    for number in 0..OBJECTS {
        let mut object = widget(
            &format!("widget-{number:04}"),
            &json!({"replicas": 2, "image": "example:1", "color": "red"}),
        );
        object["metadata"]["annotations"] = json!({"example.com/about": about(number)});
        let made = server.call(Method::POST, WIDGETS).json(&object).send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    }
    let plain = list(&server, "identity").await;
    let digest = hex(&Sha256::digest(&plain.body));
    // Compressed as it goes, then with blocks that are being made, then with blocks that are there.
    for round in 1..=3 {
        let answer = list(&server, "gzip").await;
        assert_eq!(answer.headers["content-encoding"], "gzip");
        assert_eq!(answer.headers["vary"], "Accept-Encoding");
        let file = directory.path().join("list.gz");
        std::fs::write(&file, &answer.body).expect("written");
        for read in readers(&file) {
            assert_eq!(read.digest, digest, "{} in round {round}", read.reader);
            if let Some(own) = read.own {
                let ours = answer.body.len();
                assert!(ours <= own, "{ours} bytes in round {round}, of {} {own}", read.reader);
            }
        }
    }
}

/// Words in an order of their own: as much as objects differ.
fn about(number: u32) -> String {
    const WORDS: [&str; 16] = [
        "node", "ready", "zone", "rack", "since", "owner", "blue", "green", "scaled", "paused", "failed",
        "retry", "quota", "limit", "pool", "image",
    ];
    let digest = Sha256::digest(number.to_le_bytes());
    digest.iter().map(|byte| WORDS[usize::from(byte % 16)]).collect::<Vec<_>>().join(" ")
}

async fn list(server: &LocalServer, encoding: &str) -> Answer {
    let answer = server.call(Method::GET, WIDGETS).header("accept-encoding", encoding).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer
}

/// Those that this machine has; all of them where `CI` is set.
fn readers(file: &Path) -> Vec<Read> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("readers");
    let mut found = Vec::new();
    let mut python = Command::new("python3");
    python.arg(scripts.join("read.py")).arg(file);
    found.extend(read("Python", python));
    let mut go = Command::new("go");
    go.arg("run").arg(scripts.join("read.go")).arg(file).env("GOFLAGS", "").env("GO111MODULE", "off");
    found.extend(read("Go", go));
    found
}

fn read(reader: &'static str, mut command: Command) -> Option<Read> {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if std::env::var_os("CI").is_none() => {
            say(&format!("compressed lists are not read by {reader}: {error}"));
            return None;
        }
        Err(error) => panic!("{reader} is needed where CI is set: {error}"),
    };
    assert!(output.status.success(), "{reader}: {}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("text");
    let mut words = said.split_whitespace();
    let digest = words.next().unwrap_or_default().to_owned();
    Some(Read { reader, digest, own: words.next().and_then(|word| word.parse().ok()) })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
