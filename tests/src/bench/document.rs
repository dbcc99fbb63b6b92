//! The page of the documentation that a run writes: its table, its chart, and what it was taken on.

use super::chart::chart;
use super::table::table;
use super::{Found, Plan};
use std::fs;
use std::path::Path;

/// Names of the files in the folder of the documentation.
const PAGE: &str = "benchmarks.md";
const CHART: &str = "benchmarks.svg";

/// Writes both into `folder`.
pub fn write(folder: &Path, plan: Plan, found: &Found) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap_or_else(|error| panic!("writing {}: {error}", path.display()));
    };
    fs::create_dir_all(folder).unwrap_or_else(|error| panic!("making {}: {error}", folder.display()));
    write(CHART, &chart(&found.rows));
    write(PAGE, &page(plan, found));
}

fn page(plan: Plan, found: &Found) -> String {
    format!(
        "# What a server costs\n\n\
         <!-- Written by `cargo xtask bench --write-docs`: change the bench, not this page. -->\n\n\
         Ours beside Go's sample-apiserver (Kubernetes 1.37, etcd 3.7) and beside a floor, the least that could do \
         the same: a bare hyper server that sends the same bytes, an append with fdatasync shared by all who wait, a \
         bare etcd transaction. One machine, one run: {rounds} rounds after one to warm up, in each of which the same \
         client asks every server, each round beginning with another. Figures of another machine differ; ratios \
         travel better.\n\n\
         {machine}\n\n\
         ![Ratios]({CHART})\n\n\
         CPU is that of the server's process, by its own clock, in samples of at least 0.4 s; every server has a \
         worker for each core and none is pinned. Objects have texts of their own. A rate is judged only where the \
         client left the servers more than 40 % of a core.\n\n\
         {missing}{table}",
        rounds = plan.rounds,
        machine = machine(),
        missing = missing(&found.broken),
        table = table(&found.rows),
    )
}

/// A word about workloads that broke off.
fn missing(broken: &[&str]) -> String {
    if broken.is_empty() {
        String::new()
    } else {
        format!("{} broke off in this run.\n\n", broken.join(", "))
    }
}

/// Cores, memory and how busy the machine was besides.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unnamed processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = read("/proc/meminfo");
    let memory = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().split(' ').next()?.parse().ok());
    let gibibytes = memory.unwrap_or(0.0_f64) / f64::from(1 << 20);
    let load = read("/proc/loadavg");
    let load = load.split(' ').nth(2).unwrap_or("unknown");
    format!(
        "Taken on {cores} cores ({model}), {gibibytes:.0} GiB, load average {load} at the end of the run."
    )
}
