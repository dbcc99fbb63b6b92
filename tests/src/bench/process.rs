//! What a running process has used: CPU by its own clock, in nanoseconds, and memory.

use crate::wait::wait_for;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::time::Duration;

/// A process is at rest when it used less than this share of a while.
const WHILE: Duration = Duration::from_millis(500);
const REST: Duration = Duration::from_millis(5);

/// A process that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process {
    id: u32,
    clock: ClockId,
}

impl Process {
    /// The process `id`; panics where there is none.
    pub(super) fn of(id: u32) -> Self {
        let pid = Pid::from_raw(i32::try_from(id).expect("a process id"));
        let clock = clock_getcpuclockid(pid);
        Self { id, clock: clock.unwrap_or_else(|error| panic!("the CPU clock of process {id}: {error}")) }
    }

    /// This one: the client of everything that is measured.
    pub(super) fn own() -> Self {
        Self::of(std::process::id())
    }

    /// CPU used so far, by all its threads, in user and system mode.
    pub(super) fn cpu(&self) -> Duration {
        let time = clock_gettime(self.clock);
        time.unwrap_or_else(|error| panic!("reading the CPU clock of process {}: {error}", self.id)).into()
    }

    /// Resident memory, in bytes.
    pub(super) fn resident(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that was resident since [`Self::forget_peak`].
    pub(super) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Lets the peak begin anew with what is resident now.
    pub(super) fn forget_peak(&self) {
        let path = format!("/proc/{}/clear_refs", self.id);
        std::fs::write(&path, "5").unwrap_or_else(|error| panic!("writing {path}: {error}"));
    }

    /// Resident memory once there is nothing left to do.
    pub(super) async fn at_rest(&self, name: &str) -> u64 {
        wait_for(&format!("{name} to come to rest"), async || {
            let before = self.cpu();
            tokio::time::sleep(WHILE).await;
            let used = self.cpu() - before;
            if used < REST { Ok(self.resident()) } else { Err(format!("it used {used:?} of {WHILE:?}")) }
        })
        .await
    }

    fn status(&self, line: &str) -> u64 {
        let path = format!("/proc/{}/status", self.id);
        let status = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("reading {path}: {error}"));
        let found = status.lines().find_map(|status| status.strip_prefix(line));
        let kib = found.and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        kib.unwrap_or_else(|| panic!("{path} has no {line}")) * 1024
    }
}
