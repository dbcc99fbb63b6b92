//! How much a list asks for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use prost::Message as _;

use super::member::{Answer, Member, core};
use crate::storage::etcd::proto::{
    KeyValue, RangeRequest, RangeResponse, Request, Response, ResponseHeader, ResponseOp, TxnRequest,
    TxnResponse,
};
use crate::storage::{At, Prefix, Query};

const SMALL: usize = 200;
const LARGE: usize = 64 << 10;
/// What is taken at once.
const ANSWER: usize = 4 << 20;
const PAGE: usize = 64 << 10;

/// Records of these sizes.
struct Records {
    sizes: Vec<usize>,
    sent: AtomicUsize,
    too_much: AtomicUsize,
}

impl Records {
    fn range(&self, request: &RangeRequest) -> RangeResponse {
        let name = |number: usize| Bytes::from(format!("/p/g/r/{number:05}"));
        let limit = usize::try_from(request.limit).unwrap_or_default();
        let mut found = RangeResponse::default();
        let mut bytes = 0;
        for (number, size) in self.sizes.iter().enumerate() {
            if name(number) < request.key || name(number) >= request.range_end {
                continue;
            }
            found.count += 1;
            if found.kvs.len() < limit {
                bytes += size;
                let (key, value) = (name(number), vec![b'x'; *size].into());
                found.kvs.push(KeyValue {
                    key,
                    value,
                    create_revision: 1,
                    mod_revision: 1,
                    ..KeyValue::default()
                });
            }
        }
        found.more = found.kvs.len() < usize::try_from(found.count).unwrap_or_default();
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        self.too_much.fetch_add(usize::from(bytes > ANSWER), Ordering::Relaxed);
        found
    }

    fn answer(&self, what: &str, message: Bytes) -> Answer {
        let header = Some(ResponseHeader { cluster_id: 1, member_id: 1, revision: 9 });
        if what == "Range" {
            let request = RangeRequest::decode(message).expect("a range");
            return Answer::of(&RangeResponse { header, ..self.range(&request) });
        }
        let request = TxnRequest::decode(message).expect("a transaction");
        let responses = request.success.iter().map(|one| match &one.request {
            Some(Request::Range(range)) if !range.range_end.is_empty() => self.range(range),
            _ => RangeResponse::default(),
        });
        let responses =
            responses.map(|range| ResponseOp { response: Some(Response::Range(range)) }).collect();
        Answer::of(&TxnResponse { header, succeeded: true, responses })
    }
}

/// Lists all, page by page; answers how many bytes were sent for one that was wanted, and how often an answer was too large.
async fn list(sizes: Vec<usize>, max_bytes: usize) -> (usize, usize) {
    let records = Arc::new(Records { sizes, sent: AtomicUsize::new(0), too_much: AtomicUsize::new(0) });
    let answering = Arc::clone(&records);
    let member = Member::start(move |what, message| answering.answer(what, message)).await;
    let core = core(&[&member], |client| client.largest_answer = ANSWER);
    let mut query = Query { max_bytes, ..Query::all(Prefix::new("g/r/")) };
    let mut listed = Vec::new();
    loop {
        let read = core.list(query.clone()).await.expect("a page");
        listed.extend(read.value.items.iter().map(|item| item.value.len()));
        let Some(last) = read.value.items.last().filter(|_| read.value.more) else { break };
        let name = last.key.under(&query.prefix).expect("below it");
        query.from = Some(format!("{name}\0").into());
        query.at = At::Exactly(read.at);
    }
    assert!(listed == records.sizes, "{} of {}", listed.len(), records.sizes.len());
    let wanted: usize = records.sizes.iter().sum();
    (records.sent.load(Ordering::Relaxed) / wanted, records.too_much.load(Ordering::Relaxed))
}

#[tokio::test]
async fn large_records_are_not_read_many_times() {
    assert!(matches!(list(vec![PAGE; 64], PAGE).await, (..=2, 0)));
    assert!(matches!(list(vec![SMALL; 3000], PAGE).await, (..=1, 0)));
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_asked_for_in_parts() {
    let mixed = [vec![SMALL; 300], vec![LARGE; 300], vec![SMALL; 300]].concat();
    let (times, too_much) = list(mixed, 0).await;
    assert!(times <= 4 && too_much > 0, "{times} {too_much}");
}

#[tokio::test]
async fn a_record_that_is_too_large_is_an_error() {
    let records =
        Records { sizes: vec![2 * ANSWER], sent: AtomicUsize::new(0), too_much: AtomicUsize::new(0) };
    let member = Member::start(move |what, message| records.answer(what, message)).await;
    let core = core(&[&member], |client| client.largest_answer = ANSWER);
    let failed = core.list(Query::all(Prefix::new("g/r/"))).await.expect_err("nobody takes it");
    assert!(failed.to_string().contains("too large"), "{failed}");
}
