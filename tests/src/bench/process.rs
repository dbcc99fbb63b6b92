//! What a running process has used: CPU by its own clock, in nanoseconds, and memory.

use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::time::Duration;

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

    /// CPU used so far, by all its threads, in user and system mode.
    pub(super) fn cpu(&self) -> Duration {
        let time = clock_gettime(self.clock);
        time.unwrap_or_else(|error| panic!("reading the CPU clock of process {}: {error}", self.id)).into()
    }

    /// Resident memory, in bytes.
    pub(super) fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.id);
        let status = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("reading {path}: {error}"));
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        kib.unwrap_or_else(|| panic!("{path} has no VmRSS")) * 1024
    }
}
