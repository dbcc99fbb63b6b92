//! The floor of writes: values appended to a file and synced, by one committer for all who wait.

use super::load::{Sample, percentile};
use super::objects::flunder;
use super::process::Process;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// How long one sample takes.
const SAMPLE: Duration = Duration::from_millis(500);

/// A value, and whom to tell that it is on disk.
type Waiting = (Vec<u8>, oneshot::Sender<()>);

/// Writers of a file of their own in that directory.
pub(super) async fn sample(directory: &Path, writers: usize) -> Sample {
    let path = directory.join(format!("raw-append-{writers}"));
    let file = File::create(&path).unwrap_or_else(|error| panic!("making {}: {error}", path.display()));
    let sample = append(file, writers).await;
    std::fs::remove_file(&path).unwrap_or_else(|error| panic!("removing {}: {error}", path.display()));
    sample
}

async fn append(file: File, writers: usize) -> Sample {
    let (queue, waiting) = mpsc::channel();
    let committer = thread::spawn(move || commit(file, &waiting));
    let (started, cpu) = (Instant::now(), Process::own().cpu());
    let mut tasks = JoinSet::new();
    for _ in 0..writers {
        tasks.spawn(write(queue.clone(), started));
    }
    drop(queue);
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done.expect("a writer ends"));
    }
    committer.join().expect("the committer ends with its queue");
    let cpu = Process::own().cpu() - cpu;
    Sample {
        operations: latencies.len() as u64,
        bytes: 0,
        wall: started.elapsed(),
        cpu,
        beside: Duration::ZERO,
        client: Duration::ZERO,
        p99: percentile(&mut latencies, 99),
    }
}

async fn write(queue: mpsc::Sender<Waiting>, started: Instant) -> Vec<Duration> {
    let value = flunder("appended", 1).to_vec();
    let mut latencies = Vec::new();
    while started.elapsed() < SAMPLE {
        let (done, synced) = oneshot::channel();
        let sent = Instant::now();
        queue.send((value.clone(), done)).expect("the committer runs");
        synced.await.expect("the committer answers");
        latencies.push(sent.elapsed());
    }
    latencies
}

/// Whoever came while the last group was synced is the next group.
fn commit(mut file: File, waiting: &mpsc::Receiver<Waiting>) {
    while let Ok(first) = waiting.recv() {
        let group = [first].into_iter().chain(waiting.try_iter()).collect::<Vec<_>>();
        let bytes = group.iter().flat_map(|(value, _)| value).copied().collect::<Vec<_>>();
        file.write_all(&bytes).expect("appending to a file");
        file.sync_data().expect("syncing a file");
        for (_, done) in group {
            // A writer that went away does not wait.
            let _ = done.send(());
        }
    }
}
