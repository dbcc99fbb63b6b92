//! W6: writes, each acknowledged when it is on disk: ours embedded and on etcd, Go's on that etcd.

use super::Plan;
use super::load::{Load, Sample, sample};
use super::objects::{collection, flunder, post};
use super::peers::Peers;
use super::rounds::{Contest, Round, figures, rounds_beside};
use super::row::{Row, Unit};
use super::{append, transaction};
use http::StatusCode;
use std::sync::Arc;

/// At 1, 16 and 64 writers, or at 16 only; embedded and, where there is such a storage, on etcd.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    let writers: &[usize] = if plan.quick { &[16] } else { &[1, 16, 64] };
    let mut rows = Vec::new();
    for &writers in writers {
        rows.extend(embedded(peers, plan, writers).await);
    }
    let Some(ours) = &peers.ours_on_etcd else {
        (plan.tell)("no rows of ours on etcd: this build of it has no such storage");
        return rows;
    };
    for &writers in writers {
        let contest = Contest { ours, go: Some(&peers.go), floor: None };
        rows.extend(on_etcd(contest, peers, plan, writers).await);
    }
    rows
}

async fn embedded(peers: &Peers, plan: Plan, writers: usize) -> Vec<Row> {
    let where_ = "embedded";
    (plan.tell)(&format!("CREATE {where_}, {writers} writers"));
    let load = load(peers, writers);
    let raw = async || append::sample(&peers.directory, writers).await;
    let taken = rounds_beside(peers.three(), plan, async |peer| sample(peer, &load).await, raw).await;
    let cpu = cpu(&taken.iter().map(|(round, _)| *round).collect::<Vec<_>>(), writers, where_);
    // The raw log has no server: its rate and its time are floors, the bare request's CPU is another.
    let samples = beside_raw(taken);
    let (rate, p99) = (rate(&samples, writers, where_), p99(&samples, writers, where_));
    match writers {
        1 => vec![cpu, rate, p99.aiming_at(1.0).within(2.0)],
        16 => vec![cpu.aiming_at(8.0), rate.within(0.4), p99],
        _ => vec![cpu.aiming_at(8.0), rate.aiming_at(6.0).within(0.2), p99],
    }
}

async fn on_etcd(contest: Contest<'_>, peers: &Peers, plan: Plan, writers: usize) -> Vec<Row> {
    let where_ = "on etcd";
    (plan.tell)(&format!("CREATE {where_}, {writers} writers"));
    let (load, numbers) = (load(peers, writers), Arc::default());
    let raw = async || transaction::sample(&peers.etcd_url, &numbers, writers).await;
    let taken = rounds_beside(contest, plan, async |peer| sample(peer, &load).await, raw).await;
    let samples = beside_raw(taken);
    let cpu = cpu(&samples, writers, where_);
    let (rate, p99) = (rate(&samples, writers, where_), p99(&samples, writers, where_));
    match writers {
        1 => vec![cpu, rate, p99],
        16 => vec![cpu.aiming_at(8.0), rate, p99],
        _ => vec![cpu.aiming_at(8.0), rate.aiming_at(1.5).within(0.85), p99],
    }
}

/// Creates by so many writers.
fn load(peers: &Peers, writers: usize) -> Load {
    let path = collection(&peers.written);
    Load {
        streams: writers,
        expected: StatusCode::CREATED,
        request: Arc::new(move |peer, number| {
            post(peer, &path, flunder(&format!("made-by-{writers}-{number:07}"), number))
        }),
    }
}

/// Rounds whose floor is what was taken raw.
fn beside_raw(taken: Vec<(Round<Sample>, Sample)>) -> Vec<Round<Sample>> {
    taken.into_iter().map(|(round, raw)| Round { floor: Some(raw), ..round }).collect()
}

fn cpu(samples: &[Round<Sample>], writers: usize, where_: &str) -> Row {
    let last = samples[samples.len() - 1];
    let beside = last.go.map_or(0.0, |go| go.beside_micros());
    let (place, floor) = match where_ {
        "embedded" => ("ours with its store in it".to_owned(), "a bare request that writes nothing"),
        _ => (
            format!("ours with {:.0} µs of etcd beside", last.ours.beside_micros()),
            "a client's raw transaction",
        ),
    };
    Row::of("W6", what(writers, where_), Unit::Micros, &figures(samples, Sample::cpu_micros)).note(format!(
        "CPU of the server, {place}; Go's etcd {beside:.0} µs beside; both answer after fsync; the floor is {floor}"
    ))
}

fn rate(samples: &[Round<Sample>], writers: usize, where_: &str) -> Row {
    let what = format!("{}, rate", what(writers, where_));
    Row::of("W6", what, Unit::PerSecond, &figures(samples, Sample::rate))
        .with_client(&figures(samples, Sample::client_share))
}

fn p99(samples: &[Round<Sample>], writers: usize, where_: &str) -> Row {
    let what = format!("{}, p99", what(writers, where_));
    Row::of("W6", what, Unit::Millis, &figures(samples, Sample::p99_millis))
}

fn what(writers: usize, where_: &str) -> String {
    let plural = if writers == 1 { "" } else { "s" };
    format!("CREATE {where_}, {writers} writer{plural}")
}
