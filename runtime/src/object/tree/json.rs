//! Reading JSON as Kubernetes does: strictly, integers kept as such, members given twice reported.

use super::go_format::quoted_char;
use super::{Duplicate, Map, ParseError, Path, Tree};

/// How deep a document may nest. Go's limit is 10000, where every walk has a growing stack; a tree is
/// walked on threads whose stacks do not grow, so the limit is what any of them holds.
pub const MAX_DEPTH: usize = 500;

/// Go stops collecting there; a body full of duplicates must not become a longer answer.
const MAX_DUPLICATES: usize = 100;

impl Tree {
    /// Reads one JSON document, and says which members were given twice, in the order of the document.
    pub fn parse_json(bytes: &[u8]) -> Result<(Tree, Vec<Duplicate>), ParseError> {
        let mut parser = Parser { bytes, at: 0, depth: 0, duplicates: Vec::new() };
        let tree = parser.value(&Path::Root)?;
        parser.skip_space();
        match parser.peek() {
            None => Ok((tree, parser.duplicates)),
            Some(_) => Err(parser.unexpected("after top-level value")),
        }
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    duplicates: Vec<Duplicate>,
}

impl Parser<'_> {
    fn value(&mut self, path: &Path<'_>) -> Result<Tree, ParseError> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.nested(path, Self::object),
            Some(b'[') => self.nested(path, Self::list),
            Some(b'"') => Ok(Tree::String(self.string()?)),
            Some(b't') => self.literal(b"true", Tree::Bool(true)),
            Some(b'f') => self.literal(b"false", Tree::Bool(false)),
            Some(b'n') => self.literal(b"null", Tree::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn nested(
        &mut self,
        path: &Path<'_>,
        read: fn(&mut Self, &Path<'_>) -> Result<Tree, ParseError>,
    ) -> Result<Tree, ParseError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error("exceeded max depth"));
        }
        self.depth += 1;
        self.at += 1;
        let tree = read(self, path)?;
        self.depth -= 1;
        Ok(tree)
    }

    fn object(&mut self, path: &Path<'_>) -> Result<Tree, ParseError> {
        let mut members = Map::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Tree::Map(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            if members.contains_key(&key) {
                self.duplicate(path, &key);
            }
            let value = self.value(&Path::Key(path, &key))?;
            members.insert(key, value);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
        self.at += 1;
        Ok(Tree::Map(members))
    }

    fn list(&mut self, path: &Path<'_>) -> Result<Tree, ParseError> {
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Tree::List(items));
        }
        loop {
            items.push(self.value(&Path::Index(path, items.len()))?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("after array element")),
            }
        }
        self.at += 1;
        Ok(Tree::List(items))
    }

    fn duplicate(&mut self, path: &Path<'_>, key: &str) {
        let found = Duplicate { path: path.member(key) };
        if self.duplicates.len() < MAX_DUPLICATES && !self.duplicates.contains(&found) {
            self.duplicates.push(found);
        }
    }

    fn literal(&mut self, text: &'static [u8], tree: Tree) -> Result<Tree, ParseError> {
        for (index, expected) in text.iter().enumerate() {
            if self.peek() != Some(*expected) {
                let name = String::from_utf8_lossy(text);
                let expected = quoted_char(char::from(text[index]));
                return Err(self.unexpected(&format!("in literal {name} (expecting {expected})")));
            }
            self.at += 1;
        }
        Ok(tree)
    }

    fn number(&mut self) -> Result<Tree, ParseError> {
        let start = self.at;
        let mut integer = true;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.unexpected("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            integer = false;
            self.at += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            integer = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).expect("digits are ASCII");
        if integer && let Ok(number) = text.parse() {
            return Ok(Tree::Int(number));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Tree::Float(number)),
            _ => Err(ParseError {
                offset: start,
                message: format!("json: cannot unmarshal number {text} into Go value of type float64"),
            }),
        }
    }

    fn some_digits(&mut self, place: &str) -> Result<(), ParseError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.unexpected(place));
        }
        self.digits();
        Ok(())
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    /// A string; the opening quote is next. Bytes that are no UTF-8 become U+FFFD, as in Go.
    fn string(&mut self) -> Result<String, ParseError> {
        self.at += 1;
        let start = self.at;
        self.plain_run();
        if self.peek() == Some(b'"') {
            let text = text(&self.bytes[start..self.at]);
            self.at += 1;
            return Ok(text);
        }
        let mut out = self.bytes[start..self.at].to_vec();
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut out)?,
                _ => return Err(self.unexpected("in string literal")),
            }
            let start = self.at;
            self.plain_run();
            out.extend_from_slice(&self.bytes[start..self.at]);
        }
        self.at += 1;
        Ok(text(&out))
    }

    fn plain_run(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                return;
            }
            self.at += 1;
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), ParseError> {
        self.at += 1;
        let byte = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode_escape(out),
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.at += 1;
        out.push(byte);
        Ok(())
    }

    /// `uXXXX`, and a second one where the two make a pair; a lonely half becomes U+FFFD.
    fn unicode_escape(&mut self, out: &mut Vec<u8>) -> Result<(), ParseError> {
        self.at += 1;
        let first = self.hexadecimal()?;
        let mut c = char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
        if (0xD800..0xDC00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let after_first = self.at;
            self.at += 2;
            let second = self.hexadecimal()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            } else {
                self.at = after_first;
            }
        }
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn hexadecimal(&mut self) -> Result<u32, ParseError> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return Err(self.unexpected("in \\u hexadecimal character escape"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn unexpected(&self, place: &str) -> ParseError {
        match self.peek() {
            None => self.error("unexpected end of JSON input"),
            Some(byte) => self.error(&format!("invalid character {} {place}", quoted_char(char::from(byte)))),
        }
    }

    fn error(&self, message: &str) -> ParseError {
        ParseError { offset: self.at, message: message.to_owned() }
    }
}

fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DEPTH, Tree};

    fn parse(text: &str) -> Tree {
        Tree::parse_json(text.as_bytes()).expect(text).0
    }

    #[test]
    fn numbers_are_integers_where_they_are_written_so_and_fit() {
        let table = [
            ("1", Tree::Int(1)),
            ("-0", Tree::Int(0)),
            ("1.0", Tree::Float(1.0)),
            ("1e3", Tree::Float(1000.0)),
            ("9223372036854775807", Tree::Int(i64::MAX)),
            ("9223372036854775808", Tree::Float(9_223_372_036_854_775_808.0)),
            ("-1.5E-2", Tree::Float(-0.015)),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn strings_are_unescaped_and_made_valid() {
        let table: [(&[u8], &str); 7] = [
            (br#""plain""#, "plain"),
            (br#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (br#""\u00e9\ud83d\ude00x""#, "é😀x"),
            (br#""\ud83dx""#, "\u{fffd}x"),
            (br#""\ud83d\u0041""#, "\u{fffd}A"),
            (br#""\ude00""#, "\u{fffd}"),
            (b"\"a\xffb\"", "a\u{fffd}b"),
        ];
        for (bytes, expected) in table {
            let (tree, _) = Tree::parse_json(bytes).expect(expected);
            assert_eq!(tree, Tree::from(expected));
        }
    }

    #[test]
    fn key_order_is_kept_and_the_last_duplicate_wins() {
        let text = r#"{"z":1,"a":{"x":1,"y":[{"q":1,"q":2}],"x":2},"z":{"b":1,"b":2}}"#;
        let (tree, duplicates) = Tree::parse_json(text.as_bytes()).expect("valid");
        let keys: Vec<_> = tree.as_map().expect("object").keys().collect();
        assert_eq!(keys, ["z", "a"]);
        assert_eq!(tree.at(&["a", "x"]), Some(&Tree::Int(2)));
        let paths: Vec<_> = duplicates.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(paths, ["a.y[0].q", "a.x", "z", "z.b"]);
        assert_eq!(duplicates[0].to_string(), r#"duplicate field "a.y[0].q""#);
    }

    #[test]
    fn mistakes_are_named_as_in_go() {
        let table = [
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("\"abc", "unexpected end of JSON input"),
            ("{a", "invalid character 'a' looking for beginning of object key string"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1 2}", "invalid character '2' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{\"a\":tru}", "invalid character '}' in literal true (expecting 'e')"),
            ("{\"a\":01}", "invalid character '1' after object key:value pair"),
            ("{\"a\":1.}", "invalid character '}' after decimal point in numeric literal"),
            ("{\"a\":-}", "invalid character '}' in numeric literal"),
            ("[1ex]", "invalid character 'x' in exponent of numeric literal"),
            ("\"\n\"", "invalid character '\\n' in string literal"),
            ("\"\\x\"", "invalid character 'x' in string escape code"),
            ("\"\\u12g\"", "invalid character 'g' in \\u hexadecimal character escape"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("{\"a\":\u{1}}", "invalid character '\\x01' looking for beginning of value"),
            ("é", "invalid character 'Ã' looking for beginning of value"),
            ("1e400", "json: cannot unmarshal number 1e400 into Go value of type float64"),
        ];
        for (text, expected) in table {
            let error = Tree::parse_json(text.as_bytes()).expect_err(text);
            assert_eq!(error.message, expected, "{text}");
        }
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let deepest = parse(&nested(MAX_DEPTH));
        assert_eq!(deepest.clone(), deepest);
        for depth in [MAX_DEPTH + 1, 1_000_000] {
            let error = Tree::parse_json(nested(depth).as_bytes()).expect_err("too deep");
            assert_eq!(error.message, "exceeded max depth");
        }
        let open = r#"{"a":"#.repeat(100_000);
        assert_eq!(Tree::parse_json(open.as_bytes()).expect_err("too deep").message, "exceeded max depth");
    }
}
