//! Writing JSON as Go writes it: compact, with the same escapes and the same forms of numbers.

use bytes::Bytes;

use super::go_format::push_json_float;
use super::{Map, Tree};

impl Tree {
    /// Appends the document as compact JSON.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Tree::Null => out.extend_from_slice(b"null"),
            Tree::Bool(true) => out.extend_from_slice(b"true"),
            Tree::Bool(false) => out.extend_from_slice(b"false"),
            Tree::Int(number) => push_integer(out, *number),
            Tree::Float(number) => push_json_float(out, *number),
            Tree::String(text) => push_string(out, text),
            Tree::List(items) => push_list(out, items),
            Tree::Map(members) => push_map(out, members),
        }
    }

    /// The document as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> Bytes {
        let mut out = Vec::with_capacity(512);
        self.write_json(&mut out);
        out.into()
    }
}

fn push_list(out: &mut Vec<u8>, items: &[Tree]) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item.write_json(out);
    }
    out.push(b']');
}

fn push_map(out: &mut Vec<u8>, members: &Map) {
    out.push(b'{');
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_string(out, key);
        out.push(b':');
        value.write_json(out);
    }
    out.push(b'}');
}

fn push_integer(out: &mut Vec<u8>, number: i64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Go escapes `<`, `>`, `&` and the two separators besides what JSON asks for, so that JSON may stand in a page.
fn push_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut written = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let is_plain = !matches!(byte, 0..0x20 | b'"' | b'\\' | b'<' | b'>' | b'&' | 0xE2);
        if is_plain {
            continue;
        }
        let length = if *byte == 0xE2 { 3 } else { 1 };
        let mut buffer = *b"\\u00xx";
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            8 => b"\\b",
            12 => b"\\f",
            0xE2 => match bytes.get(at + 1..at + 3) {
                Some([0x80, 0xA8]) => b"\\u2028",
                Some([0x80, 0xA9]) => b"\\u2029",
                _ => continue,
            },
            _ => {
                buffer[4] = hexadecimal(byte >> 4);
                buffer[5] = hexadecimal(byte & 15);
                &buffer
            }
        };
        out.extend_from_slice(&bytes[written..at]);
        out.extend_from_slice(escape);
        written = at + length;
    }
    out.extend_from_slice(&bytes[written..]);
    out.push(b'"');
}

fn hexadecimal(nibble: u8) -> u8 {
    b"0123456789abcdef"[usize::from(nibble)]
}

#[cfg(test)]
mod tests {
    use super::Tree;

    fn written(tree: &Tree) -> String {
        String::from_utf8(tree.to_json().to_vec()).expect("JSON is UTF-8")
    }

    #[test]
    fn what_was_read_is_written_back() {
        for text in [
            r#"{"b":1,"a":[true,false,null,-9223372036854775808,0,1.5,{}],"":[],"c":{"d":"e"}}"#,
            r#""\u003c\u003e\u0026\u2028\u2029\u0001\"\\\n\t\r\b\f/é€😀""#,
        ] {
            let (tree, _) = Tree::parse_json(text.as_bytes()).expect(text);
            assert_eq!(written(&tree), text);
        }
    }

    #[test]
    fn floats_lose_what_go_does_not_print() {
        assert_eq!(
            written(&Tree::List(vec![Tree::Float(1.0), Tree::Float(1e21), Tree::Float(-0.0)])),
            "[1,1e+21,-0]"
        );
    }
}
