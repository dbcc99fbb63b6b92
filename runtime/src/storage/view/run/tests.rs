//! Lists cut into runs, cut short and taken apart.

use super::*;
use crate::storage::{Key, Revision, Stored};

fn objects(count: usize) -> Vec<Arc<Object>> {
    let object = |number: usize| {
        let value = format!(r#"{{"metadata":{{"name":"o{number:04}"}}}}"#).into();
        let key = Key::new(format!("g/ks/o{number:04}"));
        let stored = Stored { key, revision: Revision::FIRST, value, stale: false };
        Arc::new(Object::read(&stored, &[]).expect("an object"))
    };
    (0..count).map(object).collect()
}

fn names<'a>(objects: impl IntoIterator<Item = &'a Arc<Object>>) -> Vec<String> {
    objects.into_iter().map(|object| object.name().to_owned()).collect()
}

#[test]
fn a_list_is_cut_into_runs_and_read_back() {
    for count in [0, 1, 63, 64, 65, 200] {
        let objects = objects(count);
        let slices: Slices = objects.iter().cloned().collect();
        assert_eq!(slices.slices().len(), count.div_ceil(Run::MOST));
        assert!(slices.slices().iter().all(Slice::is_whole));
        assert_eq!((slices.len(), slices.is_empty()), (count, count == 0));
        assert_eq!(slices.bytes(), objects.iter().map(|object| object.length()).sum::<usize>());
        assert_eq!(names(slices.iter()), names(&objects));
        assert_eq!(names(slices.last()), names(objects.last()));
        assert_eq!(names(&slices.into_iter().collect::<Vec<_>>()), names(&objects));
    }
}

#[test]
fn a_list_is_cut_short_anywhere() {
    let objects = objects(130);
    for most in [0, 1, 63, 64, 65, 128, 129, 130, 500] {
        let mut slices: Slices = objects.iter().cloned().collect();
        slices.truncate(most);
        let kept = &objects[..most.min(objects.len())];
        assert_eq!(names(slices.iter()), names(kept), "{most}");
        assert_eq!(slices.bytes(), kept.iter().map(|object| object.length()).sum::<usize>());
        assert_eq!(slices.slices().last().is_none_or(Slice::is_whole), most % 64 == 0 || most >= 130);
    }
}

#[test]
fn a_part_of_a_run_is_cut_short_too() {
    let run = Arc::new(Run::new(objects(10)));
    for (most, kept) in [(0, 0), (3, 3), (usize::MAX, 6)] {
        let mut slices = Slices::default();
        slices.push(Slice::new(Arc::clone(&run), 2..8).expect("not empty"));
        slices.truncate(most);
        assert_eq!(names(slices.iter()), names(&run.items()[2..2 + kept]));
    }
    assert!(Slice::new(Arc::clone(&run), 4..4).is_none());
    assert_eq!(
        Slice::new(run, 2..8).and_then(|slice| slice.first(2)).map(|slice| slice.items().len()),
        Some(2)
    );
}

#[test]
fn taking_the_objects_lets_the_runs_go() {
    let slices: Slices = objects(130).into_iter().collect();
    let first = Arc::downgrade(slices.slices()[0].run());
    let mut objects = slices.into_iter();
    for _ in 0..63 {
        objects.next().expect("an object");
    }
    assert!(first.upgrade().is_some() && !objects.is_empty());
    objects.next().expect("an object");
    assert!(first.upgrade().is_none());
    assert_eq!(objects.by_ref().count(), 66);
    assert!(objects.is_empty());
}
