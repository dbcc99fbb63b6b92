//! What may stand in a label's key and value, with Kubernetes' texts, and the tokens of a selector.
//!
//! Rules and texts follow apimachinery `pkg/api/validate/content` and `pkg/labels`.

/// A token of a label selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    End,
    Close,
    Comma,
    Not,
    DoubleEquals,
    Equals,
    Greater,
    Identifier,
    In,
    Less,
    NotEquals,
    NotIn,
    Open,
}

/// Cuts a selector into tokens; the last one is always `End`.
pub(super) fn tokens(text: &str) -> Vec<(Token, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let (token, length) = first(rest);
        found.push((token, &rest[..length]));
        if token == Token::End {
            return found;
        }
        rest = &rest[length..];
    }
}

fn first(text: &str) -> (Token, usize) {
    const SYMBOLS: [(&str, Token); 9] = [
        ("==", Token::DoubleEquals),
        ("!=", Token::NotEquals),
        ("=", Token::Equals),
        ("!", Token::Not),
        ("(", Token::Open),
        (")", Token::Close),
        (",", Token::Comma),
        (">", Token::Greater),
        ("<", Token::Less),
    ];
    if text.is_empty() {
        return (Token::End, 0);
    }
    if let Some((symbol, token)) = SYMBOLS.iter().find(|(symbol, _)| text.starts_with(symbol)) {
        return (*token, symbol.len());
    }
    let ends = |c: char| matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<' | ' ' | '\t' | '\r' | '\n');
    let length = text.find(ends).unwrap_or(text.len());
    let token = match &text[..length] {
        "in" => Token::In,
        "notin" => Token::NotIn,
        _ => Token::Identifier,
    };
    (token, length)
}

const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
     character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
     '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
                         '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex \
                         used for validation is \
                         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
                     and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or \
                     '12345', regex used for validation is \
                     '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// What is wrong with a label's key; nothing when it is well formed.
#[must_use]
pub(super) fn key_mistakes(key: &str) -> Vec<String> {
    let mut mistakes = Vec::new();
    let parts: Vec<&str> = key.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            prefix_mistakes(prefix, &mut mistakes);
            name
        }
        _ => {
            return vec![format!(
                "a valid label key {NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        mistakes.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        mistakes.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_label_name(name) {
        mistakes.push(format!("name part {NAME}"));
    }
    mistakes
}

fn prefix_mistakes(prefix: &str, mistakes: &mut Vec<String>) {
    if prefix.is_empty() {
        mistakes.push("prefix part must be non-empty".to_owned());
        return;
    }
    if prefix.len() > 253 {
        mistakes.push("prefix part must be no more than 253 bytes".to_owned());
    }
    if !prefix.split('.').all(is_dns_label) {
        mistakes.push(format!("prefix part {SUBDOMAIN}"));
    }
}

/// What is wrong with a label's value; nothing when it is well formed.
#[must_use]
pub(super) fn value_mistakes(value: &str) -> Vec<String> {
    let mut mistakes = Vec::new();
    if value.len() > 63 {
        mistakes.push("must be no more than 63 bytes".to_owned());
    }
    if !value.is_empty() && !is_label_name(value) {
        mistakes.push(VALUE.to_owned());
    }
    mistakes
}

/// Alphanumeric at both ends; `-`, `_` and `.` between.
fn is_label_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    framed(text, |b| b.is_ascii_alphanumeric(), inner)
}

/// Lower case alphanumeric at both ends; `-` between. The length is not judged.
fn is_dns_label(text: &str) -> bool {
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    framed(text, edge, |b| edge(b) || b == b'-')
}

fn framed(text: &str, edge: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(&first), Some(&last)) => edge(first) && edge(last) && bytes.iter().all(|&b| inner(b)),
        _ => false,
    }
}
