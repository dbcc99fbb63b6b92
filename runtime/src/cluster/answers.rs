//! Answers of the main API: kept for a while, and asked for once when many want the same one.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ring::digest::{Context, SHA256};
use tokio::sync::watch;

/// Answers by question.
pub(crate) struct Answers<V> {
    entries: Arc<Mutex<HashMap<Question, Entry<V>>>>,
    capacity: usize,
}

enum Entry<V> {
    Known(V, Instant),
    Asked(watch::Receiver<Option<V>>),
}

/// An answer that is known, or will be.
pub(crate) enum Answer<V> {
    Known(V),
    Asked(watch::Receiver<Option<V>>),
}

/// A question, as a digest of its parts: two questions are never taken for one, and no token is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Question([u8; 32]);

/// Collects the parts of a question.
pub(crate) struct Parts(Context);

impl Parts {
    pub(crate) fn new() -> Self {
        Parts(Context::new(&SHA256))
    }

    /// Adds a part; its length goes with it.
    pub(crate) fn add(&mut self, part: &str) -> &mut Self {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part.as_bytes());
        self
    }

    /// Says how many parts follow.
    pub(crate) fn many(&mut self, count: usize) -> &mut Self {
        self.0.update(&(count as u64).to_le_bytes());
        self
    }

    pub(crate) fn question(self) -> Question {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.finish().as_ref());
        Question(bytes)
    }
}

impl<V: Clone + Send + Sync + 'static> Answers<V> {
    /// Keeps that many answers at most.
    pub(crate) fn new(capacity: usize) -> Self {
        Answers { entries: Arc::default(), capacity }
    }

    /// The answer: a kept one, or that of whoever asks already, or `ask`'s, which says how long to keep it.
    /// Asking goes on when the caller leaves, since others may be waiting.
    pub(crate) fn get<F>(&self, question: Question, ask: impl FnOnce() -> F) -> Answer<V>
    where
        F: Future<Output = (V, Duration)> + Send + 'static,
    {
        let mut entries = lock(&self.entries);
        match entries.get(&question) {
            Some(Entry::Known(value, until)) if Instant::now() < *until => {
                return Answer::Known(value.clone());
            }
            Some(Entry::Asked(asked)) if asked.has_changed().is_ok() || asked.borrow().is_some() => {
                return Answer::Asked(asked.clone());
            }
            _ => {}
        }
        make_room(&mut entries, self.capacity);
        let (answer, asked) = watch::channel(None);
        entries.insert(question, Entry::Asked(asked.clone()));
        drop(entries);
        let (entries, asking) = (Arc::clone(&self.entries), ask());
        tokio::spawn(async move {
            let (value, keep) = asking.await;
            let until = Instant::now() + keep;
            if keep.is_zero() {
                lock(&entries).remove(&question);
            } else {
                lock(&entries).insert(question, Entry::Known(value.clone(), until));
            }
            answer.send_replace(Some(value));
        });
        Answer::Asked(asked)
    }
}

impl<V: Clone> Answer<V> {
    /// Waits for it. `None` when asking broke off.
    pub(crate) async fn wait(self) -> Option<V> {
        match self {
            Answer::Known(value) => Some(value),
            Answer::Asked(mut asked) => asked.wait_for(Option::is_some).await.ok()?.clone(),
        }
    }
}

fn lock<V>(entries: &Mutex<HashMap<Question, Entry<V>>>) -> MutexGuard<'_, HashMap<Question, Entry<V>>> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forgets what is old, or every kept answer when that is not enough.
fn make_room<V>(entries: &mut HashMap<Question, Entry<V>>, capacity: usize) {
    if entries.len() < capacity {
        return;
    }
    let now = Instant::now();
    entries.retain(|_, entry| !matches!(entry, Entry::Known(_, until) if *until <= now));
    if entries.len() >= capacity {
        entries.retain(|_, entry| matches!(entry, Entry::Asked(_)));
    }
}

impl<V> fmt::Debug for Answers<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("kept", &lock(&self.entries).len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn question(parts: &[&str]) -> Question {
        let mut question = Parts::new();
        parts.iter().for_each(|part| {
            question.add(part);
        });
        question.question()
    }

    #[tokio::test]
    async fn many_who_want_the_same_ask_once() {
        let answers = Answers::new(10);
        let asked = Arc::new(AtomicUsize::new(0));
        let open = Arc::new(tokio::sync::Notify::new());
        let get = || {
            let answer = answers.get(question(&["a"]), || {
                let (asked, open) = (Arc::clone(&asked), Arc::clone(&open));
                async move {
                    open.notified().await;
                    (asked.fetch_add(1, Ordering::SeqCst), LONG)
                }
            });
            answer.wait()
        };
        let (one, two, three, ()) = tokio::join!(get(), get(), get(), async { open.notify_one() });
        assert_eq!((one, two, three), (Some(0), Some(0), Some(0)));
        assert_eq!(get().await, Some(0), "kept");
    }

    #[tokio::test]
    async fn what_is_not_to_be_kept_is_asked_again() {
        let answers = Answers::new(10);
        for expected in [1, 2] {
            let answer = answers.get(question(&["a"]), || async move { (expected, Duration::ZERO) });
            assert_eq!(answer.wait().await, Some(expected));
        }
    }

    #[tokio::test]
    async fn asking_that_breaks_off_is_no_answer_and_does_not_block_the_next() {
        let answers = Answers::<u8>::new(10);
        let broken = answers.get(question(&["a"]), || async { panic!("broken") });
        assert_eq!(broken.wait().await, None);
        assert_eq!(answers.get(question(&["a"]), || async { (1, LONG) }).wait().await, Some(1));
    }

    #[tokio::test]
    async fn the_number_of_answers_is_bounded() {
        let answers = Answers::new(3);
        for number in 0..20 {
            answers.get(question(&[&number.to_string()]), || async move { (number, LONG) }).wait().await;
            assert!(lock(&answers.entries).len() <= 3);
        }
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert!(question(&["ab", "c"]) != question(&["a", "bc"]));
        assert!(question(&["a", ""]) != question(&["a"]));
    }
}
