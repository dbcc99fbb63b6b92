//! Why a migration stopped, with what to try.

use super::side::Side;
use crate::failure::Failure;
use aggboot::storage::migrate::Error;
use aggboot::storage::{self};

/// Before anything was written.
pub(super) fn refused(why: Error, to: &Side) -> Failure {
    match why {
        Error::Occupied { count } => {
            let rule = format!("it holds {count} objects that do not come from a migration");
            against(to, rule, "name an empty store, or empty this one")
        }
        Error::Another { source_name } => {
            let rule = format!("it holds an unfinished migration from {source_name}");
            against(to, rule, "go on with that one first, or name an empty store")
        }
        why => stopped(&why, ""),
    }
}

/// When the target may hold a part already.
pub(super) fn broken_off(why: Error, to: &Side) -> Failure {
    match why {
        why @ (Error::Occupied { .. } | Error::Another { .. }) => refused(why, to),
        why => stopped(&why, "; then run it again, it goes on where it was"),
    }
}

fn against(to: &Side, rule: String, advice: &str) -> Failure {
    Failure::Refused { argument: to.argument().into(), value: to.name(), rule, advice: advice.into() }
}

fn stopped(why: &Error, again: &str) -> Failure {
    let sentence = why.to_string();
    match why {
        Error::Half { .. } => Failure::Data(format!("{sentence}; finish that one first")),
        Error::TooLarge { .. } => Failure::Data(format!(
            "{sentence}; raise --max-request-bytes of the etcd servers and say it as --to-etcd-max-request-bytes"
        )),
        Error::Source(storage::Error::Incompatible(_) | storage::Error::Corrupt { .. })
        | Error::Target(storage::Error::Incompatible(_) | storage::Error::Corrupt { .. }) => {
            Failure::Data(sentence)
        }
        Error::Moved { .. } => Failure::Data(format!("{sentence}; then run it again")),
        Error::Differs(_) | Error::Target(storage::Error::Conflict { .. }) => {
            Failure::Data(format!("{sentence}; stop who does{again}"))
        }
        _ if again.is_empty() => Failure::Storage(sentence),
        _ => Failure::Storage(format!("{sentence}; mend that{again}")),
    }
}
