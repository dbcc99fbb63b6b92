//! One etcd process: started, killed, stopped for a while, started again on the same data.

use crate::control_plane::ports::free_address;
use crate::control_plane::process::Component;
use crate::wait::wait_for;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::net::TcpStream;

/// A member and where its clients find it.
#[derive(Debug)]
pub struct Member {
    name: String,
    component: Component,
    command: Command,
    client: SocketAddr,
    logs: PathBuf,
}

/// What a member says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its id.
    pub member: u64,
    /// Whom it takes for the leader, 0 for nobody.
    pub leader: u64,
}

impl Member {
    /// Starts a member of this name.
    pub(super) fn spawn(
        name: &str,
        program: &Command,
        scheme: &str,
        flags: impl IntoIterator<Item = String>,
        directory: &Path,
    ) -> Self {
        let client = free_address();
        let mut command = Command::new(program.get_program());
        command.args([
            format!("--name={name}"),
            format!("--data-dir={}", directory.join(format!("{name}-data")).display()),
            format!("--listen-client-urls={scheme}://{client}"),
            format!("--advertise-client-urls={scheme}://{client}"),
            "--log-level=warn".to_owned(),
        ]);
        command.args(flags);
        let component = Component::spawn(name, &command, directory);
        Self { name: name.to_owned(), component, command, client, logs: directory.to_owned() }
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.client)
    }

    /// The address of that.
    pub fn address(&self) -> SocketAddr {
        self.client
    }

    /// Its process.
    pub fn component(&mut self) -> &mut Component {
        &mut self.component
    }

    /// Ends it as a crash does.
    pub fn kill(&mut self) {
        self.component.kill();
    }

    /// Starts it again once it has ended.
    pub fn spawn_again(&mut self) {
        self.component = Component::spawn(&self.name, &self.command, &self.logs);
    }

    /// Starts it again and waits until it leads or follows a leader.
    pub async fn start_again(&mut self) {
        self.spawn_again();
        self.wait_until_served().await;
    }

    /// Waits until it leads or follows a leader.
    pub async fn wait_until_served(&mut self) {
        wait_for(&format!("{} to have a leader", self.name), async || {
            self.component.assert_running();
            match status(self.client).await {
                Ok(status) if status.leader != 0 => Ok(()),
                Ok(_) => Err("it has no leader".to_owned()),
                Err(why) => Err(why),
            }
        })
        .await;
    }

    /// Writes a value past everybody.
    pub async fn put(&self, key: &str, value: &[u8]) {
        let body = serde_json::json!({"key": base64(key.as_bytes()), "value": base64(value)}).to_string();
        let answer = post(self.client, "/v3/kv/put", &body).await;
        let answer = answer.unwrap_or_else(|why| panic!("putting {key}: {why}"));
        assert!(answer["header"]["revision"].is_string(), "putting {key}: {answer}");
    }

    /// What it says of itself, or why it says nothing.
    pub async fn status(&self) -> Result<Status, String> {
        status(self.client).await
    }
}

async fn status(client: SocketAddr) -> Result<Status, String> {
    let answer = post(client, "/v3/maintenance/status", "{}");
    let answer = tokio::time::timeout(std::time::Duration::from_secs(2), answer).await;
    let answer = answer.map_err(|_| "no answer".to_owned())??;
    let number = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    let member = number(&answer["header"]["member_id"]).ok_or_else(|| format!("no id in {answer}"))?;
    Ok(Status { member, leader: number(&answer["leader"]).unwrap_or(0) })
}

/// As etcd's gateway wants bytes.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let number =
            part.iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for place in 0..4 {
            let letter = LETTERS[(number >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= part.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// A call of etcd's JSON gateway.
async fn post(client: SocketAddr, path: &str, body: &str) -> Result<Value, String> {
    let tcp = TcpStream::connect(client).await.map_err(|error| error.to_string())?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let request = http::Request::post(path)
        .header(http::header::HOST, client.to_string())
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
    serde_json::from_slice(&body).map_err(|_| String::from_utf8_lossy(&body).into_owned())
}
