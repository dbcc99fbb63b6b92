//! The same requests to Go's sample-apiserver and to ours: no difference without a reason.
#![allow(clippy::print_stdout, reason = "what differs with a reason is shown too")]

use std::path::Path;
use std::process::Command;

use aggboot_tests::control_plane::ControlPlane;
use aggboot_tests::control_plane::sample_apiserver;
use aggboot_tests::control_plane::server::{Launch, Server};
use aggboot_tests::differential::{Case, Player, play};

/// Fewer would not be a comparison.
const ENOUGH: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn ours_answers_as_gos_does() {
    let Some(plane) = ControlPlane::start().await else { return };
    let wanted = std::env::var("CASES").unwrap_or_default();
    let cases = Case::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("differential"))
        .expect("cases can be read");
    let theirs = sample_apiserver::start(&plane).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardle"));
    command.arg("--storage=memory");
    // The name is taken at the aggregator: both are dialled directly.
    let ours =
        Server::start(&plane, "ours", Launch { command, group: sample_apiserver::GROUP, versions: &[] })
            .await;
    let (mut exchanges, mut explained, mut unexplained) = (0, Vec::new(), Vec::new());
    for case in cases.iter().filter(|case| case.name.contains(&wanted)) {
        let (here, other) = (plane.namespace(&case.name).await, plane.namespace(&case.name).await);
        let version = "/apis/wardle.example.com/v1alpha1";
        let values = [
            ("ns", here.as_str()),
            ("version", version),
            ("all", &format!("{version}/flunders")),
            ("flunders", &format!("{version}/namespaces/{here}/flunders")),
            ("other", &format!("{version}/namespaces/{other}/flunders")),
        ];
        let player = |endpoint| Player::new(endpoint, plane.admin().identity(), &values);
        for outcome in play(case, &mut player(theirs.endpoint()), &mut player(ours.endpoint())).await {
            exchanges += 1;
            explained
                .extend(outcome.explained.iter().map(|difference| format!("{}: {difference}", outcome.name)));
            unexplained.extend(
                outcome.unexplained.iter().map(|difference| format!("{}: {difference}", outcome.name)),
            );
        }
    }
    println!("{exchanges} exchanges, {} explained differences:\n{}", explained.len(), explained.join("\n"));
    assert!(
        unexplained.is_empty(),
        "{} unexplained differences:\n{}",
        unexplained.len(),
        unexplained.join("\n")
    );
    assert!(!wanted.is_empty() || exchanges >= ENOUGH, "only {exchanges} exchanges");
}
