//! "Did you mean": the known word nearest to the one that was written.

/// Words of neighbouring tools, and what they are called here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("rename", "name"),
    ("shortname", "short_name"),
    ("min", "minimum"),
    ("max", "maximum"),
    ("range", "minimum"),
    ("regex", "pattern"),
    ("length", "max_length"),
    ("printcolumn", "column"),
    ("printer_column", "column"),
    ("selectable_field", "selectable"),
    ("list_type", "list_map"),
    ("list_map_key", "list_map"),
    ("namespaced", "scope"),
    ("cluster", "scope"),
    ("x_preserve_unknown_fields", "preserve_unknown_fields"),
];

/// The word of `known` that was probably meant.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let folded = fold(word);
    let elsewhere = ELSEWHERE.iter().find(|(theirs, _)| fold(theirs) == folded).map(|(_, ours)| *ours);
    if let Some(found) = elsewhere.and_then(|ours| known.iter().find(|known| **known == ours)) {
        return Some(found);
    }
    known
        .iter()
        .map(|candidate| (distance(&folded, &fold(candidate)), *candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?`, or the words that may stand here.
pub(crate) fn hint(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(found) => format!("did you mean `{found}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}

fn fold(word: &str) -> String {
    word.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_typing_mistakes_other_cases_and_words_of_other_tools() {
        let known = ["short_name", "minimum", "max_length", "name"];
        assert_eq!(nearest("shortnames", &known), Some("short_name"));
        assert_eq!(nearest("minumum", &known), Some("minimum"));
        assert_eq!(nearest("maxLength", &known), Some("max_length"));
        assert_eq!(nearest("rename", &known), Some("name"));
        assert_eq!(nearest("owner", &known), None);
    }
}
