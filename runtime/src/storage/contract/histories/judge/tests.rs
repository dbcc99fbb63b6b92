//! Histories that are hard to judge.

use super::*;

fn revision(number: u64) -> Revision {
    Revision::new(number).expect("not 0")
}

fn lost() -> Error {
    Error::Unknown { why: "it was lost".into() }
}

/// The calls of one task after the other, of an object that is created at 2 and deleted at 3.
fn deleted_once(deletions: Vec<Answer<Revision>>) -> History {
    let key = Key::new("g/r/a");
    let created = Stored { key: key.clone(), revision: revision(2), value: "1".into(), stale: false };
    let event = |at: u64, value: Option<&'static str>, previous: Option<&Stored>| {
        let (key, revision, previous) = (key.clone(), revision(at), previous.cloned());
        Arc::new(Event { key, revision, value: value.map(Into::into), previous })
    };
    let events = vec![event(2, Some("1"), None), event(3, None, Some(&created))];
    let mut whats = vec![What::Write(Write::create(key.clone(), "1".into()), Ok(revision(2)))];
    let delete = || Write::delete(key.clone(), revision(2));
    whats.extend(deletions.into_iter().map(|outcome| What::Write(delete(), outcome)));
    let call = |(task, what): (usize, What)| {
        let began = 2 * task as u64;
        Call { task, began, ended: began + 1, what }
    };
    // The log tells all of it at the end.
    let progress = vec![(1000, revision(3))];
    let (prefix, from) = (Prefix::new("g/r/"), revision(1));
    History {
        start: from,
        log: Watched { prefix, from, events, progress, failed: None },
        // The latest first, so that no judgement follows from the order in which they were noted.
        calls: whats.into_iter().enumerate().map(call).rev().collect(),
        watches: Vec::new(),
        crashed: true,
        shared: false,
    }
}

#[test]
fn a_lost_answer_is_no_claim_on_what_another_was_told_to_have_done() {
    assert_eq!(judge(&deleted_once(vec![Ok(revision(3)), Err(lost())])), Ok(()));
    assert_eq!(judge(&deleted_once(vec![Err(lost()), Ok(revision(3))])), Ok(()));
}

#[test]
fn one_of_several_lost_answers_may_have_been_yes() {
    assert_eq!(judge(&deleted_once(vec![Err(lost()), Err(lost())])), Ok(()));
    assert!(judge(&deleted_once(vec![])).is_err(), "nobody asked for it");
}

#[test]
fn nobody_does_what_was_shown_before_it_was_asked_for() {
    let mut history = deleted_once(vec![Err(lost())]);
    let deleted = Read { at: revision(3), value: None };
    // The deletion was read before it was asked for.
    for call in &mut history.calls {
        (call.began, call.ended) = (call.began + 2 * call.task as u64, call.ended + 2 * call.task as u64);
    }
    let what = What::Get(Key::new("g/r/a"), At::Latest, Ok(deleted));
    history.calls.push(Call { task: 2, began: 2, ended: 3, what });
    assert!(judge(&history).is_err());
}
