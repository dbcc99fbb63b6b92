//! A list in another form than compact JSON: made object by object, and the same as if the whole list were.

use super::pretty::Indenter;
use super::yaml;
use crate::request::accept::{Form, Media};

/// A list while it is written in that form.
#[derive(Debug)]
pub(super) struct Styled {
    /// One object as JSON.
    pub(super) json: Vec<u8>,
    style: Style,
}

#[derive(Debug)]
enum Style {
    Pretty { indenter: Indenter, text: Vec<u8> },
    Yaml { name: &'static str, behind: String, text: String },
}

impl Styled {
    /// How a list of that form is written whose objects stand under that name; nothing for compact JSON.
    pub(super) fn of(form: Form, name: &'static str) -> Option<Styled> {
        let style = match form.media {
            Media::Yaml => Style::Yaml { name, behind: String::new(), text: String::new() },
            Media::Json if form.pretty => Style::Pretty { indenter: Indenter::default(), text: Vec::new() },
            Media::Json => return None,
        };
        Some(Styled { json: Vec::new(), style })
    }

    /// What comes before the objects, of the JSON that does.
    pub(super) fn begin(&mut self, json: &[u8]) -> &[u8] {
        match &mut self.style {
            Style::Pretty { indenter, text } => {
                indenter.write(json, text);
                text
            }
            Style::Yaml { name, behind, text } => {
                (*text, *behind) = yaml::around(&[json, b"]}"].concat(), name);
                text.as_bytes()
            }
        }
    }

    /// The object that was written.
    pub(super) fn object(&mut self, first: bool) -> &[u8] {
        match &mut self.style {
            Style::Pretty { indenter, text } => {
                text.clear();
                indenter.write(if first { b"" } else { b"," }, text);
                indenter.write(&self.json, text);
                text
            }
            Style::Yaml { name, text, .. } => {
                text.clear();
                if first {
                    text.push_str(name);
                    text.push_str(":\n");
                }
                yaml::item(text, &self.json);
                text.as_bytes()
            }
        }
    }

    /// What comes behind the objects, if there are `any`.
    pub(super) fn end(&mut self, any: bool) -> &[u8] {
        match &mut self.style {
            Style::Pretty { indenter, text } => {
                text.clear();
                indenter.write(b"]}", text);
                text
            }
            Style::Yaml { name, behind, text } => {
                text.clear();
                if !any {
                    text.push_str(name);
                    text.push_str(": []\n");
                }
                text.push_str(behind);
                text.as_bytes()
            }
        }
    }

    /// How long a list is at least that is so long as compact JSON.
    pub(super) fn at_least(&self, compact: usize) -> usize {
        if matches!(self.style, Style::Pretty { .. }) { compact } else { 0 }
    }
}
