//! Connections that wake themselves, that others wake, and requests that stay or leave.

use futures::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::oneshot;

use super::*;

fn peer() -> Peer {
    Peer::new(([127, 0, 0, 1], 1).into(), Vec::new())
}

fn turns(peer: &Peer) -> (Turns<'_, DuplexStream>, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    (Turns::new(Gathered::new(ours), peer, Begun::default()), theirs)
}

/// Ready when it was polled so often, each time having woken itself.
fn rounds(mut left: usize) -> impl Future<Output = usize> {
    poll_fn(move |cx| {
        cx.waker().wake_by_ref();
        left = left.saturating_sub(1);
        if left == 0 { Poll::Ready(7) } else { Poll::Pending }
    })
}

#[tokio::test]
async fn who_wakes_itself_goes_on_in_the_same_turn_but_not_for_ever() {
    let peer = peer();
    let (mut turns, _theirs) = turns(&peer);
    let mut connection = Box::pin(rounds(ROUNDS));
    assert_eq!(turns.run(connection.as_mut()).now_or_never(), Some(7));
    let mut connection = Box::pin(rounds(2 * ROUNDS + 1));
    assert_eq!(turns.run(connection.as_mut()).now_or_never(), None);
    assert_eq!(turns.run(connection.as_mut()).now_or_never(), None);
    assert_eq!(turns.run(connection.as_mut()).now_or_never(), Some(7));
    let mut connection = Box::pin(rounds(20 * ROUNDS));
    assert_eq!(turns.run(connection.as_mut()).await, 7);
}

#[tokio::test]
async fn who_is_woken_by_another_thread_has_another_turn() {
    let peer = peer();
    let (mut turns, _theirs) = turns(&peer);
    for number in 0..200 {
        let (tell, told) = oneshot::channel();
        let other = std::thread::spawn(move || tell.send(number));
        let mut connection = Box::pin(told.map(|answer| answer.expect("told")));
        assert_eq!(turns.run(connection.as_mut()).await, number);
        other.join().expect("no panic").expect("heard");
    }
}

#[tokio::test]
async fn requests_run_beside_their_connection_and_one_that_panics_ends_alone() {
    let peer = peer();
    let (mut turns, _theirs) = turns(&peer);
    let begun = turns.begun.clone();
    let (first, heard) = oneshot::channel();
    let (second, mut answered) = oneshot::channel();
    begun.execute(async move { second.send(heard.await.expect("told")).expect("heard") });
    begun.execute(async { panic!("broken") });
    begun.execute(async move { first.send(7).expect("heard") });
    let mut connection = Box::pin(poll_fn(|cx| answered.poll_unpin(cx)));
    assert_eq!(turns.run(connection.as_mut()).await, Ok(7));
    assert!(turns.requests.is_empty());
}

#[tokio::test]
async fn who_steps_aside_goes_on_without_its_connection() {
    let peer = Arc::new(peer());
    let aside = Arc::clone(&peer);
    let (mut turns, _theirs) = turns(&peer);
    let (tell, told) = oneshot::channel();
    turns.begun.execute(async move {
        aside.aside().step().await;
        tell.send(7).expect("heard");
    });
    let mut connection = Box::pin(std::future::pending::<()>());
    assert_eq!(turns.run(connection.as_mut()).now_or_never(), None);
    assert!(turns.requests.is_empty());
    assert_eq!(told.await, Ok(7));
}

#[tokio::test]
async fn who_has_left_takes_nobody_along() {
    let peer = Arc::new(peer());
    let aside = Arc::clone(&peer);
    let (mut turns, _theirs) = turns(&peer);
    let (tell, told) = oneshot::channel();
    turns.begun.execute(std::future::pending());
    turns.begun.execute(async move {
        let aside = aside.aside();
        aside.step().await;
        aside.step().await;
        tell.send(7).expect("heard");
    });
    let mut connection = Box::pin(std::future::pending::<()>());
    assert_eq!(turns.run(connection.as_mut()).now_or_never(), None);
    assert_eq!(told.await, Ok(7));
    assert_eq!(turns.run(connection.as_mut()).now_or_never(), None);
    assert_eq!(turns.requests.len(), 1);
}

#[tokio::test]
async fn what_requests_say_is_sent_behind_the_turn() {
    let peer = peer();
    let (ours, mut theirs) = tokio::io::duplex(1 << 20);
    let stream = Gathered::new(ours);
    let mut turns = Turns::new(stream.clone(), &peer, Begun::default());
    for answer in [1, 2, 3] {
        let mut stream = stream.clone();
        turns.begun.execute(async move {
            stream.write_all(&[answer; 100]).await.expect("gathered");
            stream.flush().await.expect("put off");
        });
    }
    let mut connection = Box::pin(std::future::pending::<()>());
    assert_eq!(turns.run(connection.as_mut()).now_or_never(), None);
    let mut read = [0; 300];
    theirs.read_exact(&mut read).await.expect("sent");
    assert_eq!(read.iter().map(|byte| u32::from(*byte)).sum::<u32>(), 600);
}

#[tokio::test]
async fn what_was_begun_last_goes_with_the_connection() {
    let peer = peer();
    let (mut turns, _theirs) = turns(&peer);
    let held = Arc::new(());
    let begun = turns.begun.clone();
    let mut connection = Box::pin(async {
        // As a stream of hyper does, the request knows where requests are left.
        let (held, known) = (Arc::clone(&held), begun.clone());
        begun.execute(async move { drop((held, known)) });
    });
    turns.run(connection.as_mut()).await;
    drop(connection);
    drop((turns, begun));
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test]
async fn of_many_requests_at_once_some_run_beside_each_other() {
    let peer = peer();
    let (mut turns, _theirs) = turns(&peer);
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..3 * FEW {
        let tell = tell.clone();
        turns.begun.execute(async move { tell.send(number).expect("heard") });
    }
    let mut connection = Box::pin(std::future::pending::<()>());
    assert_eq!(turns.run(connection.as_mut()).now_or_never(), None);
    let mut here = 0;
    while told.try_recv().is_ok() {
        here += 1;
    }
    assert_eq!(here, FEW, "the others have tasks, which have not run yet");
    for _ in FEW..3 * FEW {
        told.recv().await.expect("answered");
    }
}
