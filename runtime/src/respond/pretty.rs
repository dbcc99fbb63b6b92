//! Indents compact JSON as Go does, two spaces a level, without decoding it.

/// The same document, indented.
#[must_use]
pub(super) fn indent(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let (mut depth, mut position) = (0_usize, 0);
    while let Some(&byte) = json.get(position) {
        match byte {
            b'"' => {
                let end = string_end(json, position);
                out.extend_from_slice(&json[position..end]);
                position = end;
                continue;
            }
            b'{' | b'[' if matches!(json.get(position + 1), Some(b'}' | b']')) => {
                out.extend_from_slice(&json[position..position + 2]);
                position += 1;
            }
            b'{' | b'[' => {
                depth += 1;
                out.push(byte);
                line(&mut out, depth);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
        position += 1;
    }
    out
}

fn line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}

fn string_end(json: &[u8], start: usize) -> usize {
    let mut position = start + 1;
    while let Some(&byte) = json.get(position) {
        match byte {
            b'"' => return position + 1,
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::indent;

    #[test]
    fn documents_are_indented_as_go_does() {
        for (compact, expected) in [
            ("{}", "{}"),
            ("[]", "[]"),
            (r#"{"a":1}"#, "{\n  \"a\": 1\n}"),
            (
                r#"{"a":{},"b":[1,"x{,:\"}"],"c":{"d":null}}"#,
                "{\n  \"a\": {},\n  \"b\": [\n    1,\n    \"x{,:\\\"}\"\n  ],\n  \"c\": {\n    \"d\": null\n  }\n}",
            ),
        ] {
            assert_eq!(String::from_utf8(indent(compact.as_bytes())).unwrap(), expected);
        }
    }
}
