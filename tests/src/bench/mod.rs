//! What our server costs beside Go's sample-apiserver and beside the least that could answer, all
//! taken in one run.
//!
//! Every figure belongs to a round: the same client sends the same requests to one server and then
//! to the next, round after round, each beginning with another, and ratios are taken within the
//! round. CPU is that of the server's process alone, by its own clock. Every server has as many
//! workers as the machine has cores, and none is pinned. Nothing here asserts a time: the answers
//! are checked, the figures are printed.

mod append;
mod bare;
mod build;
mod chart;
mod client;
mod create;
mod crowd;
mod document;
mod fanout;
mod get;
mod growth;
mod list;
mod load;
mod memory;
mod objects;
mod open_loop;
mod page;
mod peers;
mod process;
mod programs;
mod rounds;
mod row;
mod startup;
mod stuck;
mod table;
mod transaction;
mod watch_list;

pub use bare::serve as bare;
pub use document::write as write_docs;
pub use row::Row;
pub use table::table;

use crate::control_plane::ControlPlane;
use futures::FutureExt as _;
use peers::Peers;
use rounds::Round;
use startup::Start;
use std::panic::AssertUnwindSafe;

/// The workloads that can be asked for.
pub const WORKLOADS: [(&str, &str); 12] = [
    ("W1", "GET of one object"),
    ("W2", "LIST: identity, gzip, memory"),
    ("W3", "pages of 500"),
    ("W4", "LIST as a Table"),
    ("W6", "CREATE at 1, 16 and 64 writers"),
    ("W7", "watches by 100 and 1000"),
    ("W8", "watchers that never read"),
    ("W9", "watches that begin with a list"),
    ("W10", "memory of objects and watchers"),
    ("W11", "start, memory at rest, size"),
    ("W16", "growth from 1000 objects to a million"),
    ("W17", "builds"),
];
/// Those of a quick run.
const QUICK: [&str; 4] = ["W1", "W2", "W6", "W7"];

/// How thorough a run is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often each round is taken.
    pub rounds: usize,
    /// Only what is looked at while working.
    pub quick: bool,
    /// The workloads to measure; none means those of the plan.
    pub only: &'static [String],
    /// Hears what is being done, and what was found.
    pub tell: fn(&str),
}

impl Plan {
    /// The figures to publish.
    pub fn full(tell: fn(&str)) -> Self {
        Self { rounds: 7, quick: false, only: &[], tell }
    }

    /// The figures to look at while working.
    pub fn quick(tell: fn(&str)) -> Self {
        Self { rounds: 3, quick: true, ..Self::full(tell) }
    }

    /// Only these workloads; panics where one is not known.
    pub fn only(self, only: Vec<String>) -> Self {
        for id in &only {
            let known = WORKLOADS.map(|(known, _)| known);
            assert!(known.contains(&id.as_str()), "there is no workload {id:?}: there are {known:?}");
        }
        Self { only: only.leak(), ..self }
    }

    fn wants(&self, id: &str) -> bool {
        if self.only.is_empty() {
            !self.quick || QUICK.contains(&id)
        } else {
            self.only.iter().any(|only| only == id)
        }
    }

    fn wants_any(&self, ids: &[&str]) -> bool {
        ids.iter().any(|id| self.wants(id))
    }
}

/// Those that need servers, each group servers of its own: requests, what is held, and growth.
const REQUESTS: [&str; 7] = ["W1", "W2", "W3", "W4", "W6", "W7", "W9"];
const SIZES: [&str; 3] = ["W8", "W10", "W11"];

/// What a run found.
pub struct Found {
    /// In the order in which they were taken.
    pub rows: Vec<Row>,
    /// The workloads that broke off.
    pub broken: Vec<&'static str>,
}

/// The rows asked for, or `None` where no control plane can be had.
pub async fn run(plan: Plan) -> Option<Found> {
    let mut rows = Rows { plan, found: Found { rows: Vec::new(), broken: Vec::new() } };
    if plan.wants_any(&REQUESTS) || plan.wants_any(&SIZES) || plan.wants("W16") {
        (plan.tell)("starting the control plane and the servers");
        let plane = ControlPlane::start().await?;
        if plan.wants_any(&SIZES) {
            sizes(&mut Peers::start(&plane).await, plan, &mut rows).await;
        }
        if plan.wants_any(&REQUESTS) {
            requests(&Peers::start(&plane).await, plan, &mut rows).await;
        }
        if plan.wants("W16") {
            rows.take("W16", growth::rows(&Peers::start(&plane).await, plan)).await;
        }
    }
    if plan.wants("W17") {
        rows.take("W17", async { build::rows(plan) }).await;
    }
    Some(rows.found)
}

/// What is held: at rest, for each object and each watcher, and for those who never read.
async fn sizes(peers: &mut Peers, plan: Plan, rows: &mut Rows) {
    // What comes first leaves changes behind that a start reads again: the empty starts come before all.
    let mut empty = Vec::new();
    if plan.wants_any(&["W10", "W11"]) {
        (plan.tell)("start-up and memory at rest");
        empty = startup::starts(peers, plan).await;
    }
    // Go's server that has just started over many objects ends watches: those come before there are many.
    if plan.wants("W8") {
        rows.take("W8", stuck::rows(peers, plan)).await;
    }
    if plan.wants("W10") {
        fanout::store(peers).await;
        rows.take("W10", memory::watchers(peers, plan)).await;
    }
    if plan.wants_any(&["W10", "W11"]) {
        rows.take("W11", held(peers, plan, &empty)).await;
    }
}

/// What a start over nothing came to, and one over many objects comes to.
async fn held(peers: &mut Peers, plan: Plan, empty: &[Round<Start>]) -> Vec<Row> {
    let count = if plan.quick { 10_000 } else { 100_000 };
    let mut found = startup::empty(empty);
    found.push(programs::row());
    growth::fill(peers, plan, count).await;
    let encoded = objects::encoded(&peers.ours, &peers.grown).await;
    (plan.tell)(&format!("starts over {count} objects"));
    let full = startup::starts(peers, plan).await;
    found.extend(startup::full(&full, count));
    found.push(memory::objects(count, encoded, &startup::resident(empty), &startup::resident(&full)));
    found.retain(|row| plan.wants(row.id));
    found
}

/// What requests cost where 10 000 objects are stored.
async fn requests(peers: &Peers, plan: Plan, rows: &mut Rows) {
    if plan.wants_any(&["W1", "W2", "W3", "W4", "W9"]) {
        (plan.tell)("storing 10 000 objects in each server");
        objects::store(peers).await;
    }
    if plan.wants("W1") {
        rows.take("W1", get::rows(peers, plan)).await;
    }
    if plan.wants("W2") {
        rows.take("W2", list::rows(peers, plan)).await;
    }
    if plan.wants("W3") {
        rows.take("W3", page::rows(peers, plan)).await;
    }
    if plan.wants("W4") {
        rows.take("W4", list::tables(peers, plan)).await;
    }
    if plan.wants("W9") {
        rows.take("W9", watch_list::rows(peers, plan)).await;
    }
    if plan.wants("W7") {
        rows.take("W7", fanout::rows(peers, plan)).await;
    }
    if plan.wants("W6") {
        rows.take("W6", create::rows(peers, plan)).await;
    }
}

/// What was found so far.
struct Rows {
    plan: Plan,
    found: Found,
}

impl Rows {
    /// Takes the rows of a workload and tells them. One that breaks off costs its own rows and no others: a whole run
    /// takes long.
    async fn take(&mut self, id: &'static str, rows: impl Future<Output = Vec<Row>>) {
        let tell = self.plan.tell;
        match AssertUnwindSafe(rows).catch_unwind().await {
            Ok(rows) => {
                rows.iter().for_each(|row| tell(&table::sentence(row)));
                self.found.rows.extend(rows);
            }
            Err(_) => {
                tell(&format!("{id} broke off: see the panic above"));
                self.found.broken.push(id);
            }
        }
    }
}
