//! Barriers: how far a watch has come, without an event to tell it.

use super::super::Start;
use super::Subject;
use super::steps::{batch, check_batch, now, put, until, watch};
use super::watches::churn;

pub(super) async fn a_barrier_moves_an_idle_watch(subject: Subject) {
    let store = subject.open().await;
    let mut idle = watch(&store, "g/idle/", Start::Now).await;
    batch(&mut idle).await;
    for round in 0..10 {
        let written = put(&store, "g/busy/a", &round.to_string()).await;
        let barrier = store.barrier().await.expect("a revision");
        assert!(barrier >= written, "a barrier at {barrier} after {written}");
        assert_eq!(until(&mut idle, barrier).await, []);
    }
}

pub(super) async fn a_barrier_comes_after_the_events(subject: Subject) {
    let store = subject.open().await;
    let start = now(&store).await;
    let mut events = watch(&store, "g/r/", Start::After(start)).await;
    let others: Vec<_> = (1..4).map(|writer| tokio::spawn(churn(store.clone(), writer, 30))).collect();
    let mut through = None;
    for round in 0..30 {
        let written = put(&store, "g/r/mine", &round.to_string()).await;
        let barrier = store.barrier().await.expect("a revision");
        assert!(barrier >= written, "a barrier at {barrier} after {written}");
        let mut seen = false;
        while through < Some(barrier) {
            let next = batch(&mut events).await;
            check_batch(&next, through);
            through = Some(next.through);
            seen |= next.events.iter().any(|event| event.revision == written);
        }
        assert!(seen, "the watch passed {barrier} without the write at {written}");
    }
    for other in others {
        other.await.expect("all written");
    }
}
