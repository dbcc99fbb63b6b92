//! A call that is carried out to its end although nobody waits for it any more: on the caller's task for as long as it
//! waits, on one of its own after that.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use tokio::runtime::Handle;

/// Goes on when it is dropped, if it was ever begun and its runtime is still there.
pub(super) struct Carried<T: Send + 'static> {
    call: Option<BoxFuture<'static, T>>,
    begun: bool,
}

impl<T: Send + 'static> Carried<T> {
    pub(super) fn new(call: impl Future<Output = T> + Send + 'static) -> Self {
        Self { call: Some(Box::pin(call)), begun: false }
    }
}

impl<T: Send + 'static> Future for Carried<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.begun = true;
        let Some(call) = &mut self.call else { return Poll::Pending };
        let answer = ready!(call.as_mut().poll(context));
        self.call = None;
        Poll::Ready(answer)
    }
}

impl<T: Send + 'static> Drop for Carried<T> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take().filter(|_| self.begun)
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::sync::oneshot;

    use super::*;

    /// A call that asks to go on, goes on when it is let, and says so.
    fn call() -> (Carried<u8>, oneshot::Sender<()>, oneshot::Receiver<()>) {
        let ((go, gone), (say, said)) = (oneshot::channel(), oneshot::channel());
        let call = Carried::new(async move {
            gone.await.expect("it is let go on");
            say.send(()).expect("somebody listens");
            7
        });
        (call, go, said)
    }

    #[tokio::test]
    async fn who_waits_is_answered() {
        let (call, go, said) = call();
        go.send(()).expect("it is there");
        assert_eq!(call.await, 7);
        said.await.expect("it was carried out");
    }

    #[tokio::test]
    async fn what_was_begun_is_carried_out_when_nobody_waits() {
        let (mut call, go, said) = call();
        assert!(poll_fn(|context| Poll::Ready(Pin::new(&mut call).poll(context))).await.is_pending());
        drop(call);
        go.send(()).expect("it is there still");
        said.await.expect("it was carried out");
    }

    #[tokio::test]
    async fn what_was_never_begun_is_not() {
        let (call, go, _) = call();
        drop(call);
        assert!(go.send(()).is_err(), "it is gone");
    }
}
