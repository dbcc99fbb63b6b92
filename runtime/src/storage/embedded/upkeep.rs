//! What is done to the file of a store while no server has it: examined, shrunk, replaced.
//!
//! All of it blocks, and is refused while another process has the file.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, ReadableTable as _, ReadableTableMetadata as _};

use super::super::{Error, Result, Retention};
use super::ballast::Ballast;
use super::engine::Pace;
use super::followed::Followed;
use super::layout::{COMPACTED, LIVE, LOG, META};
use super::medium::{self, Directory, FILE, Medium};
use super::overlay::Overlay;
use super::witness::Testimony;
use super::{Embedded, PAGE_CACHE, Settings, load, refusal};

/// The folder of a store in the making, below the data directory: on the same file system.
const STAGE: &str = "staged";

/// Whether the engine found its file sound, or mended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// Every page is as it was written.
    Sound,
    /// The last commit is not whole, as after a crash; the next opening puts the one before in its place.
    Mended,
}

/// What is being done to the pages of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// They are compared with their checksums.
    Checking,
    /// The file is opened, and everything in it is read.
    Opening,
    /// Rows of history are removed.
    Forgetting,
    /// They move to the front.
    Moving,
}

/// Told of progress: how many pages are done, and how many there are. Those that hold nothing are never done.
pub type Progress = Arc<dyn Fn(Stage, u64, u64) + Send + Sync>;

/// What shrinking a file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The size of the file before, in bytes.
    pub before: u64,
    /// And after.
    pub after: u64,
    /// How many records of history were forgotten.
    pub forgotten: u64,
}

/// The file of the store in that directory.
pub fn file(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// Reads every page of the file in that directory and compares it with its checksum. Not a byte of it is changed.
///
/// # Errors
/// [`Error::Incompatible`] when there is no store, or it is in use, foreign or damaged.
pub fn examine(dir: &Path, progress: &Progress) -> Result<Pages> {
    let medium = Followed::new(Arc::new(existing(dir)?), progress);
    medium.begin(Some(Stage::Checking));
    let path = medium.path();
    load::guarded(path, || {
        let unopened = |why| refusal::cannot_open(path, &why);
        let file = medium.open(false).map_err(unopened)?.ok_or_else(|| missing(dir))?;
        let overlay = Overlay::new(file).map_err(unopened)?;
        let database = Database::builder().set_cache_size(PAGE_CACHE).create_with_backend(overlay);
        let checked = database.map_err(|why| refusal::refused(path, &why))?.check_integrity();
        medium.begin(None);
        match checked {
            Ok(true) => Ok(Pages::Sound),
            Ok(false) => Ok(Pages::Mended),
            Err(why) => Err(refusal::refused(path, &why)),
        }
    })
}

/// Opens the store in that directory, and tells how far that is; none is made.
///
/// # Errors
/// [`Error::Incompatible`] when there is no store, or it is in use, foreign or damaged.
pub fn open(dir: &Path, progress: &Progress) -> Result<Embedded> {
    let medium = Arc::new(Followed::new(Arc::new(existing(dir)?), progress));
    medium.begin(Some(Stage::Opening));
    let opened = Embedded::on(Arc::clone(&medium) as Arc<dyn Medium>, Settings::default(), Pace::default());
    medium.begin(None);
    opened
}

/// Forgets all history and gives its space, and that of what was deleted, back to the file system. Watchers that
/// come back are told to list.
///
/// # Errors
/// [`Error::Incompatible`] when there is no store, or it is in use, foreign or damaged: nothing was changed then.
pub fn shrink(dir: &Path, progress: &Progress) -> Result<Shrunk> {
    // What is not sound is left as it is.
    examine(dir, progress)?;
    let followed = Arc::new(Followed::new(Arc::new(existing(dir)?), progress));
    let (medium, path) = (Arc::clone(&followed) as Arc<dyn Medium>, followed.path());
    followed.begin(Some(Stage::Opening));
    let size = || fs::metadata(path).map(|file| file.len()).map_err(failed("look at", path));
    let before = size()?;
    let forgotten = load::guarded(path, || {
        let ballast = Arc::new(Ballast::new(Arc::clone(&medium)));
        let mut database = load::database(&*medium, &ballast)?;
        drop(load::load(&database, &*medium, Retention::default())?);
        followed.begin(Some(Stage::Forgetting));
        let forgotten = forget(&database).map_err(|why| refusal::unreadable(path, why))?;
        followed.begin(Some(Stage::Moving));
        let compacted = database.compact().map_err(redb::Error::from);
        followed.begin(None);
        compacted.map_err(|why| refusal::unreadable(path, why))?;
        Ok(forgotten)
    })?;
    Ok(Shrunk { before, after: size()?, forgotten })
}

/// Removes every row that is not live, in one transaction.
fn forget(database: &Database) -> Result<u64, redb::Error> {
    let transaction = database.begin_write()?;
    let forgotten = {
        let (mut log, live) = (transaction.open_table(LOG)?, transaction.open_table(LIVE)?);
        let mut meta = transaction.open_table(META)?;
        let known = meta.get(COMPACTED)?.map_or(0, |known| known.value());
        // The last row may go, and the revision must not go back with it.
        let last = log.last()?.map_or(0, |(last, _)| last.value());
        meta.insert(COMPACTED, known.max(last))?;
        let live = live.iter()?.map(|row| Ok(row?.1.value()));
        let live = live.collect::<Result<HashSet<u64>, redb::StorageError>>()?;
        let before = log.len()?;
        log.retain(|revision, _| live.contains(&revision))?;
        before - log.len()?
    };
    transaction.commit()?;
    Ok(forgotten)
}

/// A store in the making, which takes the place of the one in a directory when it is whole. Dropped before that, it
/// is gone, and nothing has changed.
#[derive(Debug)]
pub struct Staged {
    /// Held open, so that no server begins to use what is about to be replaced.
    present: Embedded,
    next: Option<Embedded>,
    dir: PathBuf,
}

impl Staged {
    /// An empty store beside the one in that directory, which is made when it is missing.
    ///
    /// # Errors
    /// [`Error::Incompatible`] when the store that is there is in use, foreign or damaged.
    pub fn beside(dir: &Path) -> Result<Self> {
        let present = Embedded::open(dir)?;
        // One that was left by a process that was killed; nobody uses it, for `present` is ours.
        let here = dir.join(STAGE);
        match fs::remove_dir_all(&here) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &here)(why)),
            _ => {}
        }
        let next = Some(Embedded::open(&here)?);
        Ok(Self { present, next, dir: dir.to_owned() })
    }

    /// The store that is there.
    pub fn present(&self) -> &Embedded {
        &self.present
    }

    /// The store that is to take its place.
    pub fn next(&self) -> Option<&Embedded> {
        self.next.as_ref()
    }

    /// Puts the new store in the place of the present one, whose data is gone then.
    ///
    /// # Errors
    /// When the file system refuses; the present store is still in its place, unless the sentence says otherwise.
    pub fn take_place(mut self) -> Result<()> {
        // Closed, so that all of it is in the file.
        self.next = None;
        let (path, stage) = (file(&self.dir), self.dir.join(STAGE));
        let (before, after) = (said(&self.dir)?, said(&stage)?);
        // Whichever of the two is in the place, its witness is there.
        testify(&self.dir, &before.or(&after))?;
        fs::rename(file(&stage), &path).map_err(failed("replace", &path))?;
        let named = File::open(&self.dir).and_then(|dir| dir.sync_all());
        named.map_err(failed("make the new store durable in", &self.dir))?;
        // Where this fails the witness stays true of both, as it is.
        let _ = testify(&self.dir, &after);
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        self.next = None;
        // What stays is removed by the next one that is staged.
        let _ = fs::remove_dir_all(self.dir.join(STAGE));
    }
}

/// What the witness of a store says.
fn said(dir: &Path) -> Result<Testimony> {
    let text = medium::witness(dir).map_err(failed("read the witness in", dir))?;
    Ok(text.and_then(|text| Testimony::parse(&text)).unwrap_or_default())
}

fn testify(dir: &Path, what: &Testimony) -> Result<()> {
    medium::set_witness(dir, &what.text()).map_err(failed("write the witness in", dir))
}

/// The directory of a store, locked; none is made.
fn existing(dir: &Path) -> Result<Directory> {
    if file(dir).is_file() { Directory::lock(dir) } else { Err(missing(dir)) }
}

fn missing(dir: &Path) -> Error {
    Error::Incompatible(format!("there is no store in {}: {FILE} is missing", dir.display()))
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.display().to_string();
    move |why| refusal::unavailable(format!("failed to {doing} {path}: {why}"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
    use std::sync::Mutex;

    use bytes::Bytes;

    use super::super::super::{At, Key, Prefix, Query, Revision, Storage as _, Write};
    use super::*;

    fn temporary() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary directory")
    }

    fn silent() -> Progress {
        Arc::new(|_, _, _| {})
    }

    fn large(number: usize) -> Bytes {
        format!("{{\"metadata\":{{\"name\":\"{number}\"}},\"data\":\"{}\"}}", number.to_string().repeat(500))
            .into()
    }

    /// A store with some objects, and a past that is much longer.
    async fn busy(dir: &Path) -> (Vec<super::super::Stored>, Revision) {
        let store = Embedded::open(dir).expect("it opens");
        for round in 0..20 {
            let key = |number: usize| Key::new(format!("g/r/n/{number}"));
            let mut writes = Vec::new();
            for number in 0..100 {
                let there = store.get(&key(number), At::Latest).await.expect("read").value;
                writes.push(match there {
                    Some(there) if round == 19 && number % 10 != 0 => {
                        Write::delete(key(number), there.revision)
                    }
                    Some(there) => Write::replace(key(number), there.revision, large(round)),
                    None => Write::create(key(number), large(round)),
                });
            }
            assert!(store.write(writes).await.iter().all(Result::is_ok));
        }
        contents(&store).await
    }

    async fn contents(store: &Embedded) -> (Vec<super::super::Stored>, Revision) {
        let read = store.list(Query::all(Prefix::everything())).await.expect("listed");
        (read.value.items, read.at)
    }

    #[tokio::test]
    async fn shrinking_forgets_the_past_and_nothing_else() {
        let dir = temporary();
        let before = busy(dir.path()).await;
        let shrunk = shrink(dir.path(), &silent()).expect("shrunk");
        assert!(shrunk.after * 4 < shrunk.before, "{shrunk:?}");
        assert_eq!(shrunk.forgotten, 20 * 100 - 10);
        assert_eq!(fs::metadata(file(dir.path())).expect("there").len(), shrunk.after);
        let store = Embedded::open(dir.path()).expect("it opens");
        assert_eq!(contents(&store).await, before, "the same records, and the same revision");
        let next = store.create(Key::new("g/r/n/new"), "{}".into()).await.expect("written");
        assert_eq!(next, before.1.next());
        drop(store);
        assert_eq!(examine(dir.path(), &silent()), Ok(Pages::Sound));
    }

    #[tokio::test]
    async fn whoever_waits_is_told_how_far_it_is() {
        let dir = temporary();
        let before = busy(dir.path()).await;
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&told);
        let progress: Progress = Arc::new(move |stage, done, of| {
            listener.lock().expect("unpoisoned").push((stage, done, of));
        });
        let heard = |stages: &[Stage]| {
            let told = std::mem::take(&mut *told.lock().expect("unpoisoned"));
            let mut seen: Vec<_> = told.iter().map(|(stage, ..)| *stage).collect();
            seen.dedup();
            assert_eq!(seen, stages);
            for pair in told.windows(2) {
                let [(stage, done, of), (next, more, _)] = pair else { unreachable!("two") };
                assert!(done <= of && *of > 0 && (stage != next || done <= more), "{pair:?}");
            }
            for stage in stages {
                assert!(told.iter().any(|(told, done, _)| told == stage && *done > 0), "{stage:?}: {told:?}");
            }
        };
        examine(dir.path(), &progress).expect("sound");
        heard(&[Stage::Checking]);
        let store = open(dir.path(), &progress).expect("it opens");
        assert_eq!(contents(&store).await, before);
        drop(store);
        heard(&[Stage::Opening]);
        shrink(dir.path(), &progress).expect("shrunk");
        heard(&[Stage::Checking, Stage::Opening, Stage::Forgetting, Stage::Moving]);
    }

    #[tokio::test]
    async fn a_flipped_bit_in_a_value_is_found() {
        let dir = temporary();
        let (stored, _) = busy(dir.path()).await;
        assert_eq!(examine(dir.path(), &silent()), Ok(Pages::Sound));
        let path = file(dir.path());
        let mut file = File::options().read(true).write(true).open(&path).expect("opened");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("read");
        let value = &stored[0].value;
        let places = bytes.windows(value.len()).enumerate().filter(|(_, window)| window == value);
        let places: Vec<_> = places.map(|(place, _)| place).collect();
        assert!(!places.is_empty(), "values lie in the file as they are");
        for place in places {
            file.seek(SeekFrom::Start(place as u64 + 100)).expect("sought");
            file.write_all(&[bytes[place + 100] ^ 1]).expect("written");
        }
        drop(file);
        let damaged = fs::read(&path).expect("read");
        let found = examine(dir.path(), &silent()).expect_err("it is damaged").to_string();
        assert!(found.contains("is damaged") && found.contains("Put a backup in its place"), "{found}");
        assert_eq!(fs::read(&path).expect("read"), damaged, "it is left as it was");
    }

    #[tokio::test]
    async fn what_is_missing_or_in_use_is_left_alone() {
        let dir = temporary();
        for refused in [examine(dir.path(), &silent()).map(|_| ()), shrink(dir.path(), &silent()).map(|_| ())]
        {
            assert!(refused.expect_err("missing").to_string().contains("storage.redb is missing"));
        }
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0, "nothing is made");
        let _open = Embedded::open(dir.path()).expect("it opens");
        let staged = Staged::beside(dir.path()).map(|_| ());
        for refused in
            [examine(dir.path(), &silent()).map(|_| ()), shrink(dir.path(), &silent()).map(|_| ()), staged]
        {
            assert!(refused.expect_err("in use").to_string().contains("in use by another process"));
        }
    }

    #[tokio::test]
    async fn a_staged_store_takes_the_place_or_leaves_no_trace() {
        let dir = temporary();
        let before = busy(dir.path()).await;
        let staged = Staged::beside(dir.path()).expect("staged");
        let next = staged.next().expect("not in place yet");
        next.create(Key::new("g/r/n/new"), "{}".into()).await.expect("written");
        drop(staged);
        assert!(!dir.path().join(STAGE).exists());
        assert_eq!(contents(&Embedded::open(dir.path()).expect("it opens")).await, before);

        fs::create_dir(dir.path().join(STAGE)).expect("made");
        fs::write(dir.path().join(STAGE).join(FILE), "left over").expect("written");
        let staged = Staged::beside(dir.path()).expect("staged");
        let next = staged.next().expect("not in place yet");
        let revision = next.create(Key::new("g/r/n/new"), "{}".into()).await.expect("written");
        staged.take_place().expect("in place");
        let (stored, at) = contents(&Embedded::open(dir.path()).expect("it opens")).await;
        assert_eq!((stored.len(), stored[0].revision, at), (1, revision, revision));
        assert!(!dir.path().join(STAGE).exists());
    }
}
