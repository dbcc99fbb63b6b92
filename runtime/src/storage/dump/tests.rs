//! Round trips between stores, and dumps that are not what was exported.

use std::io::BufReader;
use std::sync::Arc;

use futures::FutureExt as _;

use super::super::memory::Memory;
use super::super::{Error as StorageError, Prefix, Query, Start, Storage, Stored, Write};
use super::*;

/// A store with objects, a deletion, a value that is no JSON, and one that is no text.
async fn filled(count: usize) -> Arc<Memory> {
    let store = Arc::new(Memory::new());
    let value = |number: usize| format!("{{\"number\":{number}}}").into();
    let creates = (0..count).map(|number| Write::create(Key::new(format!("g/r/n/{number}")), value(number)));
    for outcome in store.write(creates.collect()).await {
        outcome.expect("written");
    }
    let gone = store.create(Key::new("g/r/n/gone"), "{}".into()).await.expect("written");
    store.create(Key::new("g/r/n/go"), "{\"a\":1}\n".into()).await.expect("written");
    store.create(Key::new("g/s/encrypted"), bytes::Bytes::from_static(b"k8s\0\xff")).await.expect("written");
    store.delete(Key::new("g/r/n/gone"), gone).await.expect("deleted");
    store
}

async fn all(store: &dyn Storage) -> Vec<Stored> {
    store.list(Query::all(Prefix::everything())).await.expect("listed").value.items
}

async fn exported(store: &dyn Storage) -> Vec<u8> {
    let mut out = Vec::new();
    export(store, "memory", &mut out, &mut |_| ()).await.expect("exported");
    out
}

fn opened(dump: &[u8]) -> Result<Dump<BufReader<&[u8]>>> {
    Dump::open(BufReader::new(dump))
}

#[tokio::test]
async fn what_is_imported_is_what_was_exported_at_higher_revisions() {
    let (source, target) = (filled(2500).await, Memory::new());
    let (mut out, mut told) = (Vec::new(), Vec::new());
    let moved = export(&*source, "memory", &mut out, &mut |done| told.push(done)).await.expect("exported");
    assert_eq!((moved.count, told), (2502, vec![1000, 2000, 2502]));
    let dump = opened(&out).expect("a dump");
    assert_eq!((dump.header().source.as_str(), dump.header().count), ("memory", 2502));
    assert_eq!(dump.revision(), moved.revision, "the deletion was the last that was served");

    let imported = import(dump, &target, None, &mut |_| ()).await.expect("imported");
    let (before, after) = (all(&*source).await, all(&target).await);
    let plain = |stored: &[Stored]| -> Vec<_> {
        stored.iter().map(|stored| (stored.key.clone(), stored.value.clone())).collect()
    };
    assert_eq!(plain(&before), plain(&after));
    assert!(
        after.iter().all(|stored| stored.revision > moved.revision && stored.revision <= imported.revision)
    );
    // Whoever held a revision of the source must list.
    let watch = target.watch(&Prefix::everything(), Start::After(moved.revision), false).await.map(|_| ());
    assert!(matches!(watch, Err(StorageError::Compacted { .. })), "{watch:?}");
}

#[tokio::test]
async fn a_floor_lifts_revisions_further() {
    let (source, target) = (filled(1).await, Memory::new());
    let floor = Revision::new(1 << 60).expect("not 0");
    let out = exported(&*source).await;
    import(opened(&out).expect("a dump"), &target, Some(floor), &mut |_| ()).await.expect("imported");
    assert!(all(&target).await.iter().all(|stored| stored.revision > floor));
}

#[tokio::test]
async fn an_export_is_of_one_revision() {
    let store = filled(2500).await;
    let writer = Arc::clone(&store);
    let mut out = Vec::new();
    let key = Key::new("g/r/n/later");
    let mut writes = Some((key, "{}".into()));
    export(&*store, "memory", &mut out, &mut |_| {
        if let Some((key, value)) = writes.take() {
            let created = writer.create(key, value).now_or_never().expect("memory is never waited for");
            created.expect("written");
        }
    })
    .await
    .expect("exported");
    assert!(writes.is_none(), "it was written while the export went on");
    let mut dump = opened(&out).expect("a dump");
    while let Some(record) = dump.next_record().expect("whole") {
        assert_ne!(record.key.as_str(), "g/r/n/later");
    }
}

#[tokio::test]
async fn a_store_that_holds_something_is_left_alone() {
    let store = filled(3).await;
    let out = exported(&*store).await;
    let before = all(&*store).await;
    let refused = import(opened(&out).expect("a dump"), &*store, None, &mut |_| ()).await;
    assert!(matches!(refused, Err(Error::NotEmpty { count: 5 })), "{refused:?}");
    assert_eq!(all(&*store).await, before);
}

#[tokio::test]
async fn a_cut_dump_is_refused_wherever_it_was_cut() {
    let dump = exported(&*filled(3).await).await;
    for length in 0..dump.len() {
        let verified = opened(&dump[..length]).and_then(|dump| dump.verify(&mut |_| ()));
        assert!(
            matches!(verified, Err(Error::Broken { .. })),
            "{length} of {} bytes: {verified:?}",
            dump.len()
        );
    }
    assert_eq!(opened(&dump).and_then(|dump| dump.verify(&mut |_| ())).expect("whole"), 5);
}

#[tokio::test]
async fn a_flipped_bit_is_refused_wherever_it_is() {
    let dump = exported(&*filled(3).await).await;
    for place in 0..dump.len() {
        for bit in 0..8 {
            let mut flipped = dump.clone();
            flipped[place] ^= 1 << bit;
            let verified = opened(&flipped).and_then(|dump| dump.verify(&mut |_| ()));
            assert!(matches!(verified, Err(Error::Broken { .. })), "bit {bit} of byte {place}: {verified:?}");
        }
    }
}

#[test]
fn a_refusal_names_the_line_and_what_is_wrong() {
    let header = |format: &str, revision: u64| {
        format!("{{\"format\":\"{format}\",\"source\":\"s\",\"revision\":{revision},\"count\":0}}\n")
    };
    let record = |key: &str| format!("{{\"key\":\"{key}\",\"revision\":1,\"value\":{{}}}}\n");
    let first = header(FORMAT, 1);
    for (dump, expected) in [
        (String::new(), "line 1: the last line is missing"),
        ("hello\n".into(), "line 1: this is not the first line of a dump"),
        (header("aggboot-dump/2", 1), "line 1: the format is \"aggboot-dump/2\""),
        (header(FORMAT, 0), "line 1: 0 is no revision that a store had"),
        (header(FORMAT, u64::MAX), "line 1: 18446744073709551615 is no revision that a store had"),
        (first.clone(), "line 2: the last line is missing: the file was cut"),
        (format!("{first}{}", record("a/")), "line 2: \"a/\" is no key"),
        (format!("{first}{}{}", record("b"), record("a")), "line 3: \"a\" is out of order"),
        (format!("{first}{}", record("a").replace(":1", ":2")), "line 2: revision 2 is none that the source"),
        (format!("{first}{{\"count\":0,\"sha256\":\"\"}}\n"), "line 2: the checksum or the count"),
    ] {
        let refused = opened(dump.as_bytes()).and_then(|dump| dump.verify(&mut |_| ()));
        let refused = refused.expect_err("no dump").to_string();
        assert!(refused.starts_with(expected), "{refused}");
    }
}
