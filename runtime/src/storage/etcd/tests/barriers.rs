//! How long a barrier takes.

use super::member::{Answer, Member, core};
use crate::storage::Error;

/// The time of the test passes by itself.
#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_three_seconds() {
    let member = Member::start(|_, _| Answer::Nothing).await;
    let core = core(&[&member, &member, &member], |_| {});
    let begun = tokio::time::Instant::now();
    let refused = core.barrier().await.expect_err("nobody answers");
    assert!(matches!(refused, Error::Timeout { .. }), "{refused:?}");
    assert_eq!(begun.elapsed().as_secs(), 3);
    // Who comes while that read is still under way waits no longer.
    let begun = tokio::time::Instant::now();
    let refused = core.barrier().await.expect_err("nobody answers");
    assert!(matches!(refused, Error::Timeout { .. }), "{refused:?}");
    assert_eq!(begun.elapsed().as_secs(), 3);
}
