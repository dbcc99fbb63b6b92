//! Leases that end, and what they held.

use futures::{FutureExt, StreamExt, future, stream};
use tokio::task::JoinSet;

use super::*;

/// Says who has it: the answer, or what remains of it.
struct Seat(Arc<()>);

impl Held for Seat {
    fn revoked(self: Box<Self>) -> Box<dyn Send> {
        drop(self.0);
        Box::new(())
    }
}

async fn next(lease: &Lease) -> Option<Result<Bytes, Revoked>> {
    future::poll_fn(|cx| lease.poll_next(cx)).await
}

/// A server's leases with its reaper at work; a lease; and what is alive as long as it holds anything.
fn granted(seconds: u64, pieces: Pieces) -> (Arc<Leases>, Lease, Arc<()>) {
    let (leases, alive) = (Arc::new(Leases::default()), Arc::new(()));
    let reaper = Arc::clone(&leases);
    tokio::spawn(async move { reaper.reap().await });
    let kept = Arc::clone(&alive);
    let pieces = pieces.inspect(move |_| assert!(Arc::strong_count(&kept) > 1));
    let until = Instant::now() + Duration::from_secs(seconds);
    let lease = leases.grant(
        Term { until: Some(until), pinned: None },
        Box::pin(pieces),
        Box::new(Seat(Arc::clone(&alive))),
    );
    (leases, lease, alive)
}

fn endless() -> Pieces {
    Box::pin(stream::once(future::ready(Bytes::from_static(b"a"))).chain(stream::pending()))
}

#[tokio::test(start_paused = true)]
async fn what_is_never_asked_for_is_freed_at_the_deadline() {
    let (leases, lease, alive) = granted(60, endless());
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(Arc::strong_count(&alive), 3, "the pieces and the seat");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(Arc::strong_count(&alive), 1, "nothing is held any more");
    assert!(leases.lock().by_end.is_empty());
    assert_eq!(next(&lease).await, Some(Err(Revoked)));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_piece_is_woken_at_the_deadline() {
    let (_leases, lease, _) = granted(60, endless());
    assert_eq!(next(&lease).await, Some(Ok(Bytes::from_static(b"a"))));
    let begun = Instant::now();
    assert_eq!(next(&lease).await, Some(Err(Revoked)));
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_or_is_dropped_holds_nothing() {
    let once = || Box::pin(stream::once(future::ready(Bytes::from_static(b"a"))));
    let (leases, lease, alive) = granted(60, once());
    assert_eq!(next(&lease).await, Some(Ok(Bytes::from_static(b"a"))));
    assert_eq!(next(&lease).await, None);
    assert_eq!(Arc::strong_count(&alive), 1);
    assert_eq!(next(&lease).await, None);
    drop(lease);
    assert!(leases.lock().by_end.is_empty());
    let (leases, lease, alive) = granted(60, endless());
    drop(lease);
    assert_eq!((Arc::strong_count(&alive), leases.lock().by_end.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ends_sooner_is_not_kept_waiting() {
    let (leases, _late, _) = granted(60, endless());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let alive = Arc::new(());
    let until = Instant::now() + Duration::from_secs(1);
    let lease = leases.grant(
        Term { until: Some(until), pinned: None },
        endless(),
        Box::new(Seat(Arc::clone(&alive))),
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(Arc::strong_count(&alive), 1);
    assert_eq!(next(&lease).now_or_never(), Some(Some(Err(Revoked))));
}

#[tokio::test(start_paused = true)]
async fn what_pins_much_must_be_taken_steadily_until_it_pins_no_more() {
    let (leases, mut reaper) = (Arc::new(Leases::default()), JoinSet::new());
    let reaped = Arc::clone(&leases);
    reaper.spawn(async move { reaped.reap().await });
    for released in [false, true] {
        let (alive, pinned) = (Arc::new(()), Pinned::new());
        let until = Some(Instant::now() + Duration::from_secs(3600));
        let term = Term { until, pinned: Some(pinned.clone()) };
        let pieces = Box::pin(stream::repeat(Bytes::from_static(b"a")));
        let lease = leases.grant(term, pieces, Box::new(Seat(Arc::clone(&alive))));
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(50)).await;
            assert_eq!(next(&lease).await, Some(Ok(Bytes::from_static(b"a"))));
        }
        if released {
            pinned.release();
        }
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(Arc::strong_count(&alive), 2);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(Arc::strong_count(&alive), if released { 2 } else { 1 });
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(next(&lease).await, Some(Err(Revoked)));
        assert_eq!(Arc::strong_count(&alive), 1);
    }
    let queue = leases.lock();
    assert_eq!((queue.by_end.len(), queue.looks.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_has_no_deadline_lasts() {
    let (leases, alive) = (Arc::new(Leases::default()), Arc::new(()));
    let lease = leases.grant(Term::default(), endless(), Box::new(Seat(Arc::clone(&alive))));
    assert!(leases.lock().by_end.is_empty());
    assert_eq!(next(&lease).await, Some(Ok(Bytes::from_static(b"a"))));
    assert_eq!(next(&lease).now_or_never(), None);
    assert_eq!(Arc::strong_count(&alive), 2);
}
