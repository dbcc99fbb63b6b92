//! The one writer. Everything is staged beside the project first; then each file is renamed into place, and all of them
//! are put back if one cannot be.

use crate::failure::{Failure, Result};
use crate::plan::{Change, Plan};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Makes the changes below `root`, all or none.
pub(crate) fn apply(root: &Path, plan: &Plan) -> Result<()> {
    if plan.changes.is_empty() {
        return Ok(());
    }
    let mut done = Done::default();
    let outcome = write(root, &plan.changes, &mut done);
    if outcome.is_err() {
        done.undo();
    }
    outcome
}

/// What was done so far, in order.
#[derive(Default)]
struct Done {
    stage: Option<TempDir>,
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
    replaced: Vec<(PathBuf, PathBuf)>,
}

fn write(root: &Path, changes: &[Change], done: &mut Done) -> Result<()> {
    make_folder(root, done)?;
    let stage = tempfile::Builder::new().prefix(".aggboot-").tempdir_in(root);
    let stage = done.stage.insert(stage.map_err(Failure::io("write in", root))?).path().to_owned();
    let staged = changes.iter().enumerate().map(|(at, change)| stage_file(&stage, at, root, change));
    let staged = staged.collect::<Result<Vec<_>>>()?;
    for (at, (change, new)) in changes.iter().zip(&staged).enumerate() {
        let target = root.join(&change.path);
        let folder = target.parent().unwrap_or(root);
        make_folder(folder, done)?;
        unchanged(&target, change)?;
        if change.before.is_some() {
            let old = stage.join(format!("old-{at}"));
            fs::rename(&target, &old).map_err(Failure::io("replace", &target))?;
            done.replaced.push((old, target.clone()));
        }
        fs::rename(new, &target).map_err(Failure::io("create", &target))?;
        done.files.push(target);
    }
    // Nothing is put back from here on; the stage goes, with the old files in it.
    *done = Done::default();
    Ok(())
}

fn stage_file(stage: &Path, at: usize, root: &Path, change: &Change) -> Result<PathBuf> {
    let path = stage.join(format!("new-{at}"));
    let write = || {
        let mut file = fs::File::create(&path)?;
        file.write_all(change.after.as_bytes())?;
        if change.before.is_some() {
            file.set_permissions(fs::metadata(root.join(&change.path))?.permissions())?;
        }
        file.sync_all()
    };
    write().map_err(Failure::io("write", &root.join(&change.path)))?;
    Ok(path)
}

/// Someone else may have been here since the plan was made.
fn unchanged(target: &Path, change: &Change) -> Result<()> {
    let now = match fs::read_to_string(target) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(Failure::io("read", target)(error)),
    };
    if now == change.before {
        return Ok(());
    }
    Err(Failure::Broken {
        path: change.path.clone(),
        found: "it changed while the command ran".to_owned(),
        advice: "run this again".to_owned(),
    })
}

fn make_folder(folder: &Path, done: &mut Done) -> Result<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    for path in missing.into_iter().rev() {
        fs::create_dir(path).map_err(Failure::io("create folder", path))?;
        done.folders.push(path.to_owned());
    }
    Ok(())
}

impl Done {
    /// Best effort, newest first; the failure that led here is the one to report.
    fn undo(self) {
        for file in self.files.iter().rev() {
            let _ = fs::remove_file(file);
        }
        for (old, target) in self.replaced.iter().rev() {
            let _ = fs::rename(old, target);
        }
        drop(self.stage);
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Owner;

    fn change(path: &str, before: Option<&str>) -> Change {
        let before = before.map(str::to_owned);
        Change { path: path.to_owned(), owner: Owner::Yours, before, after: "new".to_owned() }
    }

    /// Every path below `root`, with what the files hold.
    fn tree(root: &Path) -> Vec<(PathBuf, Option<String>)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(root).unwrap() {
            let path = entry.unwrap().path();
            found.push((path.clone(), fs::read_to_string(&path).ok()));
            if path.is_dir() {
                found.extend(tree(&path));
            }
        }
        found.sort();
        found
    }

    #[test]
    fn all_or_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("there"), "old").unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let before = tree(folder.path());
        for last in [
            change("file/below", None),
            change("there/below", None),
            change("gone", Some("old")),
            change("file", None),
        ] {
            let changes = vec![change("a/b/new", None), change("there", Some("old")), last];
            apply(folder.path(), &Plan { changes, notes: vec![] }).unwrap_err();
            assert_eq!(tree(folder.path()), before);
        }
        let changes = vec![change("a/b/new", None), change("there", Some("old"))];
        apply(folder.path(), &Plan { changes, notes: vec![] }).unwrap();
        let new = Some("new".to_owned());
        let read = |path: &str| fs::read_to_string(folder.path().join(path)).ok();
        assert_eq!((read("a/b/new"), read("there")), (new.clone(), new));
        assert_eq!(tree(folder.path()).len(), 5, "no stage is left");
    }

    #[test]
    fn a_new_root_goes_again_when_it_cannot_be_filled() {
        let folder = tempfile::tempdir().unwrap();
        let changes = vec![change("a", None), change("a/b", None)];
        apply(&folder.path().join("x/y"), &Plan { changes, notes: vec![] }).unwrap_err();
        assert_eq!(tree(folder.path()), vec![]);
    }
}
