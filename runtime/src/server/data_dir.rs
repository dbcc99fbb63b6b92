//! Who a data directory is to others: the store in it, and the process that has it.
//!
//! A copy of the directory, or a volume made of a snapshot, carries its store's identity along, while the original may
//! still be served from. So Leases are held in the name of a process. One that comes back after a kill goes on under
//! the name of the one before it only where it knows that this one is dead: on the same running machine, with the lock
//! of the very file that the other one had locked. Anywhere else it has a new name, and waits like anybody.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use uuid::Uuid;

use crate::{Error, Result, owner_only};

/// Says who the storage beside it is, wherever it is mounted.
const STORE: &str = "storage.id";
/// Says which process has the directory, and where that is.
const PROCESS: &str = "storage.process";

/// Who the store in that directory is; decided when it is asked for first.
pub(super) fn store(folder: &Path) -> Result<String> {
    let path = folder.join(STORE);
    let found = owner_only::directory(folder).and_then(|()| known(&path)).and_then(|found| match found {
        Some(id) => Ok(id),
        None => decided(folder, &path),
    });
    found.map(|id| id.to_string()).map_err(|why| {
        Error::new(format!(
            "reading who the store in {} is, from {}: {why}",
            folder.display(),
            path.display()
        ))
    })
}

/// An empty file says nothing: its text was lost before it was on disk.
fn known(path: &Path) -> io::Result<Option<Uuid>> {
    let found = match std::fs::read_to_string(path) {
        Ok(found) => found,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(why),
    };
    match found.trim() {
        "" => Ok(None),
        id => Uuid::parse_str(id).map(Some).map_err(|why| {
            let remedy = "put the file of this store back, or remove it: the store has a new identity then";
            io::Error::new(io::ErrorKind::InvalidData, format!("{why}; {remedy}"))
        }),
    }
}

/// All of it is there, or nothing.
fn decided(folder: &Path, path: &Path) -> io::Result<Uuid> {
    let (id, new) = (Uuid::new_v4(), folder.join(format!("{STORE}.new")));
    let mut file = owner_only::file().write(true).create(true).truncate(true).open(&new)?;
    file.write_all(id.to_string().as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(id)
}

/// The name of the process that has that directory, and the lock that makes it its own for as long as it is kept.
/// Without one, where another process has it or places cannot be told apart, the name is used this once.
pub(super) fn process(folder: &Path) -> (String, Option<File>) {
    match resident(&folder.join(PROCESS)) {
        Ok((id, lock)) => (id.to_string(), Some(lock)),
        Err(why) => {
            tracing::debug!("a process of {} without its lock: {why}", folder.display());
            (Uuid::new_v4().to_string(), None)
        }
    }
}

fn resident(path: &Path) -> io::Result<(Uuid, File)> {
    let mut file = owner_only::file().read(true).write(true).create(true).truncate(false).open(path)?;
    file.try_lock()?;
    let place = place(&file)?;
    let mut found = Vec::new();
    file.read_to_end(&mut found)?;
    let found = String::from_utf8_lossy(&found);
    let before = found.rsplit_once(' ').filter(|(at, _)| *at == place);
    if let Some(id) = before.and_then(|(_, id)| Uuid::parse_str(id).ok()) {
        return Ok((id, file));
    }
    let id = Uuid::new_v4();
    file.set_len(0)?;
    file.rewind()?;
    // A restart of the machine makes it void: it need not outlive one.
    file.write_all(format!("{place} {id}").as_bytes())?;
    Ok((id, file))
}

/// Where a file is: a copy has another number, a copy of the volume another device, and another machine, or this one
/// after a restart, another boot.
#[cfg(target_os = "linux")]
fn place(file: &File) -> io::Result<String> {
    use std::os::linux::fs::MetadataExt as _;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let metadata = file.metadata()?;
    Ok(format!("{} {}:{}", boot.trim(), metadata.st_dev(), metadata.st_ino()))
}

#[cfg(not(target_os = "linux"))]
fn place(_: &File) -> io::Result<String> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_keeps_its_identity_and_no_two_have_the_same() {
        let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let folder = one.path().join("new");
        let first = store(&folder).expect("made");
        assert_eq!(store(&folder).expect("read"), first);
        assert_ne!(store(two.path()).expect("made"), first);
        std::fs::write(folder.join(STORE), "somebody").expect("written");
        let refused = store(&folder).expect_err("no identity").to_string();
        assert!(refused.contains("storage.id") && refused.contains("remove it"), "{refused}");
    }

    #[test]
    fn a_first_start_that_fails_leaves_a_directory_that_can_be_started_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        // Nothing can be written there.
        let blocked = folder.join(format!("{STORE}.new"));
        std::fs::create_dir(&blocked).expect("made");
        store(folder).expect_err("blocked");
        assert!(!folder.join(STORE).exists());
        std::fs::remove_dir(&blocked).expect("removed");
        // Left by a write that was broken off.
        std::fs::write(&blocked, "1b4e28").expect("written");
        let first = store(folder).expect("made");
        assert_eq!(store(folder).expect("read"), first);
        for empty in ["", "\n"] {
            std::fs::write(folder.join(STORE), empty).expect("written");
            let id = store(folder).expect("made anew");
            assert_eq!(store(folder).expect("read"), id);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_has_the_name_of_the_one_before_it_where_that_is_dead() {
        let (folder, copy) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let folder = folder.path();
        let (first, lock) = process(folder);
        assert!(lock.is_some());
        let (beside, none) = process(folder);
        assert!(none.is_none() && beside != first, "the first one lives");
        std::fs::copy(folder.join(PROCESS), copy.path().join(PROCESS)).expect("copied");
        let (twin, own) = process(copy.path());
        assert!(own.is_some() && twin != first, "the original of the copy lives");
        drop(lock);
        let (second, lock) = process(folder);
        assert_eq!(second, first);
        drop(lock);
        for torn in ["", "somebody", &format!("another-boot 1:2 {first}")] {
            std::fs::write(folder.join(PROCESS), torn).expect("written");
            let (new, lock) = process(folder);
            assert!(lock.is_some() && new != first, "{torn}");
            drop(lock);
            assert_eq!(process(folder).0, new);
        }
    }
}
