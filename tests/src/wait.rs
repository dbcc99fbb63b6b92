//! Waiting for conditions, never for time.

use std::fmt::Display;
use std::time::Duration;
use tokio::time::Instant;

/// How long a condition may take on a slow machine; far more than any takes.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Asks `attempt` until it answers `Ok`; its `Err` says what is there instead, for the message of
/// the panic that ends a wait of [`PATIENCE`].
pub async fn wait_for<T, E: Display>(description: &str, mut attempt: impl AsyncFnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(10);
    let mut seen = String::from("nothing yet");
    loop {
        match tokio::time::timeout_at(deadline, attempt()).await {
            Ok(Ok(value)) => return value,
            Ok(Err(instead)) => seen = instead.to_string(),
            Err(_) => {
                panic!("waited {PATIENCE:?} for {description}: an attempt did not end; before it: {seen}")
            }
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {description}, still: {seen}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(250));
    }
}
