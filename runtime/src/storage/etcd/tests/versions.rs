//! Members of several versions.

use super::member::{Answer, Member, core};
use crate::storage::etcd::failure::Failure;
use crate::storage::etcd::proto::{StatusResponse, WatchCreateRequest};

async fn member(version: &'static str) -> Member {
    Member::start(move |what, _| match what {
        "Status" => Answer::of(&StatusResponse { version: version.into(), ..StatusResponse::default() }),
        "Watch" => Answer::Silence,
        _ => Answer::Nothing,
    })
    .await
}

#[tokio::test]
async fn only_members_that_are_new_enough_are_watched() {
    let (old, new) = (member("3.5.9").await, member("3.5.21").await);
    let core = core(&[&old, &new], |_| {});
    let watch = || core.client.watch([WatchCreateRequest::default()]);
    let Err(Failure::Elsewhere(why)) = watch().await else { panic!("the first member is too old") };
    for word in ["3.5.9", "3.5.13", &old.url()] {
        assert!(why.contains(word), "{why}");
    }
    let streams = (watch().await.expect("the other is not"), watch().await.expect("the other is not"));
    drop(streams);
    assert_eq!((old.asked("Status"), old.asked("Watch")), (1, 0));
    assert_eq!((new.asked("Status"), new.asked("Watch")), (1, 2), "asked once");
}
