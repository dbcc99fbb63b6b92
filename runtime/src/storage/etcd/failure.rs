//! What a failed call to etcd means: above all, whether it may have been carried out all the same. Pure.
//!
//! etcd tells its errors by their texts: some of them come with a code that says nothing.

use std::error::Error as _;
use std::time::Duration;

use tonic::{Code, Status};

use super::client::Broken;
use crate::storage::Error;

/// When trying again makes sense.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Certainly not carried out, because of this member: another may.
    Elsewhere(String),
    /// Certainly not carried out, and no member would now.
    Refused(String),
    /// No space. etcd says so of what it does not take, and also of what it carried out while others took the last of it.
    Full(String),
    /// Certainly not carried out: the request is larger than etcd takes.
    TooLarge,
    /// The answer is larger than is taken at once.
    TooMuch,
    /// The revision is forgotten.
    Compacted,
    /// The revision is not reached.
    Future,
    /// Carried out or not.
    Lost(String),
}

impl Failure {
    pub(super) fn of(status: &Status) -> Self {
        if let Some(broken) = status.source().and_then(|source| source.downcast_ref::<Broken>()) {
            let why = broken.to_string();
            return if broken.sent { Self::Lost(why) } else { Self::Elsewhere(why) };
        }
        let why = || status.message().to_owned();
        match status.message().strip_prefix("etcdserver: ").unwrap_or(status.message()) {
            "mvcc: required revision has been compacted" => Self::Compacted,
            "mvcc: required revision is a future revision" => Self::Future,
            "mvcc: database space exceeded" => Self::Full(why()),
            "request is too large" => Self::TooLarge,
            message if message.starts_with("grpc: received message larger than max") => Self::TooLarge,
            // The words of tonic here, and of Go there.
            message
                if message.starts_with("Error, decoded message length too large")
                    || message.starts_with("grpc: trying to send message larger than max") =>
            {
                Self::TooMuch
            }
            // Asked before the request is handed to raft.
            "no leader" | "rpc not supported for learner" | "not capable" => Self::Elsewhere(why()),
            // Raft did not take it; and the two below are judged before and after raft without a change.
            "raft proposal dropped"
            | "too many requests"
            | "corrupt cluster"
            | "revision of auth store is old" => Self::Refused(why()),
            _ => Self::by_code(status),
        }
    }

    fn by_code(status: &Status) -> Self {
        let why = status.message().to_owned();
        match status.code() {
            Code::InvalidArgument
            | Code::PermissionDenied
            | Code::Unauthenticated
            | Code::Unimplemented
            | Code::FailedPrecondition => Self::Refused(why),
            code => Self::Lost(if why.is_empty() { code.to_string() } else { why }),
        }
    }

    /// Whether another member may answer; `again` is whether the call may be made twice.
    pub(super) fn may_go_elsewhere(&self, again: bool) -> bool {
        match self {
            Self::Elsewhere(_) => true,
            Self::Lost(_) => again,
            _ => false,
        }
    }

    /// What it means for a read.
    pub(super) fn of_read(self) -> Error {
        match self {
            Self::Elsewhere(why) | Self::Lost(why) => late(&why),
            other => other.before_write(),
        }
    }

    /// What it means for a write that was not even begun.
    pub(super) fn before_write(self) -> Error {
        match self {
            Self::Elsewhere(why) | Self::Refused(why) | Self::Full(why) | Self::Lost(why) => {
                unavailable(&why)
            }
            Self::TooLarge => unavailable("the request is too large"),
            Self::TooMuch => unavailable("the answer is too large"),
            Self::Compacted => unavailable("the revision was compacted meanwhile"),
            Self::Future => unavailable("this member of etcd is behind"),
        }
    }

    /// What it means for a write of a value of that size.
    pub(super) fn of_write(self, size: usize, limit: usize) -> Error {
        match self {
            Self::Lost(why) | Self::Full(why) => Error::Unknown { why: format!("etcd: {why}") },
            Self::TooMuch => Error::Unknown { why: "etcd: the answer is too large".into() },
            Self::TooLarge => Error::TooLarge { size, limit },
            other => other.before_write(),
        }
    }
}

pub(super) fn unavailable(why: &str) -> Error {
    Error::Unavailable { why: format!("etcd: {why}"), retry_after: RETRY }
}

/// The error of a read that no quorum answered in time.
pub(super) fn late(why: &str) -> Error {
    Error::Timeout { why: format!("etcd: {why}"), retry_after: RETRY }
}

/// What to do when there is no space.
pub(super) fn full(why: &str) -> String {
    format!(
        "etcd: {why}: compact and defragment it, or raise --quota-backend-bytes, then disarm its NOSPACE alarm"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: Code, message: &str) -> Failure {
        Failure::of(&Status::new(code, message))
    }

    /// Every error that etcd 3.7 can answer a transaction with, and what is known of the write then.
    #[test]
    fn a_write_is_unknown_unless_it_certainly_was_not_made() {
        let certain = [
            (Code::Unavailable, "etcdserver: no leader"),
            (Code::FailedPrecondition, "etcdserver: rpc not supported for learner"),
            (Code::FailedPrecondition, "etcdserver: not capable"),
            (Code::Unknown, "etcdserver: too many requests"),
            (Code::ResourceExhausted, "etcdserver: too many requests"),
            (Code::Unknown, "raft proposal dropped"),
            (Code::DataLoss, "etcdserver: corrupt cluster"),
            (Code::PermissionDenied, "etcdserver: permission denied"),
            (Code::InvalidArgument, "etcdserver: user name is empty"),
            (Code::InvalidArgument, "etcdserver: authentication failed, invalid user ID or password"),
            (Code::Unauthenticated, "etcdserver: invalid auth token"),
            (Code::InvalidArgument, "etcdserver: revision of auth store is old"),
            (Code::InvalidArgument, "etcdserver: key is not provided"),
            (Code::InvalidArgument, "etcdserver: too many operations in txn request"),
            (Code::Unimplemented, "unknown service etcdserverpb.KV"),
        ];
        for (code, message) in certain {
            let error = of(code, message).of_write(3, 100);
            assert!(matches!(error, Error::Unavailable { retry_after: RETRY, .. }), "{message}: {error:?}");
            assert!(error.to_string().contains(message), "{error}");
        }
        let unknown = [
            (Code::Unavailable, "etcdserver: request timed out"),
            (Code::Unavailable, "etcdserver: request timed out, possibly due to previous leader failure"),
            (Code::Unavailable, "etcdserver: request timed out, possibly due to connection lost"),
            (Code::Unavailable, "etcdserver: request timed out, waiting for the applied index took too long"),
            (Code::Unavailable, "etcdserver: leader changed"),
            (Code::Unavailable, "etcdserver: server stopped"),
            (Code::Unavailable, "etcdserver: unhealthy cluster"),
            (Code::Cancelled, "etcdserver: request canceled"),
            (Code::DeadlineExceeded, "etcdserver: context deadline exceeded"),
            (Code::Unknown, "something new"),
            (Code::Unavailable, ""),
            (Code::Internal, "h2 protocol error"),
        ];
        for (code, message) in unknown {
            let error = of(code, message).of_write(3, 100);
            assert!(matches!(error, Error::Unknown { .. }), "{message}: {error:?}");
        }
    }

    #[test]
    fn size_and_space_have_errors_of_their_own() {
        for (code, message) in [
            (Code::InvalidArgument, "etcdserver: request is too large"),
            (Code::ResourceExhausted, "grpc: received message larger than max (2097205 vs. 2097152)"),
        ] {
            assert_eq!(of(code, message).of_write(3, 2), Error::TooLarge { size: 3, limit: 2 });
        }
        let space = of(Code::ResourceExhausted, "etcdserver: mvcc: database space exceeded");
        assert!(matches!(&space, Failure::Full(why) if full(why).contains("NOSPACE")), "{space:?}");
        assert!(matches!(space.of_write(3, 100), Error::Unknown { .. }), "it may have been written");
    }

    #[test]
    fn a_read_is_never_unknown() {
        for message in [
            "etcdserver: request timed out",
            "etcdserver: no leader",
            "connection reset",
            "etcdserver: leader changed",
        ] {
            let error = of(Code::Unavailable, message).of_read();
            assert!(matches!(error, Error::Timeout { retry_after: RETRY, .. }), "{message}: {error:?}");
        }
        let refused = of(Code::PermissionDenied, "etcdserver: permission denied").of_read();
        assert!(matches!(refused, Error::Unavailable { .. }), "to wait makes it no better: {refused:?}");
    }

    #[test]
    fn an_answer_that_is_too_large_is_no_reason_to_ask_another_member() {
        for (code, message) in [
            (
                Code::OutOfRange,
                "Error, decoded message length too large: found 9 bytes, the limit is: 4 bytes",
            ),
            (Code::ResourceExhausted, "grpc: trying to send message larger than max (9 vs. 4)"),
        ] {
            let failure = of(code, message);
            assert_eq!(failure, Failure::TooMuch);
            assert!(!failure.may_go_elsewhere(true));
        }
    }

    #[test]
    fn only_what_may_be_done_twice_is_tried_elsewhere_after_it_was_lost() {
        let (lost, elsewhere) =
            (of(Code::Unavailable, "reset"), of(Code::Unavailable, "etcdserver: no leader"));
        assert!(lost.may_go_elsewhere(true) && !lost.may_go_elsewhere(false));
        assert!(elsewhere.may_go_elsewhere(true) && elsewhere.may_go_elsewhere(false));
        assert!(!Failure::Compacted.may_go_elsewhere(true));
    }
}
