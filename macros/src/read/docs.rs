//! Doc comments as descriptions, in the form of Kubernetes' own: a paragraph is one line.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The description that the doc comments among `attributes` make.
pub(super) fn description(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc).collect();
    join(lines.iter().flat_map(|line| line.lines().chain(line.is_empty().then_some(""))))
}

/// Joins the lines of a paragraph; keeps blank lines, list items and indented lines apart.
fn join<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines {
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        if line.is_empty() {
            while text.ends_with(' ') {
                text.pop();
            }
            text.push_str("\n\n");
        } else if line.starts_with([' ', '\t', '-', '*', '#', '|']) {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(line);
            text.push('\n');
        } else {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text.trim().to_owned()
}

fn doc(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if pair.path.is_ident("doc") => Some(text.value()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn a_paragraph_is_one_line() {
        let text = join(" How many\n to run.\n\n One of:\n - red\n - blue".lines());
        assert_eq!(text, "How many to run.\n\nOne of:\n- red\n- blue");
    }
}
