//! A serving certificate in files is taken over when the files change.
//!
//! Polled, not watched: a mounted Secret swaps a symbolic link, and a minute is what Go waits too.

use std::path::PathBuf;
use std::time::Duration;

use super::Identity;
use crate::Result;
use crate::certificates::Pair;
use crate::certificates::files::read_pair;

/// The files of a serving certificate.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Source {
    /// Reads both files.
    pub(crate) fn read(&self) -> Result<Option<Pair>> {
        read_pair(&self.certificate, &self.key)
    }
}

/// Looks at the files again and again. A half-written or unreadable pair changes nothing.
pub(crate) async fn reload(identity: Identity, source: Source, every: Duration) {
    let mut shown = source.read().ok().flatten();
    loop {
        tokio::time::sleep(every).await;
        let found = match source.read() {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(%error, "the serving certificate could not be read again; the old one stays");
                continue;
            }
        };
        if shown
            .as_ref()
            .is_some_and(|shown| shown.certificate == found.certificate && shown.key == found.key)
        {
            continue;
        }
        match identity.replace(&found) {
            Ok(()) => {
                tracing::info!(file = %source.certificate.display(), "took over a new serving certificate");
                shown = Some(found);
            }
            Err(error) => {
                tracing::warn!(%error, "the new serving certificate is not usable; the old one stays");
            }
        }
    }
}
