//! Where the bytes lie: one file in a directory, and beside it a lock, the ballast and the witness.
//!
//! What is read and written in the file is redb's; when it is opened again after a failure, the engine's.

use std::fmt::Debug;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use redb::StorageBackend;
use redb::backends::FileBackend;

use super::super::Result;
use super::refusal::{in_use, unavailable};
use crate::owner_only;

/// The file in the data directory.
pub(super) const FILE: &str = "storage.redb";
/// The file while it is made: it gets its name when it is whole.
const MAKING: &str = "storage.redb.new";
const LOCK: &str = "storage.lock";
const BALLAST: &str = "storage.ballast";
const WITNESS: &str = "storage.witness";

/// The part of a [`StorageBackend`] around another one, its `file`, in which the two do not differ: who has it, and its end.
macro_rules! locks_of_its_file {
    () => {
        fn close(&self) -> std::io::Result<()> {
            self.file.close()
        }
        fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
            self.file.try_lock_range(start, end)
        }
        fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
            self.file.try_lock_shared_range(start, end)
        }
        fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
            self.file.lock_range(start, end)
        }
        fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
            self.file.lock_shared_range(start, end)
        }
        fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
            self.file.unlock_range(start, end)
        }
        fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
            self.file.query_lock_range(start, end)
        }
    };
}
pub(super) use locks_of_its_file;

/// One file that survives, and space that can be kept free beside it.
pub(super) trait Medium: Debug + Send + Sync + 'static {
    /// What the file is called in messages.
    fn path(&self) -> &Path;

    /// The file, when there is one. After a failure only what the disk has may be seen, not what it failed to take.
    fn open(&self, after_failure: bool) -> io::Result<Option<Box<dyn StorageBackend>>>;

    /// An empty file that is not the one of [`Medium::open`] before it is adopted.
    fn create(&self) -> io::Result<Box<dyn StorageBackend>>;

    /// Makes the created file the file, durably and in one step.
    fn adopt(&self) -> io::Result<()>;

    /// How large the ballast is.
    fn ballast(&self) -> io::Result<u64>;

    /// Makes the ballast so large, of space that is really taken.
    fn set_ballast(&self, bytes: u64) -> io::Result<()>;

    /// What the witness says, when there is one.
    fn witness(&self) -> io::Result<Option<String>>;

    /// Makes the witness say this, durably and in one step.
    fn set_witness(&self, text: &str) -> io::Result<()>;
}

/// A directory that no other process writes to.
#[derive(Debug)]
pub(super) struct Directory {
    dir: PathBuf,
    path: PathBuf,
    /// Held as long as the store is open, so that nobody else takes the file while it is opened again.
    _lock: File,
}

impl Directory {
    /// Makes the directory when it is missing, and locks it.
    pub(super) fn lock(dir: &Path) -> Result<Self> {
        owner_only::directory(dir).map_err(|why| {
            unavailable(format!("the data directory {} cannot be made: {why}", dir.display()))
        })?;
        let path = dir.join(FILE);
        let lock = owner_only::file().write(true).create(true).truncate(false).open(dir.join(LOCK));
        let lock =
            lock.map_err(|why| unavailable(format!("{} cannot be opened: {why}", dir.join(LOCK).display())))?;
        match lock.try_lock() {
            // Where files have no locks, redb's own decides.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { dir: dir.to_owned(), path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(in_use(&path)),
        }
    }
}

impl Medium for Directory {
    fn path(&self) -> &Path {
        &self.path
    }

    fn open(&self, after_failure: bool) -> io::Result<Option<Box<dyn StorageBackend>>> {
        let file = match owner_only::file().read(true).write(true).open(&self.path) {
            Ok(file) => file,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(why),
        };
        // The file gets its name when it is whole: an empty one is what a copy that failed left behind.
        if file.metadata()?.len() == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is empty"));
        }
        if after_failure {
            forget_cached(&file)?;
        }
        Ok(Some(Box::new(FileBackend::new(file).map_err(io::Error::other)?)))
    }

    fn create(&self) -> io::Result<Box<dyn StorageBackend>> {
        // Objects may hold secrets.
        let options = &mut owner_only::file();
        let file = options.read(true).write(true).create(true).truncate(true).open(self.dir.join(MAKING))?;
        Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
    }

    fn adopt(&self) -> io::Result<()> {
        fs::rename(self.dir.join(MAKING), &self.path)?;
        // A file is durable when its name is.
        File::open(&self.dir)?.sync_all()
    }

    fn ballast(&self) -> io::Result<u64> {
        match fs::metadata(self.dir.join(BALLAST)) {
            Ok(file) => Ok(file.len()),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(why) => Err(why),
        }
    }

    fn set_ballast(&self, bytes: u64) -> io::Result<()> {
        let options = &mut owner_only::file();
        let file = options.write(true).create(true).truncate(false).open(self.dir.join(BALLAST))?;
        let has = file.metadata()?.len();
        if bytes > has { take(&file, has, bytes - has) } else { file.set_len(bytes) }
    }

    fn witness(&self) -> io::Result<Option<String>> {
        witness(&self.dir)
    }

    fn set_witness(&self, text: &str) -> io::Result<()> {
        set_witness(&self.dir, text)
    }
}

/// What the witness in a directory says.
pub(super) fn witness(dir: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(dir.join(WITNESS)) {
        Ok(text) => Ok(Some(text)),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(why),
    }
}

/// All of it is there, or what was there before.
pub(super) fn set_witness(dir: &Path, text: &str) -> io::Result<()> {
    let (path, new) = (dir.join(WITNESS), dir.join(format!("{WITNESS}.new")));
    let mut file = owner_only::file().write(true).create(true).truncate(true).open(&new)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)?;
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    Ok(())
}

/// After a failed sync the page cache calls pages clean that the disk never took. They must not be read again as if
/// it had: the next sync would not write them.
fn forget_cached(file: &File) -> io::Result<()> {
    file.sync_all()?;
    #[cfg(target_os = "linux")]
    {
        use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
        posix_fadvise(file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
    }
    Ok(())
}

/// Takes space for the end of a file.
fn take(mut file: &File, from: u64, bytes: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use nix::fcntl::{FallocateFlags, fallocate};
        let number = |bytes: u64| i64::try_from(bytes).map_err(io::Error::other);
        match fallocate(file, FallocateFlags::empty(), number(from)?, number(bytes)?) {
            Ok(()) => return Ok(()),
            Err(nix::Error::EOPNOTSUPP) => {}
            Err(why) => return Err(why.into()),
        }
    }
    io::Seek::seek(&mut file, io::SeekFrom::Start(from))?;
    let zeros = io::Read::take(io::repeat(0), bytes);
    io::copy(&mut { zeros }, &mut file).map(drop).inspect_err(|_| {
        // A file that ends in a part of it would count as ballast.
        let _ = file.set_len(from);
    })
}
