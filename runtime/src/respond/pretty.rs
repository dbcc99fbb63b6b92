//! Indents compact JSON as Go does, two spaces a level, without decoding it.

/// The same document, indented.
#[must_use]
pub(super) fn indent(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    Indenter::default().write(json, &mut out);
    out
}

/// Where in a document it is, of which it is given one part after the other.
#[derive(Debug, Default)]
pub(super) struct Indenter {
    depth: usize,
    /// A brace or a bracket was opened, and nothing is in it yet.
    opened: bool,
}

impl Indenter {
    /// Indents a part of the document, which ends between tokens.
    pub(super) fn write(&mut self, json: &[u8], out: &mut Vec<u8>) {
        let mut position = 0;
        while let Some(&byte) = json.get(position) {
            let closes = matches!(byte, b'}' | b']');
            let opened = std::mem::take(&mut self.opened);
            if closes {
                self.depth = self.depth.saturating_sub(1);
            }
            if opened != closes {
                line(out, self.depth);
            }
            match byte {
                b'"' => {
                    let end = string_end(json, position);
                    out.extend_from_slice(&json[position..end]);
                    position = end;
                    continue;
                }
                b'{' | b'[' => {
                    self.depth += 1;
                    self.opened = true;
                    out.push(byte);
                }
                b',' => {
                    out.push(byte);
                    line(out, self.depth);
                }
                b':' => out.extend_from_slice(b": "),
                _ => out.push(byte),
            }
            position += 1;
        }
    }
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
