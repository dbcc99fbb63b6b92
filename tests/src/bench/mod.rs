//! What our server costs beside Go's sample-apiserver, both taken in one run.
//!
//! Every figure is a pair: the same client sends the same requests to one server and then to the
//! other, round after round with the order turned, and the ratio is taken within the round. CPU is
//! that of the server's process alone, by its own clock. Nothing here asserts a time: the answers
//! are checked, the figures are printed.

mod build;
mod client;
mod create;
mod get;
mod list;
mod load;
mod objects;
mod peers;
mod process;
mod rounds;
mod row;
mod size;
mod startup;
mod table;

pub use row::Row;
pub use table::table;

use crate::control_plane::ControlPlane;
use peers::Peers;

/// How thorough a run is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often each pair is taken.
    pub rounds: usize,
    /// Whether a generated project is built from nothing, and the Go server too.
    pub cold_build: bool,
    /// Hears what is being done, and what was found.
    pub tell: fn(&str),
}

impl Plan {
    /// The figures to publish.
    pub fn full(tell: fn(&str)) -> Self {
        Self { rounds: 7, cold_build: true, tell }
    }

    /// The figures to look at while working.
    pub fn quick(tell: fn(&str)) -> Self {
        Self { rounds: 3, cold_build: false, tell }
    }
}

/// All rows, or `None` where no control plane can be had.
pub async fn run(plan: Plan) -> Option<Vec<Row>> {
    (plan.tell)("starting the control plane and both servers");
    let plane = ControlPlane::start().await?;
    let mut peers = Peers::start(&plane).await;
    let mut rows = Vec::new();
    // Told as they come: what comes later may fail.
    let mut add = |more: Vec<Row>| {
        more.iter().for_each(|row| (plan.tell)(&table::sentence(row)));
        rows.extend(more);
    };
    add(startup::rows(&mut peers, plan).await);
    add(vec![size::row()]);
    (plan.tell)("storing 10 000 objects in each server");
    objects::store(&peers).await;
    add(get::rows(&peers, plan).await);
    add(list::rows(&peers, plan).await);
    add(create::rows(&peers, plan).await);
    drop(peers);
    drop(plane);
    add(build::rows(plan));
    Some(rows)
}
