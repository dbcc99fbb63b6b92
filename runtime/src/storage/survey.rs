//! What a store holds, each value judged: whether a server could read it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::{At, Key, Prefix, Query, Result, Revision, Storage, Stored};
use crate::object::Object;

/// How many records, and bytes of values, are in memory.
const PAGE: usize = 1000;
const PAGE_BYTES: usize = 4 << 20;
/// How many problems are told one by one.
const TOLD: usize = 100;

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The revision that was read.
    pub revision: Revision,
    /// How many records there are.
    pub count: u64,
    /// How many bytes of values.
    pub bytes: u64,
    /// How many records there are of each `<group>/<resource>`.
    pub resources: BTreeMap<String, u64>,
    /// How many records no server could read.
    pub unreadable: u64,
    /// The first of them.
    pub problems: Vec<Problem>,
}

/// A record that no server could read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which one.
    pub key: Key,
    /// Its revision.
    pub revision: Revision,
    /// What is wrong with it.
    pub why: String,
}

/// Reads everything at one revision, and tells how many records are read.
///
/// # Errors
/// When the store fails.
pub async fn survey(storage: &dyn Storage, progress: &mut (dyn FnMut(u64) + Send)) -> Result<Survey> {
    let page = Query { limit: PAGE, max_bytes: PAGE_BYTES, ..Query::all(Prefix::everything()) };
    let mut read = storage.list(page.clone()).await?;
    let revision = read.at;
    let (resources, problems) = (BTreeMap::new(), Vec::new());
    let mut survey = Survey { revision, count: 0, bytes: 0, resources, unreadable: 0, problems };
    loop {
        read.value.items.iter().for_each(|stored| survey.add(stored));
        progress(survey.count);
        let last = read.value.items.last().filter(|_| read.value.more);
        let Some(last) = last else { return Ok(survey) };
        let from = Some(format!("{}\0", last.key).into());
        read = storage.list(Query { from, at: At::Exactly(revision), ..page.clone() }).await?;
    }
}

impl Survey {
    fn add(&mut self, stored: &Stored) {
        self.count += 1;
        self.bytes += stored.value.len() as u64;
        let mut parts = stored.key.as_str().splitn(3, '/');
        let resource = [parts.next(), parts.next()].map(Option::unwrap_or_default).join("/");
        *self.resources.entry(resource).or_default() += 1;
        let Err(why) = judge(stored) else { return };
        self.unreadable += 1;
        if self.problems.len() < TOLD {
            self.problems.push(Problem { key: stored.key.clone(), revision: stored.revision, why });
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    namespace: Cow<'a, str>,
}

/// What keeps a server from reading a record as the object that its key names.
fn judge(stored: &Stored) -> Result<(), String> {
    Object::read(stored, &[]).map_err(|why| why.to_string())?;
    let head: Head<'_> = serde_json::from_slice(&stored.value).map_err(|why| why.to_string())?;
    let parts: Vec<_> = stored.key.as_str().split('/').collect();
    let (group, namespace, name) = match parts[..] {
        [group, _, name] => (group, "", name),
        [group, _, namespace, name] => (group, namespace, name),
        _ => return Err("its key is not <group>/<resource>/[<namespace>/]<name>".into()),
    };
    let found = head.api_version.split_once('/').map_or("", |(group, _)| group);
    for (what, found, expected) in [
        ("group", found, group),
        ("namespace", &*head.metadata.namespace, namespace),
        ("name", &*head.metadata.name, name),
    ] {
        if found != expected {
            return Err(format!("its {what} is {found:?} where the key says {expected:?}"));
        }
    }
    if head.kind.is_empty() { Err("it has no kind".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::Write;
    use super::super::memory::Memory;
    use super::*;

    #[tokio::test]
    async fn what_no_server_could_read_is_named() {
        let store = Memory::new();
        let object = |name: &str| {
            format!(r#"{{"apiVersion":"g/v1","kind":"R","metadata":{{"name":"{name}","namespace":"n"}}}}"#)
        };
        let records = [
            ("g/r/n/good", object("good")),
            ("g/r/n/other", object("another")),
            ("g/r/o/good", object("good")),
            ("h/r/n/good", object("good")),
            ("g/r/n/number", "1".into()),
            ("g/r/n/half", object("half").replace("}}", "}")),
            ("g/r/n/kindless", object("kindless").replace("\"R\"", "\"\"")),
            ("g/r/n/a/b", object("b")),
        ];
        let creates = records.map(|(key, value)| Write::create(Key::new(key), value.into()));
        let written = store.write(creates.into()).await;
        assert!(written.iter().all(Result::is_ok));
        let survey = survey(&store, &mut |_| ()).await.expect("read");
        assert_eq!((survey.count, survey.unreadable), (8, 7));
        assert_eq!(Some(&survey.revision), written.last().and_then(|last| last.as_ref().ok()));
        assert_eq!(survey.resources, BTreeMap::from([("g/r".into(), 7), ("h/r".into(), 1)]));
        let found: Vec<_> =
            survey.problems.iter().map(|problem| (problem.key.as_str(), &*problem.why)).collect();
        for (key, why) in [
            ("g/r/n/other", "its name is \"another\" where the key says \"other\""),
            ("g/r/o/good", "its namespace is \"n\" where the key says \"o\""),
            ("h/r/n/good", "its group is \"g\" where the key says \"h\""),
            ("g/r/n/kindless", "it has no kind"),
            ("g/r/n/a/b", "its key is not <group>/<resource>/[<namespace>/]<name>"),
        ] {
            assert!(found.contains(&(key, why)), "{key}: {found:?}");
        }
    }
}
