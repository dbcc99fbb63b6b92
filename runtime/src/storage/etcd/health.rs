//! Whether etcd can be read and written, looked at regularly and whenever a call fails.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::core::Core;
use super::failure::{self, Failure};
use crate::storage::Health;

/// How often it is looked at.
const READY: Duration = Duration::from_secs(5);
const NOT_READY: Duration = Duration::from_secs(1);
/// How often its alarms are asked for.
const ALARMS: Duration = Duration::from_secs(30);

impl Core {
    /// `patience` is how long a look may take.
    pub(super) async fn watch_health(self: Arc<Self>, patience: Duration) {
        let mut alarms_due = Instant::now();
        loop {
            let ready = *self.health.borrow() == Health::Ready;
            let pause = sleep(if ready { READY } else { NOT_READY });
            let doubtful = tokio::select! {
                () = pause => !ready,
                // Only once between two looks.
                () = self.doubt.notified(), if ready => true,
            };
            let due = doubtful || Instant::now() >= alarms_due;
            let health = self.look_at_health(due, patience).await;
            if due {
                alarms_due = Instant::now() + ALARMS;
            }
            if let Some(health) = health {
                self.tell(health);
            }
        }
    }

    /// `None` is as it was.
    async fn look_at_health(self: &Arc<Self>, alarms: bool, patience: Duration) -> Option<Health> {
        let core = Arc::clone(self);
        // It goes on when nobody waits any more: only a call that ends turns away from a member that says nothing.
        let look = tokio::spawn(async move {
            core.look(None).await?;
            if alarms { core.alarm().await.map(Some) } else { Ok(None) }
        });
        match timeout(patience, look).await {
            Ok(Ok(Ok(health))) => health,
            Ok(Ok(Err(failure))) => Some(Health::Down(failure.of_read().to_string())),
            Ok(Err(error)) => Some(Health::Down(format!("etcd: the look at it broke off: {error}"))),
            Err(_) => Some(Health::Down(format!("etcd: no answer within {patience:?}"))),
        }
    }

    async fn alarm(&self) -> Result<Health, Failure> {
        let status = self.client.status().await?;
        let full = status.errors.iter().find(|alarm| alarm.contains("NOSPACE"));
        Ok(full.map_or(Health::Ready, |alarm| Health::ReadOnly(failure::full(alarm))))
    }

    fn tell(&self, health: Health) {
        self.health.send_if_modified(|known| {
            let changed = *known != health;
            if changed {
                match &health {
                    Health::Ready => tracing::info!("etcd answers again"),
                    Health::ReadOnly(why) | Health::Down(why) => tracing::warn!(why, "etcd is not ready"),
                }
                *known = health;
            }
            changed
        });
    }
}
