//! Finds members in compact JSON without decoding it, and stops as soon as they are found.

/// The text of the value that the members `path` lead to, one after the other.
pub(super) fn at<'a, S: AsRef<str>>(json: &'a [u8], path: &[S]) -> Option<&'a [u8]> {
    path.iter().try_fold(json, |value, key| member(value, key.as_ref()))
}

fn member<'a>(object: &'a [u8], key: &str) -> Option<&'a [u8]> {
    if object.first() != Some(&b'{') {
        return None;
    }
    let mut position = 1;
    while object.get(position) == Some(&b'"') {
        let name_end = string_end(object, position)?;
        let value_start = name_end + 1;
        let value_end = value_end(object, value_start)?;
        if &object[position + 1..name_end - 1] == key.as_bytes() {
            return Some(&object[value_start..value_end]);
        }
        position = value_end + 1;
    }
    None
}

/// Where the string that begins at `start` ends, behind its quote.
fn string_end(json: &[u8], start: usize) -> Option<usize> {
    let mut position = start + 1;
    loop {
        match json.get(position)? {
            b'"' => return Some(position + 1),
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
}

/// Where the value that begins at `start` ends.
fn value_end(json: &[u8], start: usize) -> Option<usize> {
    let (mut position, mut depth) = (start, 0_usize);
    loop {
        match json.get(position) {
            Some(b'"') => position = string_end(json, position)? - 1,
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']' | b',') if depth == 0 => return Some(position),
            Some(b'}' | b']') => depth -= 1,
            Some(_) => {}
            None => return (depth == 0).then_some(position),
        }
        position += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn values_are_found_as_they_are_written() {
        let json = br#"{"a":{"x":"}\",","l":[1,{"b":0}],"b":{"c":-1.5}},"b":true,"e":{},"n":null}"#;
        for (path, expected) in [
            ("a.x", Some(r#""}\",""#)),
            ("a.l", Some(r#"[1,{"b":0}]"#)),
            ("a.b.c", Some("-1.5")),
            ("b", Some("true")),
            ("e", Some("{}")),
            ("n", Some("null")),
            ("e.x", None),
            ("b.x", None),
            ("z", None),
        ] {
            let path: Vec<_> = path.split('.').collect();
            assert_eq!(at(json, &path), expected.map(str::as_bytes), "{path:?}");
        }
        assert_eq!(at(br#"{"a":"#, &["a"]), Some(&b""[..]));
        assert_eq!(at(br#"{"a":"x"#, &["a"]), None);
        assert_eq!(at(b"[]", &["a"]), None);
    }
}
