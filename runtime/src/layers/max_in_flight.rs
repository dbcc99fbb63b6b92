//! So many reads and so many writes at a time, and no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;

use super::Refusal;
use crate::health::Metrics;
use crate::request::{RequestInfo, User};

/// The seats for requests, by what they do.
#[derive(Debug)]
pub(crate) struct MaxInFlight {
    reads: Seats,
    writes: Seats,
}

#[derive(Debug)]
struct Seats {
    limit: usize,
    taken: Arc<AtomicUsize>,
}

/// A taken seat, free again when dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl MaxInFlight {
    /// 0 means no limit.
    pub(crate) fn new(reads: usize, writes: usize, metrics: &Metrics) -> Self {
        let seats = |limit, taken| Seats { limit, taken };
        MaxInFlight {
            reads: seats(reads, Arc::clone(&metrics.reads_in_flight)),
            writes: seats(writes, Arc::clone(&metrics.writes_in_flight)),
        }
    }

    /// Takes a seat. `system:masters` stands where there is none; long-running requests need none.
    pub(super) fn sit(
        &self,
        info: &RequestInfo,
        user: &User,
        metrics: &Metrics,
    ) -> Result<Option<Seat>, Refusal> {
        if info.is_long_running() {
            return Ok(None);
        }
        let seats = if info.is_read_only() { &self.reads } else { &self.writes };
        let seat = Seat(Arc::clone(&seats.taken));
        let before = seat.0.fetch_add(1, Ordering::Relaxed);
        if seats.limit != 0 && before >= seats.limit && !user.in_group("system:masters") {
            metrics.dropped(info.is_read_only());
            let text = "Too many requests, please try again later.";
            return Err(Refusal::text(StatusCode::TOO_MANY_REQUESTS, text).retry_after(1));
        }
        Ok(Some(seat))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::QueryPairs;
    use http::Method;

    fn info(method: &Method, target: &str) -> RequestInfo {
        RequestInfo::parse(method, target, &QueryPairs::default()).expect("a path")
    }

    #[test]
    fn the_last_seat_is_the_last_but_for_masters_and_long_stays() {
        let metrics = Metrics::new();
        let seats = MaxInFlight::new(1, 1, &metrics);
        let nobody = User::anonymous();
        let get = info(&Method::GET, "/apis/g/v1/foos");
        let first = seats.sit(&get, &nobody, &metrics).expect("a seat");
        let refusal = seats.sit(&get, &nobody, &metrics).expect_err("no seat").into_response();
        assert_eq!(refusal.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refusal.headers()["retry-after"], "1");
        assert!(seats.sit(&info(&Method::POST, "/apis/g/v1/foos"), &nobody, &metrics).is_ok());
        assert!(seats.sit(&info(&Method::GET, "/apis/g/v1/watch/foos"), &nobody, &metrics).is_ok());
        let master = User { groups: vec!["system:masters".to_owned()], ..User::default() };
        assert!(seats.sit(&get, &master, &metrics).is_ok());
        drop(first);
        assert!(seats.sit(&get, &nobody, &metrics).is_ok());
    }
}
