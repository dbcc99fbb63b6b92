//! Quantities, as `1.5Gi`, `100m` or `12e6`.

/// What Go's decoder says of anything that has not the form of a quantity.
pub(in crate::schema) const WRONG_FORM: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const WRONG_SUFFIX: &str = "unable to parse quantity's suffix";
const SUFFIXES: [&str; 16] =
    ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// What is wrong with a string that should be a quantity. A number without digits is zero to Go.
pub(in crate::schema) fn error(text: &str) -> Option<&'static str> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (_, rest) = digits(unsigned);
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => digits(fraction).1,
        None => rest,
    };
    let letters = rest.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let (_, end) = digits(letters.strip_prefix(['+', '-']).unwrap_or(letters));
    if text.is_empty() || !end.is_empty() {
        return Some(WRONG_FORM);
    }
    let known = SUFFIXES.contains(&rest) || rest.strip_prefix(['e', 'E']).is_some_and(is_exponent);
    (!known).then_some(WRONG_SUFFIX)
}

fn is_exponent(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    !unsigned.is_empty() && text.parse::<i64>().is_ok()
}

/// The digits in front, and what follows.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len())
}

#[cfg(test)]
mod tests {
    use super::{WRONG_FORM, WRONG_SUFFIX, error};

    #[test]
    fn quantities_are_those_of_go() {
        let good = [
            "0", "1", "-1.5Gi", "100m", "12e6", "1E3", ".5", "5.", "+1k", "3E", "1e-3", "Gi", ".", "1Ei",
            "1n", "1u",
        ];
        for text in good {
            assert_eq!(error(text), None, "{text}");
        }
        for text in ["", "x", "lots", "1.2.3", "1 Gi", "1KiB", "1Kx", " 1"] {
            assert_eq!(error(text), Some(WRONG_FORM), "{text}");
        }
        for text in ["1ki", "--1", "1e+", "1e"] {
            assert_eq!(error(text), Some(WRONG_SUFFIX), "{text}");
        }
    }
}
