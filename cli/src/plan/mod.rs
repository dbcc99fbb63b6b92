//! From a project and a request to the changes that answer it. Pure: nothing is read or written here.

mod cargo_toml;
mod create;
mod init;

pub(crate) use cargo_toml::{crate_name, package_name};
pub(crate) use create::{create, registered};
pub(crate) use init::init;

use crate::failure::{Failure, Result};
use crate::project::{MANIFEST, OnDisk};

/// A file as it should be, and what may happen to the one that is there.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) fate: Fate,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Written once; another file in its place is an error.
    Once,
    /// Written once; another file in its place stays.
    OnceOrKept,
    /// `Cargo.toml`: dependencies are added, nothing is changed.
    DependenciesAdded,
    /// `.gitignore`: lines are added, nothing is changed.
    LinesAdded,
    /// Rewritten whole, if it is still what aggboot wrote.
    Whole { before: Option<String> },
}

/// What a command will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) changes: Vec<Change>,
    pub(crate) notes: Vec<String>,
}

/// One file made or rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) owner: Owner,
    pub(crate) before: Option<String>,
    pub(crate) after: String,
}

/// Who edits a file from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Owner {
    Yours,
    Aggboot,
}

/// The changes that make the files as wanted, or what stands in the way. The manifest comes last: it says that all else is done.
pub(crate) fn plan(wanted: Vec<Wanted>, disk: &OnDisk) -> Result<Plan> {
    let mut plan = Plan::default();
    for file in wanted {
        let before = disk.text(&file.path);
        let owner = file.owner();
        let after = match (before, &file.fate) {
            (None, _) => file.text,
            (Some(before), _) if same(before, &file.text) => continue,
            (Some(before), Fate::DependenciesAdded) => cargo_toml::merged(before, &file.text)?,
            (Some(before), Fate::LinesAdded) => lines_added(before, &file.text),
            (Some(before), Fate::Whole { before: Some(written) }) if same(before, written) => file.text,
            (Some(_), Fate::Whole { before: Some(_) }) => return Err(edited(&file.path)),
            (Some(_), Fate::OnceOrKept) => {
                plan.notes.push(format!("{} is there already and stays as it is", file.path));
                continue;
            }
            (Some(_), Fate::Once | Fate::Whole { before: None }) => {
                return Err(in_the_way(&file.path));
            }
        };
        if before != Some(after.as_str()) {
            plan.changes.push(Change { path: file.path, owner, before: before.map(str::to_owned), after });
        }
    }
    plan.changes.sort_by(|a, b| (a.path == MANIFEST, &a.path).cmp(&(b.path == MANIFEST, &b.path)));
    Ok(plan)
}

impl Wanted {
    fn owner(&self) -> Owner {
        match self.fate {
            Fate::Whole { .. } => Owner::Aggboot,
            Fate::Once | Fate::OnceOrKept | Fate::DependenciesAdded | Fate::LinesAdded => Owner::Yours,
        }
    }
}

/// `before`, and the lines of `wanted` that it lacks.
fn lines_added(before: &str, wanted: &str) -> String {
    let lacks = |line: &&str| !before.lines().any(|there| there.trim() == line.trim());
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let added: String = wanted.lines().filter(lacks).map(|line| format!("{line}\n")).collect();
    if added.is_empty() { before.to_owned() } else { format!("{before}{end}{added}") }
}

/// Version control may have changed the line ends.
fn same(a: &str, b: &str) -> bool {
    a.lines().eq(b.lines())
}

fn edited(path: &str) -> Failure {
    Failure::Broken {
        path: path.to_owned(),
        found: "it was edited by hand, and aggboot rewrites it whole".to_owned(),
        advice: "undo the edit, or delete the file, and run this again".to_owned(),
    }
}

fn in_the_way(path: &str) -> Failure {
    Failure::Broken {
        path: path.to_owned(),
        found: "it is there already, and aggboot did not write it".to_owned(),
        advice: "move it away and run this again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fate_meets_each_file() {
        let whole = |before: &str| Fate::Whole { before: Some(before.to_owned()) };
        let check = |there: Option<&str>, fate: Fate, expected: Result<bool, &str>| {
            let disk = OnDisk::of(&there.map(|text| ("file", text)).into_iter().collect::<Vec<_>>());
            let wanted = Wanted { path: "file".to_owned(), text: "new\n".to_owned(), fate: fate.clone() };
            let changed = plan(vec![wanted], &disk)
                .map(|plan| !plan.changes.is_empty())
                .map_err(|failure| failure.to_string());
            match expected {
                Ok(expected) => assert_eq!(changed, Ok(expected), "{there:?} {fate:?}"),
                Err(part) => assert!(changed.unwrap_err().contains(part), "{there:?} {fate:?}"),
            }
        };
        let (dependencies, lines) = (Fate::DependenciesAdded, Fate::LinesAdded);
        let unread = Fate::Whole { before: None };
        for fate in [Fate::Once, Fate::OnceOrKept, dependencies, lines, unread, whole("old\n")] {
            check(None, fate.clone(), Ok(true));
            check(Some("new\n"), fate.clone(), Ok(false));
            check(Some("new\r\n"), fate, Ok(false));
        }
        check(Some("other\n"), Fate::Once, Err("it is there already"));
        check(Some("other\n"), Fate::Whole { before: None }, Err("it is there already"));
        check(Some("other\n"), Fate::OnceOrKept, Ok(false));
        check(Some("old\n"), whole("old\n"), Ok(true));
        check(Some("old\r\n"), whole("old\n"), Ok(true));
        check(Some("other\n"), whole("old\n"), Err("edited by hand"));
    }

    #[test]
    fn lines_are_added_once() {
        let check = |before: &str, expected: &str| {
            assert_eq!(lines_added(before, "/target\n/data\n"), expected);
            assert_eq!(lines_added(expected, "/target\n/data\n"), expected);
        };
        check("", "/target\n/data\n");
        check("*.log\n/target", "*.log\n/target\n/data\n");
        check("/data\n/target", "/data\n/target");
    }
}
