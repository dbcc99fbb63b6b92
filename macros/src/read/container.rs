//! The words on a struct or an enum itself.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{LitStr, Path};

use super::refuse_repeated;
use crate::errors::Errors;
use crate::model::{RULES, Role, Root};
use crate::suggest;
use crate::words::Word;

const ROOT: &[&str] = &[
    "group",
    "version",
    "kind",
    "plural",
    "singular",
    "short_name",
    "category",
    "scope",
    "generation",
    "unconditional_update",
    "crate",
];
const NESTED: &[&str] = &["crate", "serde"];

/// What the words on the type say.
pub(super) struct Container {
    pub(super) root: Option<Root>,
    pub(super) krate: Option<TokenStream>,
    pub(super) serde: bool,
}

/// Reads the words on the type.
pub(super) fn read(words: &[Word], role: Role, errors: &mut Errors) -> Container {
    refuse_repeated(words, &["short_name", "category"], errors);
    let mut root = Root::default();
    let mut container = Container { root: None, krate: None, serde: false };
    for word in words {
        match (word.text().as_str(), role) {
            ("crate", _) => container.krate = krate(word, errors),
            ("serde", Role::Nested) => container.serde = word.flag(errors).is_some(),
            (text, Role::Root) if ROOT.contains(&text) => root_word(text, word, &mut root, errors),
            (text, _) => unknown(text, word, role, errors),
        }
    }
    container.root = (role == Role::Root).then_some(root);
    container
}

fn root_word(text: &str, word: &Word, root: &mut Root, errors: &mut Errors) {
    match text {
        "group" => root.group = word.string(errors).or_else(|| Some(unreadable(word))),
        "version" => root.version = word.string(errors).or_else(|| Some(unreadable(word))),
        "kind" => root.kind = word.string(errors),
        "plural" => root.plural = word.string(errors),
        "singular" => root.singular = word.string(errors),
        "short_name" => root.short_names.extend(word.string(errors)),
        "category" => root.categories.extend(word.string(errors)),
        "scope" => root.cluster = cluster(word, errors),
        _ => root.strategy.extend(word.boolean(errors).map(|value| (word.name.clone(), value))),
    }
}

/// Stands for a value that was said but could not be read, so that nobody reports it as missing.
fn unreadable(word: &Word) -> LitStr {
    LitStr::new("", word.span())
}

fn cluster(word: &Word, errors: &mut Errors) -> bool {
    let Some(scope) = word.string(errors) else { return false };
    match scope.value().as_str() {
        "Cluster" => true,
        "Namespaced" => false,
        _ => {
            errors.at(&scope, "a scope is `\"Namespaced\"` or `\"Cluster\"`");
            false
        }
    }
}

fn krate(word: &Word, errors: &mut Errors) -> Option<TokenStream> {
    let path = word.string(errors)?;
    match path.parse::<Path>() {
        Ok(path) => Some(path.to_token_stream()),
        Err(_) => {
            errors.at(
                &path,
                "`crate` takes the path under which aggboot is known: write `crate = \"::aggboot\"`",
            );
            None
        }
    }
}

fn unknown(text: &str, word: &Word, role: Role, errors: &mut Errors) {
    let sentence = if RULES.iter().any(|known| known.word == text) || text == "default" {
        format!("`{text}` is said of a field: put it on the field it is about")
    } else if role == Role::Nested && ROOT.contains(&text) {
        format!("`{text}` is said of a kind: put it on the struct that derives `ApiResource`")
    } else {
        let known = if role == Role::Root { ROOT } else { NESTED };
        format!("unknown word `{text}`; {}", suggest::hint(text, known))
    };
    errors.at(&word.name, sentence);
}
