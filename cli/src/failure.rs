//! Why a command stopped: one sentence, one exit code, the same facts for machines.

use crate::names::Objection;
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Nothing was written, whichever it is; but a migration says that it broke off, and goes on when it is run again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something asked for is against a rule.
    #[error("{argument} {value:?} is refused: {rule}; {advice}")]
    Refused { argument: String, value: String, rule: String, advice: String },
    /// The project's files are not as aggboot left them.
    #[error("{path}: {found}; {advice}")]
    Broken { path: String, found: String, advice: String },
    /// The machine said no.
    #[error("failed to {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// A store or an export is not there, or cannot be used.
    #[error("{0}")]
    Data(String),
    /// A store holds what no server could read.
    #[error("{message}")]
    Unreadable { message: String, problems: Vec<String> },
    /// A store could not do it now.
    #[error("{0}")]
    Storage(String),
    /// A mistake of aggboot itself.
    #[error("{0}: this is a mistake in aggboot, please report it")]
    Template(#[from] aggboot_templates::Error),
}

/// The exit codes, as `aggboot --help` documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Failed = 1,
    Usage = 2,
    Refused = 3,
    Project = 4,
    Data = 5,
}

/// What `-o json` says of a failure.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Facts<'a> {
    pub(crate) code: u8,
    pub(crate) class: &'static str,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) argument: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(crate) problems: &'a [String],
}

impl Failure {
    /// A value that a rule of names is against.
    pub(crate) fn objection(argument: &str, objection: Objection) -> Self {
        let Objection { value, rule, example } = objection;
        Self::Refused {
            argument: argument.to_owned(),
            value,
            rule,
            advice: format!("try {argument} {example}"),
        }
    }

    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Refused { .. } => Code::Refused,
            Self::Broken { .. } => Code::Project,
            Self::Data(_) | Self::Unreadable { .. } => Code::Data,
            Self::Io { .. } | Self::Storage(_) | Self::Template(_) => Code::Failed,
        }
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        let class = self.code().class();
        let none = Facts {
            code: self.code() as u8,
            class,
            message: self.to_string(),
            argument: None,
            value: None,
            path: None,
            rule: None,
            advice: None,
            problems: &[],
        };
        match self {
            Self::Refused { argument, value, rule, advice } => Facts {
                argument: Some(argument),
                value: Some(value),
                rule: Some(rule),
                advice: Some(advice),
                ..none
            },
            Self::Broken { path, advice, .. } => {
                Facts { path: Some(path.clone()), advice: Some(advice), ..none }
            }
            Self::Io { path, .. } => Facts { path: Some(path.display().to_string()), ..none },
            Self::Unreadable { problems, .. } => Facts { problems, ..none },
            Self::Data(_) | Self::Storage(_) | Self::Template(_) => none,
        }
    }
}

impl Code {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::Project => "project",
            Self::Data => "data",
        }
    }
}
