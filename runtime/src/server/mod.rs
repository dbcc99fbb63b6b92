//! A process: flags in, requests answered, silence out.
//!
//! What a request goes through is in `layers`; here is what stands around it.

mod capabilities;
mod claim;
#[cfg(feature = "embedded")]
mod data_dir;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(feature = "etcd")]
mod go;
mod local;
mod logs;
mod options;
mod serving;
mod shutdown;
mod start;
mod store;

use clap::Parser;

use crate::Result;
use crate::kind::Registration;

#[cfg(feature = "etcd")]
pub use etcd::EtcdOptions;
#[cfg(feature = "etcd")]
pub use go::GoOptions;
pub(crate) use local::Local;
pub use options::{Options, StorageKind};
pub(crate) use shutdown::Lifecycle;
#[cfg(feature = "testing")]
pub(crate) use start::Running;
pub(crate) use start::start;

/// A server of kinds.
///
/// ```no_run
/// # async fn main_() -> aggboot::Result<()> {
/// # let registrations: Vec<aggboot::Registration> = Vec::new();
/// aggboot::Server::from_args().resources(registrations).run().await
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    options: Options,
    registrations: Vec<Registration>,
}

#[derive(Debug, Parser)]
#[command(about = "An aggregated Kubernetes API server", version)]
struct CommandLine {
    #[command(flatten)]
    options: Options,
}

impl Server {
    /// Reads the flags of the process, and starts its log. Wrong flags and `--help` end the process here.
    #[must_use]
    pub fn from_args() -> Self {
        let options = CommandLine::parse().options;
        logs::start(options.verbosity);
        Server::new(options)
    }

    /// A server with these options. Nothing happens until it runs.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Server { options, registrations: Vec::new() }
    }

    /// Adds kinds.
    #[must_use]
    pub fn resources(mut self, registrations: impl IntoIterator<Item = Registration>) -> Self {
        self.registrations.extend(registrations);
        self
    }

    /// Adds a kind.
    #[must_use]
    pub fn resource(mut self, registration: impl Into<Registration>) -> Self {
        self.registrations.push(registration.into());
        self
    }

    /// Serves until SIGTERM or Ctrl-C, then finishes what was begun. A second signal ends the process at once.
    ///
    /// # Errors
    /// When the server cannot start: the sentence says what is missing.
    pub async fn run(self) -> Result<()> {
        let mut signals = shutdown::Signals::new()?;
        let stopping = self.run_until(async move {
            signals.next().await;
            tokio::spawn(async move {
                signals.next().await;
                std::process::exit(1);
            });
        });
        stopping.await
    }

    /// Serves until a future ends, then finishes what was begun. A start that is not done by then is given up.
    ///
    /// # Errors
    /// When the server cannot start: the sentence says what is missing.
    pub async fn run_until(self, end: impl Future<Output = ()>) -> Result<()> {
        let delay = self.options.shutdown_delay_duration;
        let is_local = self.options.local;
        let mut end = std::pin::pin!(end);
        // Storage may be long in opening, and the cluster long in answering: the end does not wait for that.
        let mut running = tokio::select! {
            started = start(self.options, self.registrations) => started?,
            () = &mut end => return Ok(()),
        };
        if is_local {
            running.say_how_to_use_it()?;
        }
        let died = tokio::select! {
            () = &mut end => None,
            why = running.died() => Some(why),
        };
        if let Some(why) = died {
            return Err(why);
        }
        running.stop(delay).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
