//! Lists of many objects, in each form, plain and compressed: the same document whatever is kept of them.

use std::io::Read;

use flate2::bufread::GzDecoder;
use futures::{FutureExt, StreamExt};
use http_body_util::BodyExt;
use serde_json::Value;

use super::*;
use crate::kind::FieldPath;
use crate::object::Object;
use crate::storage::view::{Holed, Run};
use crate::storage::{Key, Revision, Stored};

const ABOUT: &str = "what all of them say, in many words, as the texts of objects do: who made them, what they are for, where \
                     they are, when they are to be looked at again, and by whom, if by anybody; for the most part it is \
                     the same in each of them, and this is why lists of them compress as well as they do. There is \
                     nothing else to be said here, but that an object takes about a kilobyte as a rule, and that this \
                     text is here to make these objects as long as others are.";
const NOW: &str = "2026-01-01T00:10:00Z";

fn object(number: usize, padding: usize) -> Arc<Object> {
    let noise: String =
        (0..padding).map(|place| char::from(b'a' + (number * 31 + place * place * 7) as u8 % 26)).collect();
    let value = format!(
        r#"{{"apiVersion":"g/v1","kind":"Foo","metadata":{{"creationTimestamp":"2026-01-01T00:{:02}:00Z","name":"o{number:04}","uid":"{:032x}"}},"spec":{{"about":"{ABOUT}","colour":"{noise}","due":"2026-01-01T00:09:{:02}Z"}}}}"#,
        number % 10,
        (number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
        number % 60,
    );
    let key = Key::new(format!("g/foos/o{number:04}"));
    let stored = Stored {
        key,
        revision: Revision::new(number as u64 + 1).unwrap(),
        value: value.into(),
        stale: false,
    };
    Arc::new(Object::read(&stored, &[]).expect("an object"))
}

fn objects(number: usize, padding: usize) -> Slices {
    (0..number).map(|number| object(number, padding)).collect()
}

fn rows(form: &str) -> Rows {
    let column = |kind: &'static str, path: &str| crate::kind::Column {
        name: path.to_owned(),
        kind,
        format: String::new(),
        description: String::new(),
        priority: 0,
        path: FieldPath(path.split('.').map(str::to_owned).collect()),
    };
    let columns =
        vec![column("string", "spec.colour"), column("date", "spec.due"), column("date", "spec.none")];
    let kind = Arc::new(Kind { columns, ..crate::verbs::tests::kinds::kind("Foo", "foos") });
    let version = MetaVersion::V1;
    match form {
        "objects" => Rows::Objects,
        "metadata" => Rows::Metadata(version),
        _ => {
            Rows::Table { kind, version, include: IncludeObject::Metadata, now: NOW.parse().expect("a time") }
        }
    }
}

fn listing(form: &str, slices: &Slices) -> Listing {
    Listing::new(rows(form), ("g/v1", "FooList"), &ListMeta::at("7"), slices.clone())
}

/// The pieces of a body, all of which are ready.
fn pieces(body: Body) -> Vec<Bytes> {
    let pieces = body.into_data_stream().map(|piece| piece.expect("complete")).collect::<Vec<_>>();
    pieces.now_or_never().expect("nothing to wait for")
}

/// One member and nothing behind it.
fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let (mut decoder, mut plain) = (GzDecoder::new(bytes), Vec::new());
    decoder.read_to_end(&mut plain).expect("a member");
    assert!(decoder.into_inner().is_empty());
    plain
}

#[test]
fn a_list_is_the_same_however_often_it_is_asked_for_and_however_it_is_sent() {
    for form in ["objects", "metadata", "table"] {
        let mut slices = objects(1000, 200);
        // From the middle of a run, and to the middle of another.
        slices.truncate(900);
        let first = listing(form, &slices).into_bytes();
        let value: Value = serde_json::from_slice(&first).expect("JSON");
        let items = if form == "table" { "rows" } else { "items" };
        assert_eq!(value[items].as_array().map(Vec::len), Some(900), "{form}");
        assert!(first.ends_with(b"]}\n"));
        for round in 0..4 {
            let (plain, compressed) = listing(form, &slices).into_body(false);
            assert!(!compressed);
            assert_eq!(pieces(plain).concat(), first, "{form} {round}");
            let (body, compressed) = listing(form, &slices).into_body(true);
            assert!(compressed && unzipped(&pieces(body).concat()) == first, "{form} {round}");
        }
    }
}

#[test]
fn another_form_is_made_of_each_object_as_of_all_of_them() {
    use crate::request::accept::Media;
    use crate::respond::{chunks::PIECE, pretty, yaml};

    let pretty = Form { pretty: true, ..Form::JSON };
    let yaml = Form { media: Media::Yaml, ..pretty };
    for (count, form) in [0, 1, 2, 130, 1000]
        .into_iter()
        .flat_map(|count| ["objects", "metadata", "table"].map(|form| (count, form)))
    {
        let slices = objects(count, 200);
        let compact = listing(form, &slices).into_bytes();
        let indented = pretty::indent(compact.trim_ascii_end());
        assert!(indented.ends_with(if count > 0 { b"}\n  ]\n}" } else { b": []\n}" }));
        let in_yaml = yaml::from_json(&compact).expect("JSON").into_bytes();
        for (style, whole) in [(pretty, indented), (yaml, in_yaml)] {
            for asked in [false, true] {
                let (body, compressed) = listing(form, &slices).styled(style).into_body(asked);
                assert_eq!(compressed, asked && whole.len() > gzip::THRESHOLD, "{form} {count}");
                assert_eq!(matches!(body, Body::Stream(_)), compressed || !asked && whole.len() > PIECE);
                let sent = pieces(body);
                assert!(sent.iter().all(|piece| piece.len() <= PIECE), "{form} {count}");
                let sent = if compressed { unzipped(&sent.concat()) } else { sent.concat() };
                assert!(sent == whole, "{form} {count} {style:?}: {}", String::from_utf8_lossy(&sent));
            }
        }
    }
}

#[test]
fn blocks_and_cells_are_kept_on_their_second_use_within_the_budget() {
    let slices = objects(640, 20);
    let kept =
        |count: fn(&Made) -> bool| slices.slices().iter().filter(|slice| count(slice.run().made())).count();
    for expected in [0, 10, 10] {
        drop(pieces(listing("objects", &slices).into_body(true).0));
        assert_eq!(kept(|made| made.objects.made().is_some()), expected);
    }
    for expected in [0, 10] {
        drop(listing("table", &slices).into_bytes());
        assert_eq!(kept(|made| made.cells.made().is_some()), expected);
    }
    assert_eq!(kept(|made| made.metadata.made().is_some()), 0);
    for slice in slices.slices() {
        let made = slice.run().made();
        let sizes = [
            made.objects.made().map_or(0, |block| block.bytes().len()),
            made.cells.made().map_or(0, Holed::size),
        ];
        assert!(sizes.iter().sum::<usize>() <= slice.run().budget());
    }
}

#[test]
fn cells_that_would_take_more_than_a_quarter_are_not_kept() {
    // Nearly all of the object stands in its row.
    let slices: Slices = objects(64, 4000);
    for _ in 0..3 {
        let list = listing("table", &slices).into_bytes();
        assert_eq!(serde_json::from_slice::<Value>(&list).expect("JSON")["rows"][3]["cells"][2], "57s");
    }
    assert!(slices.slices()[0].run().made().cells.made().is_none());
}

#[test]
fn ages_go_on_while_everything_else_is_kept() {
    let slices = objects(64, 10);
    for now in ["2026-01-01T00:10:00Z", "2026-01-01T00:11:00Z", "2026-01-01T01:11:00Z"] {
        let mut list = listing("table", &slices);
        if let Rows::Table { now: then, .. } = &mut list.rows {
            *then = now.parse().expect("a time");
        }
        let list: Value = serde_json::from_slice(&list.into_bytes()).expect("JSON");
        let cells = &list["rows"][9]["cells"];
        let expected = match now {
            "2026-01-01T00:10:00Z" => ["51s", "60s"],
            "2026-01-01T00:11:00Z" => ["111s", "2m"],
            _ => ["61m", "62m"],
        };
        assert_eq!([&cells[2], &cells[4]], expected, "{now}");
        assert_eq!((&cells[0], &cells[3]), (&Value::from("o0009"), &Value::Null));
    }
    assert!(slices.slices()[0].run().made().cells.made().is_some());
}

#[test]
fn lists_of_any_length_are_whole_when_compressed() {
    let whole = objects(400, 40);
    for length in (50..400).step_by(29) {
        let mut slices = whole.clone();
        slices.truncate(length);
        let plain = listing("objects", &slices).into_bytes();
        let (body, compressed) = listing("objects", &slices).into_body(true);
        assert_eq!(compressed, plain.len() > gzip::THRESHOLD, "{length}");
        let sent = pieces(body).concat();
        assert!(if compressed { unzipped(&sent) == plain } else { sent == plain }, "{length}");
        // Of a table it is not known beforehand how long it is.
        let plain = listing("table", &slices).into_bytes();
        let (body, compressed) = listing("table", &slices).into_body(true);
        assert_eq!(compressed, plain.len() > gzip::THRESHOLD, "{length}");
        let sent = pieces(body).concat();
        assert!(if compressed { unzipped(&sent) == plain } else { sent == plain }, "{length}");
    }
}

#[test]
fn pieces_are_short_and_a_run_is_let_go_when_it_was_sent() {
    let slices = objects(2000, 300);
    let first = Arc::downgrade(slices.slices()[0].run());
    let (body, _) =
        Listing::new(Rows::Objects, ("g/v1", "FooList"), &ListMeta::at("7"), slices).into_body(false);
    let mut pieces = body.into_data_stream();
    assert!(first.upgrade().is_some());
    let piece = pieces.next().now_or_never().flatten().expect("ready").expect("complete");
    assert_eq!(piece.len(), crate::respond::chunks::PIECE);
    assert!(first.upgrade().is_none(), "its objects are in the first piece");
}

#[test]
fn short_lists_are_ready_and_large_objects_are_shared() {
    let (body, compressed) = listing("objects", &objects(3, 10)).into_body(true);
    assert!(matches!(body, Body::Full(_)) && !compressed);
    let large = object(1, 100_000);
    let run = Slices::from_iter([Arc::clone(&large)]);
    let (body, _) = listing("objects", &run).into_body(false);
    let shared = pieces(body).into_iter().find(|piece| piece.len() > 100_000).expect("a piece of its own");
    assert_eq!(shared.as_ptr(), large.tail().as_ptr());
}

#[test]
fn many_whole_runs_are_not_larger_than_the_list_compressed_at_once() {
    let slices = objects(1280, 300);
    let plain = listing("objects", &slices).into_bytes();
    let mut quick = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut quick, &plain).expect("memory takes everything");
    let quick = quick.finish().expect("memory takes everything").len();
    for round in 0..3 {
        let length = pieces(listing("objects", &slices).into_body(true).0).concat().len();
        assert!(length <= quick, "{round}: {length} {quick}");
    }
    assert!(slices.slices().iter().all(|slice| slice.items().len() <= Run::MOST));
}
