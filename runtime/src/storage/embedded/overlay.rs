//! A file that is only read: what the engine writes while it looks at it stays in memory.

use std::collections::HashMap;
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use super::medium::locks_of_its_file;

const PAGE: usize = 4096;

/// The file below, and the pages that differ from it.
#[derive(Debug)]
pub(super) struct Overlay {
    file: Box<dyn StorageBackend>,
    above: Mutex<Above>,
}

#[derive(Debug)]
struct Above {
    pages: HashMap<u64, Box<[u8; PAGE]>>,
    len: u64,
    /// How much of the file still counts: it may have been cut, and grown again.
    file_len: u64,
}

impl Overlay {
    pub(super) fn new(file: Box<dyn StorageBackend>) -> io::Result<Self> {
        let len = file.len()?;
        Ok(Self { file, above: Mutex::new(Above { pages: HashMap::new(), len, file_len: len }) })
    }

    fn above(&self) -> MutexGuard<'_, Above> {
        self.above.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page as it was in the file; zeros behind its end.
    fn below(&self, page: u64, file_len: u64) -> io::Result<Box<[u8; PAGE]>> {
        let mut bytes = Box::new([0; PAGE]);
        let begin = page * PAGE as u64;
        let there = file_len.saturating_sub(begin).min(PAGE as u64) as usize;
        if there > 0 {
            self.file.read(begin, &mut bytes[..there])?;
        }
        Ok(bytes)
    }
}

/// The parts of a range that lie in one page each: the page, where in it, and how many bytes.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let end = offset + length as u64;
    let mut at = offset;
    std::iter::from_fn(move || {
        let inside = (at % PAGE as u64) as usize;
        let count = (PAGE - inside).min((end - at) as usize);
        let part = (at / PAGE as u64, inside, count);
        at += count as u64;
        (count > 0).then_some(part)
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.above().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let above = self.above();
        if offset + out.len() as u64 > above.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if above.pages.is_empty() && offset + out.len() as u64 <= above.file_len {
            return self.file.read(offset, out);
        }
        let mut done = 0;
        for (page, inside, count) in parts(offset, out.len()) {
            let target = &mut out[done..done + count];
            match above.pages.get(&page) {
                Some(bytes) => target.copy_from_slice(&bytes[inside..inside + count]),
                None => target.copy_from_slice(&self.below(page, above.file_len)?[inside..inside + count]),
            }
            done += count;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut above = self.above();
        (above.len, above.file_len) = (len, above.file_len.min(len));
        above.pages.retain(|page, _| page * (PAGE as u64) < len);
        if let Some(last) = above.pages.get_mut(&(len / PAGE as u64)) {
            last[(len % PAGE as u64) as usize..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut above = self.above();
        let mut done = 0;
        for (page, inside, count) in parts(offset, data.len()) {
            if !above.pages.contains_key(&page) {
                let bytes = self.below(page, above.file_len)?;
                above.pages.insert(page, bytes);
            }
            if let Some(bytes) = above.pages.get_mut(&page) {
                bytes[inside..inside + count].copy_from_slice(&data[done..done + count]);
            }
            done += count;
        }
        above.len = above.len.max(offset + data.len() as u64);
        Ok(())
    }

    // The lock is that of the file: nobody else has it meanwhile.

    locks_of_its_file!();
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use redb::backends::FileBackend;

    use super::*;

    /// The overlay answers as a file that is written to does, and its own file stays as it was.
    #[test]
    fn it_answers_as_a_file_does_and_changes_none() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let original: Vec<u8> = (0..3 * PAGE + 100).map(|place| (place % 251) as u8).collect();
        file.write_all(&original).expect("written");
        let below = FileBackend::new(File::open(file.path()).expect("opened")).expect("locked");
        let (overlay, mut model) = (Overlay::new(Box::new(below)).expect("made"), original.clone());
        let check = |model: &[u8]| {
            assert_eq!(overlay.len().expect("known"), model.len() as u64);
            for (begin, end) in
                [(0, model.len()), (1, 10), (PAGE - 3, PAGE + 3), (model.len() - 7, model.len())]
            {
                let mut read = vec![0xff; end - begin];
                overlay.read(begin as u64, &mut read).expect("read");
                assert_eq!(read, &model[begin..end], "{begin}..{end}");
            }
            let behind = overlay.read(model.len() as u64 - 1, &mut [0; 2]);
            assert!(behind.is_err(), "nothing is behind the end");
        };
        check(&model);
        for (offset, length) in [(PAGE - 2, 5), (0, 1), (2 * PAGE, PAGE), (model.len() - 1, 1)] {
            let data: Vec<u8> = (0..length).map(|place| (place % 7) as u8 + 1).collect();
            overlay.write(offset as u64, &data).expect("written");
            model[offset..offset + length].copy_from_slice(&data);
            check(&model);
        }
        for length in [4 * PAGE, 2 * PAGE + 50, PAGE + 7, 3 * PAGE] {
            overlay.set_len(length as u64).expect("resized");
            model.resize(length, 0);
            check(&model);
        }
        overlay.write(model.len() as u64, b"more").expect("written");
        model.extend(b"more");
        check(&model);
        overlay.sync_data().expect("synced");
        assert_eq!(std::fs::read(file.path()).expect("read"), original);
    }
}
