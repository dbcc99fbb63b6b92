//! Reading JSON as Kubernetes does: strictly, integers kept as such, members given twice reported.

mod strings;

use super::go_format::quoted_char;
use super::{Duplicate, Map, ParseError, Path, Tree};

/// How deep a document may nest. Go's limit is 10000, where every walk has a growing stack; a tree is
/// walked on threads whose stacks do not grow, so the limit is what any of them holds.
pub const MAX_DEPTH: usize = 500;

/// Go stops collecting there; a body full of duplicates must not become a longer answer.
pub(super) const MAX_DUPLICATES: usize = 100;

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

#[cfg(test)]
mod tests;
