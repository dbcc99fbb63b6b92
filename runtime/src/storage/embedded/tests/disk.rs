//! A disk in memory that does what disks do: until it is synced, a write is in a cache, and a power cut loses it, keeps
//! it, or tears it into sectors. It can also be full, read-only, or fail to sync.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

use super::super::medium::Medium;

const SECTOR: usize = 512;
type Sector = [u8; SECTOR];

/// Numbers that follow from a seed.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// splitmix64.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(super) fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).expect("below a usize")
    }
}

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Others have taken what was free.
    Full,
    /// No write finds space, not even over what is there, as on a file system that copies.
    NoSpace,
    ReadOnly,
    /// The next sync fails; part of what it had to write is lost, and the cache knows nothing of that.
    Sync,
    /// The next sync does all it has to, and says that it failed.
    Late,
    /// The next write fails.
    Write,
}

#[derive(Clone, Debug)]
pub(super) struct Disk(Arc<Mutex<Hardware>>);

#[derive(Debug)]
struct Hardware {
    file: Option<File>,
    making: Option<File>,
    ballast: u64,
    witness: Option<String>,
    witness_refused: bool,
    /// In bytes.
    capacity: u64,
    operations: u64,
    /// Bytes.
    read: u64,
    cut_at: Option<u64>,
    powered: bool,
    /// Whether syncs do anything.
    syncs: bool,
    /// Whether opening after a failure has to wait, and how many do.
    slow: bool,
    waiting: usize,
    /// How often a fault was met.
    met: u64,
    fault: Option<(u64, Fault)>,
    random: Random,
}

/// A file, and what a cache makes of it.
#[derive(Debug, Default)]
struct File {
    platter: Vec<u8>,
    /// What reads see.
    cached: Vec<u8>,
    /// The sectors written since the last sync, each as often as it was, and when.
    dirty: BTreeMap<usize, Vec<(u64, Sector)>>,
    lengths: Vec<(u64, usize)>,
    allocated: BTreeSet<usize>,
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Hardware {
            file: None,
            making: None,
            ballast: 0,
            witness: None,
            witness_refused: false,
            capacity: u64::MAX,
            operations: 0,
            read: 0,
            cut_at: None,
            powered: true,
            syncs: true,
            slow: false,
            waiting: 0,
            met: 0,
            fault: None,
            random: Random::new(seed),
        })))
    }

    /// A disk that calls a sync done at once.
    pub(super) fn without_syncs(seed: u64) -> Self {
        let disk = Self::new(seed);
        disk.hardware().syncs = false;
        disk
    }

    pub(super) fn cut_power_after(&self, operations: u64) {
        let mut hardware = self.hardware();
        hardware.cut_at = Some(hardware.operations + operations);
    }

    /// Power again: the cache is gone, and of what was not synced some is there and some is not.
    pub(super) fn restart(&self) {
        let mut hardware = self.hardware();
        let Hardware { file, random, .. } = &mut *hardware;
        if let Some(file) = file {
            file.lose_power(random);
        }
        hardware.making = None;
        hardware.fault = None;
        hardware.cut_at = None;
        hardware.powered = true;
    }

    pub(super) fn fail_at(&self, operation: u64, fault: Fault) {
        self.hardware().fault = Some((operation, fault));
    }

    /// The fault is over.
    pub(super) fn heal(&self) {
        let mut hardware = self.hardware();
        hardware.fault = None;
        hardware.capacity = u64::MAX;
    }

    /// Whether opening after a failure takes until this is over.
    pub(super) fn be_slow(&self, slow: bool) {
        self.hardware().slow = slow;
    }

    /// How many are opening it after a failure, slowly.
    pub(super) fn waiting(&self) -> usize {
        self.hardware().waiting
    }

    /// How many have it, this one included.
    pub(super) fn users(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// How often a fault was met.
    pub(super) fn met(&self) -> u64 {
        self.hardware().met
    }

    /// Whether there is space for all but the witness.
    pub(super) fn refuse_witness(&self, refused: bool) {
        self.hardware().witness_refused = refused;
    }

    pub(super) fn operations(&self) -> u64 {
        self.hardware().operations
    }

    /// How many bytes were read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.hardware().read
    }

    /// Bytes of the file, to look at or to change behind the store's back.
    pub(super) fn with_bytes<T>(&self, act: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let mut hardware = self.hardware();
        let file = hardware.file.as_mut().expect("there is a file");
        let answer = act(&mut file.platter);
        file.cached.clone_from(&file.platter);
        answer
    }

    fn hardware(&self) -> MutexGuard<'_, Hardware> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hardware {
    /// Counts an operation; the power may go with it.
    fn operate(&mut self) -> io::Result<u64> {
        self.operations += 1;
        if self.cut_at.is_some_and(|at| self.operations >= at) {
            self.powered = false;
        }
        self.check_power()?;
        Ok(self.operations)
    }

    fn check_power(&self) -> io::Result<()> {
        if self.powered { Ok(()) } else { Err(io::Error::other("the power is cut")) }
    }

    fn fault(&mut self) -> Option<Fault> {
        let (_, fault) = self.fault.filter(|(at, _)| self.operations >= *at)?;
        if fault == Fault::Full && self.capacity == u64::MAX {
            self.capacity = self.used();
        }
        Some(fault)
    }

    fn used(&self) -> u64 {
        let sectors = [&self.file, &self.making].into_iter().flatten().map(|file| file.allocated.len());
        self.ballast + sectors.sum::<usize>() as u64 * SECTOR as u64
    }

    fn fails(&mut self, why: io::Error) -> io::Error {
        self.met += 1;
        why
    }

    fn check_fault(&mut self) -> io::Result<()> {
        match self.fault() {
            Some(Fault::NoSpace) => Err(self.fails(io::ErrorKind::StorageFull.into())),
            Some(Fault::ReadOnly) => Err(self.fails(io::ErrorKind::ReadOnlyFilesystem.into())),
            Some(Fault::Write) => {
                self.fault = None;
                Err(self.fails(io::Error::other("the disk does not write")))
            }
            Some(Fault::Full | Fault::Sync | Fault::Late) | None => Ok(()),
        }
    }

    fn check_space(&mut self, making: bool, sectors: Range<usize>) -> io::Result<()> {
        let allocated = &self.open(making).allocated;
        let new = sectors.filter(|sector| !allocated.contains(sector)).count() * SECTOR;
        if new > 0 && self.used() + new as u64 > self.capacity {
            return Err(self.fails(io::ErrorKind::StorageFull.into()));
        }
        Ok(())
    }

    fn open(&mut self, making: bool) -> &mut File {
        if making { &mut self.making } else { &mut self.file }.as_mut().expect("it is open")
    }
}

impl File {
    fn write(&mut self, operation: u64, offset: usize, data: &[u8]) {
        let end = offset + data.len();
        if end > self.cached.len() {
            self.set_len(operation, end);
        }
        self.cached[offset..end].copy_from_slice(data);
        for sector in offset / SECTOR..end.div_ceil(SECTOR) {
            self.dirty.entry(sector).or_default().push((operation, sector_of(&self.cached, sector)));
            self.allocated.insert(sector);
        }
    }

    fn set_len(&mut self, operation: u64, len: usize) {
        self.cached.resize(len, 0);
        self.lengths.push((operation, len));
    }

    fn sync(&mut self) {
        for (sector, versions) in std::mem::take(&mut self.dirty) {
            put(&mut self.platter, sector, &versions.last().expect("written").1);
        }
        self.lengths.clear();
        self.platter.resize(self.cached.len(), 0);
    }

    /// Writes some of it, and forgets what it did not write.
    fn fail_to_sync(&mut self, random: &mut Random) {
        if random.below(2) == 0 {
            self.lengths.clear();
            self.platter.resize(self.cached.len(), 0);
        }
        for (sector, versions) in std::mem::take(&mut self.dirty) {
            if random.below(2) == 0 {
                put(&mut self.platter, sector, &versions.last().expect("written").1);
            }
        }
    }

    /// Reads what the disk has, but for what it still has to be given.
    fn forget_cached(&mut self) {
        let len = self.lengths.last().map_or(self.platter.len(), |(_, len)| *len);
        self.cached.clone_from(&self.platter);
        self.cached.resize(len, 0);
        for (sector, versions) in &self.dirty {
            put(&mut self.cached, *sector, &versions.last().expect("written").1);
        }
    }

    fn lose_power(&mut self, random: &mut Random) {
        let first = self.dirty.values().flatten().map(|(at, _)| *at).min().unwrap_or(0);
        let last = self.dirty.values().flatten().map(|(at, _)| *at).max().unwrap_or(0);
        // All, none, everything up to a moment, or any sector of any moment.
        let until = match random.below(4) {
            0 => Some(u64::MAX),
            1 => Some(0),
            2 => Some(first + random.below(last - first + 1)),
            _ => None,
        };
        let lengths = self.lengths.iter().filter(|(at, _)| until.is_none_or(|until| *at <= until));
        let lengths: Vec<_> = [self.platter.len()].into_iter().chain(lengths.map(|(_, len)| *len)).collect();
        let len =
            if until.is_some() { lengths[lengths.len() - 1] } else { lengths[random.index(lengths.len())] };
        self.platter.resize(len, 0);
        for (sector, versions) in std::mem::take(&mut self.dirty) {
            // The write of the last moment is torn.
            let torn = random.below(2) == 0;
            let kept = match until {
                Some(until) => versions.iter().rfind(|(at, _)| *at < until || (*at == until && torn)),
                None => versions.get(random.index(versions.len() + 1)),
            };
            if let Some((_, kept)) = kept {
                put(&mut self.platter, sector, kept);
            }
        }
        self.lengths.clear();
        self.cached.clone_from(&self.platter);
    }
}

fn sector_of(bytes: &[u8], sector: usize) -> Sector {
    let mut copy = [0; SECTOR];
    let part = &bytes[sector * SECTOR..bytes.len().min((sector + 1) * SECTOR)];
    copy[..part.len()].copy_from_slice(part);
    copy
}

/// What lies behind the end is not there.
fn put(bytes: &mut [u8], sector: usize, content: &Sector) {
    let end = bytes.len().min((sector + 1) * SECTOR);
    if let Some(part) = bytes.get_mut(sector * SECTOR..end) {
        part.copy_from_slice(&content[..part.len()]);
    }
}

impl Medium for Disk {
    fn path(&self) -> &Path {
        Path::new("a disk")
    }

    fn open(&self, after_failure: bool) -> io::Result<Option<Box<dyn StorageBackend>>> {
        if after_failure {
            self.hardware().waiting += 1;
            while self.hardware().slow {
                std::thread::yield_now();
            }
            self.hardware().waiting -= 1;
        }
        let mut hardware = self.hardware();
        hardware.check_power()?;
        if hardware.fault() == Some(Fault::ReadOnly) {
            return Err(hardware.fails(io::ErrorKind::ReadOnlyFilesystem.into()));
        }
        let Some(file) = &mut hardware.file else { return Ok(None) };
        if after_failure {
            file.forget_cached();
        }
        Ok(Some(Box::new(Handle { disk: self.clone(), making: false })))
    }

    fn create(&self) -> io::Result<Box<dyn StorageBackend>> {
        let mut hardware = self.hardware();
        hardware.operate()?;
        hardware.check_fault()?;
        hardware.making = Some(File::default());
        Ok(Box::new(Handle { disk: self.clone(), making: true }))
    }

    fn adopt(&self) -> io::Result<()> {
        let mut hardware = self.hardware();
        hardware.operate()?;
        hardware.file = hardware.making.take();
        Ok(())
    }

    fn ballast(&self) -> io::Result<u64> {
        Ok(self.hardware().ballast)
    }

    fn set_ballast(&self, bytes: u64) -> io::Result<()> {
        let mut hardware = self.hardware();
        hardware.check_power()?;
        match hardware.fault() {
            Some(Fault::ReadOnly) => return Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Some(Fault::NoSpace) if bytes > hardware.ballast => return Err(io::ErrorKind::StorageFull.into()),
            _ => {}
        }
        if bytes > hardware.ballast && hardware.used() - hardware.ballast + bytes > hardware.capacity {
            return Err(io::ErrorKind::StorageFull.into());
        }
        hardware.ballast = bytes;
        Ok(())
    }

    fn witness(&self) -> io::Result<Option<String>> {
        let hardware = self.hardware();
        hardware.check_power()?;
        Ok(hardware.witness.clone())
    }

    fn set_witness(&self, text: &str) -> io::Result<()> {
        let mut hardware = self.hardware();
        if hardware.witness_refused {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let was_on = hardware.powered;
        let powered = hardware.operate();
        if powered.is_ok() {
            match hardware.fault() {
                Some(Fault::ReadOnly) => return Err(io::ErrorKind::ReadOnlyFilesystem.into()),
                Some(Fault::Full | Fault::NoSpace) => return Err(io::ErrorKind::StorageFull.into()),
                _ => {}
            }
        }
        // When the power goes meanwhile, it is the new one or the old one.
        if powered.is_ok() || (was_on && hardware.random.below(2) == 0) {
            hardware.witness = Some(text.to_owned());
        }
        powered.map(drop)
    }
}

/// The open file.
#[derive(Debug)]
struct Handle {
    disk: Disk,
    making: bool,
}

fn number(offset: u64) -> usize {
    usize::try_from(offset).expect("a file in memory")
}

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        let mut hardware = self.disk.hardware();
        hardware.check_power()?;
        Ok(hardware.open(self.making).cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut hardware = self.disk.hardware();
        hardware.check_power()?;
        hardware.read += out.len() as u64;
        let cached = &hardware.open(self.making).cached;
        let part = cached.get(number(offset)..number(offset) + out.len());
        out.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut hardware = self.disk.hardware();
        let operation = hardware.operate()?;
        hardware.check_fault()?;
        hardware.open(self.making).set_len(operation, number(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut hardware = self.disk.hardware();
        hardware.operate()?;
        if !hardware.syncs {
            return Ok(());
        }
        let fault = hardware.fault().filter(|fault| matches!(fault, Fault::Sync | Fault::Late));
        if fault == Some(Fault::Sync) {
            let Hardware { file, making, random, .. } = &mut *hardware;
            let file = if self.making { making } else { file };
            file.as_mut().expect("it is open").fail_to_sync(random);
        } else {
            hardware.open(self.making).sync();
        }
        if fault.is_none() {
            return Ok(());
        }
        hardware.fault = None;
        Err(hardware.fails(io::Error::other("the disk does not take it")))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut hardware = self.disk.hardware();
        let powered = hardware.operate();
        let operation = hardware.operations;
        let (from, to) = (number(offset), number(offset) + data.len());
        if powered.is_ok() {
            hardware.check_fault()?;
            hardware.check_space(self.making, from / SECTOR..to.div_ceil(SECTOR))?;
        } else if hardware.cut_at != Some(operation) {
            return powered.map(drop);
        }
        // The write in which the power goes may be torn.
        hardware.open(self.making).write(operation, from, data);
        powered.map(drop)
    }
}
