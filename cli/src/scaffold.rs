//! The scaffolding commands, each the same way: what is asked → a plan → apply it, unless it is a dry run → say so.

use crate::apply::apply;
use crate::args::{Format, RepoArgs, ResourceArgs};
use crate::failure::{Failure, Result};
use crate::names;
use crate::plan::{self, Plan, Wanted};
use crate::project::{self, Dependency, Kind, MANIFEST, Manifest};
use crate::show::{self, Outcome};
use aggboot_templates::Templates;
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

/// `aggboot init repo`.
pub(crate) fn init(args: &RepoArgs, here: &Path, format: Format, out: &mut dyn Write) -> Result<()> {
    let domain =
        names::domain(&args.domain).map_err(|objection| Failure::objection("--domain", objection))?;
    let root = folder(here, &args.dir)?;
    let templates = Templates::load()?;
    let wanted = if root.join(MANIFEST).exists() {
        let manifest = project::load(&root)?;
        same_project(&manifest, &domain, args.name.as_deref())?;
        plan::registered(&templates, &manifest, &manifest)?
    } else {
        let dependency = Dependency::choose(args.scaffolding.aggboot_path.clone(), &root);
        plan::init(&templates, &name(&root, args.name.as_deref())?, &domain, &dependency)?
    };
    let plan = planned(wanted, &root)?;
    let mut next = vec![
        "aggboot create group version resource --group inventory --version v1 --kind Server".to_owned(),
        "aggboot run local".to_owned(),
    ];
    if root != here {
        next.insert(0, format!("cd {}", args.dir.display()));
    }
    finish("init repo", &root, &plan, args.scaffolding.dry_run, next, format, out)
}

/// `aggboot create group version resource`.
pub(crate) fn create(args: &ResourceArgs, here: &Path, format: Format, out: &mut dyn Write) -> Result<()> {
    let root = project::find(here)?;
    let manifest = project::load(&root)?;
    let kind = args.asked().judge(&manifest.domain)?;
    let crate_name = plan::crate_name(&cargo_toml(&root)?)?;
    let dependency = Dependency::choose(args.scaffolding.aggboot_path.clone(), &root);
    let wanted = plan::create(&Templates::load()?, &manifest, &kind, &crate_name, &dependency)?;
    let mut plan = planned(wanted, &root)?;
    if !plan.changes.is_empty() {
        plan.notes.extend(notes(&root, &kind));
    }
    let next = next_after(&kind);
    finish("create group version resource", &root, &plan, args.scaffolding.dry_run, next, format, out)
}

fn planned(wanted: Vec<Wanted>, root: &Path) -> Result<Plan> {
    let disk = project::read(root, wanted.iter().map(|file| file.path.as_str()))?;
    plan::plan(wanted, &disk)
}

fn finish(
    command: &'static str,
    root: &Path,
    plan: &Plan,
    dry_run: bool,
    next: Vec<String>,
    format: Format,
    out: &mut dyn Write,
) -> Result<()> {
    if !dry_run {
        apply(root, plan)?;
    }
    let next = if plan.changes.is_empty() || dry_run { Vec::new() } else { next };
    let shown = show::outcome(out, &Outcome { command, root, plan, dry_run, next }, format);
    // Once the files are there the command has succeeded, whoever reads about it.
    if dry_run { said(shown) } else { Ok(()) }
}

/// A reader that left early has heard enough.
pub(crate) fn said(written: std::io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::io("write to", Path::new("stdout"))(error))
        }
        _ => Ok(()),
    }
}

fn next_after(kind: &Kind) -> Vec<String> {
    vec![
        "cargo test".to_owned(),
        "aggboot run local".to_owned(),
        format!("kubectl --kubeconfig data/kubeconfig create -f config/samples/{}.yaml", kind.file_name()),
    ]
}

/// What the plan cannot see to, but its reader can.
fn notes(root: &Path, kind: &Kind) -> Vec<String> {
    let mut notes = vec![format!("the fields of {} are yours to write, in {}", kind.kind, kind.path())];
    let library = std::fs::read_to_string(root.join("src/lib.rs")).unwrap_or_default();
    if !library.contains("mod apis") {
        notes.push("src/lib.rs has no `pub mod apis;`, so no kind is served until it has".to_owned());
    }
    notes
}

fn same_project(manifest: &Manifest, domain: &str, name: Option<&str>) -> Result<()> {
    let differs = |argument: &str, asked: &str, is: &str| {
        Err(Failure::Refused {
            argument: argument.to_owned(),
            value: asked.to_owned(),
            rule: format!(
                "the folder is a project already, with {} {is:?}",
                argument.trim_start_matches('-')
            ),
            advice: format!("try {argument} {is}, or another --dir"),
        })
    };
    match name {
        _ if domain != manifest.domain => differs("--domain", domain, &manifest.domain),
        Some(name) if name != manifest.name => differs("--name", name, &manifest.name),
        _ => Ok(()),
    }
}

/// What was asked, else what `Cargo.toml` says, else what the folder is called.
fn name(root: &Path, asked: Option<&str>) -> Result<String> {
    let package =
        if root.join("Cargo.toml").exists() { Some(plan::package_name(&cargo_toml(root)?)?) } else { None };
    let folder = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let refuse = |objection| Failure::objection("--name", objection);
    let name = names::package(asked.or(package.as_deref()).unwrap_or(&folder)).map_err(refuse)?;
    match package {
        Some(package) if package != name => Err(Failure::Refused {
            argument: "--name".to_owned(),
            value: name,
            rule: format!("the folder's Cargo.toml calls the package {package:?}"),
            advice: format!("try --name {package}, or another --dir"),
        }),
        _ => Ok(name),
    }
}

fn cargo_toml(root: &Path) -> Result<String> {
    std::fs::read_to_string(root.join("Cargo.toml")).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::Broken {
            path: "Cargo.toml".to_owned(),
            found: "it is missing".to_owned(),
            advice: "restore it from version control".to_owned(),
        },
        _ => Failure::io("read", &root.join("Cargo.toml"))(error),
    })
}

/// The folder asked for, without `.` and `..`, whether it exists or not.
fn folder(here: &Path, asked: &Path) -> Result<PathBuf> {
    let mut folder = PathBuf::new();
    for part in here.join(asked).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                folder.pop();
            }
            part => folder.push(part),
        }
    }
    let file = folder.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir());
    file.map_or(Ok(folder.clone()), |file| {
        Err(Failure::Refused {
            argument: "--dir".to_owned(),
            value: asked.display().to_string(),
            rule: format!("{} is a file", file.display()),
            advice: "try --dir with a folder, or a name that is free".to_owned(),
        })
    })
}
