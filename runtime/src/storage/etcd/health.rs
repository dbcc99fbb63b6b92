//! Whether etcd can be read and written, looked at regularly and whenever a call fails.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::core::Core;
use super::failure::{self, Failure};
use crate::storage::Health;

/// How often it is looked at.
const READY: Duration = Duration::from_secs(5);
const NOT_READY: Duration = Duration::from_secs(1);
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often its alarms are asked for.
const ALARMS: Duration = Duration::from_secs(30);

impl Core {
    pub(super) async fn watch_health(&self) {
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
            let health = self.look_at_health(due).await;
            if due {
                alarms_due = Instant::now() + ALARMS;
            }
            if let Some(health) = health {
                self.tell(health);
            }
        }
    }

    /// `None` is as it was.
    async fn look_at_health(&self, alarms: bool) -> Option<Health> {
        let look = timeout(PATIENCE, async {
            self.look(None).await?;
            if alarms { self.alarm().await.map(Some) } else { Ok(None) }
        });
        match look.await {
            Ok(Ok(health)) => health,
            Ok(Err(failure)) => Some(Health::Down(failure.of_read().to_string())),
            Err(_) => Some(Health::Down(format!("etcd: no answer within {} s", PATIENCE.as_secs()))),
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
