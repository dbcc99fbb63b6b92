//! One writer: creates, replaces and deletes objects of its own, and knows what became of each write, or that it does not.

use super::{Door, Object, Objects, WIDGETS, assert_is_passing_error, image, object};
use crate::ours::widget;
use http::{Method, StatusCode};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// The objects of one writer.
const OBJECTS: usize = 5;
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_millis(50);

/// What a writer was told.
#[derive(Default)]
pub(super) struct Report {
    /// Names and states that were acknowledged.
    pub(super) acknowledged: Vec<(String, Object)>,
    /// Images of writes that were not answered, or with 504: each happened once or not at all.
    pub(super) unknown: BTreeSet<String>,
    /// Objects of which a deletion was not answered.
    pub(super) doubtful: BTreeSet<String>,
    /// Images of writes that were refused: none of them happened.
    pub(super) refused: BTreeSet<String>,
    /// What begins the names of its objects.
    pub(super) prefix: String,
    objects: Objects,
}

/// One write.
struct Attempt {
    name: String,
    there: Option<u64>,
    /// `None` deletes.
    image: Option<String>,
}

/// Writes until it is told to stop.
pub(super) async fn write(
    number: usize,
    door: Door,
    pause: Duration,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
) -> Report {
    let mut report = Report { prefix: format!("w{number}-"), ..Report::default() };
    let mut pace = tokio::time::interval(pause);
    for round in 0.. {
        pace.tick().await;
        if stop.load(Ordering::Acquire) {
            break;
        }
        let attempt = report.next(round);
        if report.make(&door, attempt).await {
            acknowledged.fetch_add(1, Ordering::AcqRel);
        }
    }
    report
}

impl Report {
    fn next(&self, round: usize) -> Attempt {
        let name = format!("{}{}", self.prefix, round % OBJECTS);
        let there = self.objects.get(&name).map(|object| object.revision);
        let delete = there.is_some() && round % 4 == 3;
        let image = (!delete).then(|| image(&name, round));
        Attempt { name, there, image }
    }

    /// Whether it was acknowledged.
    async fn make(&mut self, door: &Door, attempt: Attempt) -> bool {
        let path = format!("{WIDGETS}/{}", attempt.name);
        let mut body = widget(&attempt.name, &json!({"image": attempt.image}));
        let call = match (attempt.there, &attempt.image) {
            (Some(revision), None) => {
                let precondition = json!({"preconditions": {"resourceVersion": revision.to_string()}});
                door.call(Method::DELETE, &path).json(&precondition)
            }
            (Some(revision), Some(_)) => {
                body["metadata"]["resourceVersion"] = revision.to_string().into();
                door.call(Method::PUT, &path).json(&body)
            }
            (None, _) => door.call(Method::POST, WIDGETS).json(&body),
        };
        match call.try_send().await {
            Ok(answer) if answer.status.is_success() => {
                match attempt.image {
                    Some(image) => {
                        let (name, object) = object(&answer.json());
                        assert_eq!(object.image, image);
                        self.acknowledged.push((name.clone(), object.clone()));
                        self.objects.insert(name, object);
                    }
                    None => drop(self.objects.remove(&attempt.name)),
                }
                return true;
            }
            Ok(answer) if matches!(answer.status, StatusCode::CONFLICT | StatusCode::NOT_FOUND) => {
                // A write of before that was not answered came through after all.
                assert!(self.in_doubt(&attempt.name), "{}: {}", attempt.name, answer.text());
                self.refused.extend(attempt.image);
            }
            Ok(answer) => {
                assert_is_passing_error(&answer);
                if answer.status == StatusCode::GATEWAY_TIMEOUT {
                    self.doubt(&attempt);
                } else {
                    self.refused.extend(attempt.image);
                }
            }
            Err(_) => self.doubt(&attempt),
        }
        self.look(door, &attempt.name).await;
        false
    }

    fn doubt(&mut self, attempt: &Attempt) {
        match &attempt.image {
            Some(image) => drop(self.unknown.insert(image.clone())),
            None => drop(self.doubtful.insert(attempt.name.clone())),
        }
    }

    /// Whether a write to that object was ever not answered.
    fn in_doubt(&self, name: &str) -> bool {
        let of_object = format!("{name}:");
        self.doubtful.contains(name) || self.unknown.iter().any(|image| image.starts_with(&of_object))
    }

    /// Learns what is there, however long that takes.
    async fn look(&mut self, door: &Door, name: &str) {
        loop {
            match door.call(Method::GET, &format!("{WIDGETS}/{name}")).try_send().await {
                Ok(answer) if answer.status == StatusCode::OK => {
                    let (name, object) = object(&answer.json());
                    let own = self.acknowledged.iter().any(|(_, acknowledged)| *acknowledged == object);
                    assert!(
                        own || self.unknown.contains(&object.image),
                        "nobody wrote {name} at {}",
                        object.revision
                    );
                    self.objects.insert(name, object);
                    return;
                }
                Ok(answer) if answer.status == StatusCode::NOT_FOUND => {
                    self.objects.remove(name);
                    return;
                }
                Ok(answer) => assert_is_passing_error(&answer),
                Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
