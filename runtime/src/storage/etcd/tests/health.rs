//! How the health of etcd comes back.

use std::sync::Arc;
use std::time::Duration;

use super::member::{Answer, Member, core};
use crate::storage::Health;
use crate::storage::etcd::proto::{
    RangeResponse, Response, ResponseHeader, ResponseOp, StatusResponse, TxnResponse,
};

/// Longer than all that is waited for; the time of the test passes by itself.
const LONG: Duration = Duration::from_secs(600);

fn answer(what: &str) -> Answer {
    let header = Some(ResponseHeader { cluster_id: 1, member_id: 1, revision: 9 });
    let base = ResponseOp { response: Some(Response::Range(RangeResponse::default())) };
    match what {
        "Txn" => Answer::of(&TxnResponse { header, succeeded: true, responses: vec![base] }),
        "Status" => Answer::of(&StatusResponse { header, ..StatusResponse::default() }),
        _ => Answer::Nothing,
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_member_is_left_although_nobody_else_asks() {
    let silent = Member::start(|_, _| Answer::Nothing).await;
    let other = Member::start(|what, _| answer(what)).await;
    let core = core(&[&silent, &other], |_| {});
    let mut health = core.health.subscribe();
    // Less than a call may take.
    let watching = tokio::spawn(Arc::clone(&core).watch_health(Duration::from_secs(1)));
    let comes_back = async {
        health.wait_for(|health| matches!(health, Health::Down(_))).await.map(drop)?;
        health.wait_for(|health| *health == Health::Ready).await.map(drop)
    };
    tokio::time::timeout(LONG, comes_back).await.expect("it is left").expect("it is told");
    watching.abort();
}
