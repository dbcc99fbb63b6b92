//! Whether the etcd that answers is the one that was served from: its revisions never go back, and its cluster stays the same.
//! Once it is another one, nothing of it is believed until this server starts anew. Pure.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::failure::Failure;
use super::proto::{self, ResponseHeader};

/// What was answered so far.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// The highest revision.
    seen: AtomicI64,
    /// 0 is none yet.
    cluster: AtomicU64,
    /// Why there is none any more.
    lost: OnceLock<String>,
}

impl Trust {
    /// The revision that no call may be answered below which is made from now on.
    pub(super) fn seen(&self) -> Result<i64, Failure> {
        self.kept().map(|()| self.seen.load(Ordering::Acquire))
    }

    /// An error once etcd was another one.
    pub(super) fn kept(&self) -> Result<(), Failure> {
        self.lost.get().map_or(Ok(()), |why| Err(Failure::Refused(why.clone())))
    }

    /// Takes a quorum's answer to a call that was made when `before` was seen; answers its revision.
    pub(super) fn take(&self, before: i64, header: Option<&ResponseHeader>) -> Result<i64, Failure> {
        let revision = proto::revision(header);
        if revision < before {
            self.lose(&format!(
                "it went back from revision {before} to {revision}, as after a restore from a backup"
            ));
        }
        let cluster = header.map_or(0, |header| header.cluster_id);
        // Whoever is first says which it is.
        let known = self.cluster.compare_exchange(0, cluster, Ordering::AcqRel, Ordering::Acquire);
        if let Some(known) = known.err().filter(|known| ![0, *known].contains(&cluster)) {
            self.lose(&format!("it is the cluster {cluster:x} now, and was {known:x}"));
        }
        self.kept()?;
        self.seen.fetch_max(revision, Ordering::AcqRel);
        Ok(revision)
    }

    fn lose(&self, what: &str) {
        self.lost.get_or_init(|| {
            let why = format!("{what}: start this server again once its data is what it should be");
            tracing::error!(why, "etcd cannot be served from any more");
            why
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(cluster_id: u64, revision: i64) -> ResponseHeader {
        ResponseHeader { cluster_id, revision, ..ResponseHeader::default() }
    }

    fn why(refused: Result<impl std::fmt::Debug, Failure>) -> String {
        refused.expect_err("it is not trusted").of_read().to_string()
    }

    #[test]
    fn answers_may_overtake_each_other() {
        let trust = Trust::default();
        let before = trust.seen().expect("nothing yet");
        assert_eq!(trust.take(before, Some(&header(7, 9))), Ok(9));
        assert_eq!(trust.take(before, Some(&header(7, 8))), Ok(8), "it was asked before 9 was answered");
        assert_eq!((trust.seen(), trust.kept()), (Ok(9), Ok(())));
    }

    #[test]
    fn one_that_went_back_is_not_believed_when_it_caught_up() {
        let trust = Trust::default();
        assert_eq!(trust.take(0, Some(&header(7, 9))), Ok(9));
        assert!(why(trust.take(9, Some(&header(7, 5)))).contains("went back from revision 9 to 5"));
        assert!(why(trust.take(9, Some(&header(7, 20)))).contains("went back from revision 9 to 5"));
        assert!(why(trust.seen()).contains("start this server again"));
    }

    #[test]
    fn another_cluster_is_not_believed() {
        let trust = Trust::default();
        for header in [header(0, 1), header(10, 2), header(10, 3), header(0, 4)] {
            assert_eq!(trust.take(0, Some(&header)), Ok(header.revision));
        }
        assert!(why(trust.take(4, Some(&header(11, 5)))).contains("the cluster b now, and was a"));
        assert!(why(trust.take(4, Some(&header(10, 5)))).contains("the cluster b now"));
    }
}
