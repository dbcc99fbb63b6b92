//! YAML as Kubernetes reads and writes it: by way of JSON, with the scalars of YAML 1.1.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::DuplicateKeyPolicy;

use super::json::MAX_DUPLICATES;
use super::{Duplicate, Map, ParseError, Path, Tree, go_format};

impl Tree {
    /// Reads one YAML document. `yes`, `on` and `0755` are what they are in YAML 1.1; aliases are
    /// followed within limits that no honest document reaches.
    pub fn parse_yaml(bytes: &[u8]) -> Result<(Tree, Vec<Duplicate>), ParseError> {
        let failed = |offset, reason: &dyn fmt::Display| ParseError {
            offset,
            message: format!("error converting YAML to JSON: yaml: {reason}"),
        };
        let text =
            std::str::from_utf8(bytes).map_err(|error| failed(error.valid_up_to(), &"invalid UTF-8"))?;
        let options = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            legacy_octal_numbers: true,
            with_snippet: false,
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
        };
        let duplicates = RefCell::new(Vec::new());
        let node = Node { path: &Path::Root, duplicates: &duplicates };
        serde_saphyr::with_deserializer_from_str_with_options(text, options, |yaml| node.deserialize(yaml))
            .map(|tree| (tree, duplicates.into_inner()))
            .map_err(|error| {
                let offset = error.location().map_or(0, |place| place.span().byte_offset().unwrap_or(0));
                failed(usize::try_from(offset).unwrap_or_default(), &error)
            })
    }
}

/// A whole number loses its fraction on the way through JSON, as in Go.
fn integral(number: f64) -> Tree {
    let mut text = Vec::new();
    go_format::push_json_float(&mut text, number);
    let integer = std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
    integer.map_or(Tree::Float(number), Tree::Int)
}

#[derive(Clone, Copy)]
struct Node<'p> {
    path: &'p Path<'p>,
    duplicates: &'p RefCell<Vec<Duplicate>>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Int(number))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        #[expect(clippy::cast_precision_loss, reason = "what does not fit is a float, as in Go")]
        Ok(i64::try_from(number).map_or(Tree::Float(number as f64), Tree::Int))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Tree, E> {
        if number.is_finite() {
            Ok(integral(number))
        } else {
            Err(E::custom(format!("json: unsupported value: {number}")))
        }
    }
    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::from(text))
    }
    fn visit_string<E>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        loop {
            let path = Path::Index(self.path, items.len());
            match access.next_element_seed(Node { path: &path, ..self })? {
                Some(item) => items.push(item),
                None => return Ok(Tree::List(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut members = Map::new();
        while let Some(Key(key)) = access.next_key()? {
            if members.contains_key(&key) {
                let mut duplicates = self.duplicates.borrow_mut();
                if duplicates.len() < MAX_DUPLICATES {
                    duplicates.push(Duplicate { path: self.path.member(&key) });
                }
            }
            let path = Path::Key(self.path, &key);
            let value = access.next_value_seed(Node { path: &path, ..self })?;
            members.insert(key, value);
        }
        Ok(Tree::Map(members))
    }
}

/// A member's name. Numbers and booleans become their JSON text: `yes: 1` is the member `true`.
struct Key(String);

impl<'de> serde::Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member: a string, number or boolean")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Key, E> {
        Ok(Key(value.to_string()))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Key, E> {
        Ok(Key(number.to_string()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Key, E> {
        Ok(Key(number.to_string()))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Key, E> {
        Ok(Key(go_format::plain_float(number)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Key, E> {
        Ok(Key(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;

    fn parse(text: &str) -> String {
        let (tree, _) = Tree::parse_yaml(text.as_bytes()).expect(text);
        String::from_utf8(tree.to_json().to_vec()).expect("JSON is UTF-8")
    }

    #[test]
    fn scalars_are_those_of_yaml_1_1() {
        let table = [
            ("a: yes\nb: off\nc: y\n", r#"{"a":true,"b":false,"c":true}"#),
            ("a: 'yes'\nb: \"1\"\n", r#"{"a":"yes","b":"1"}"#),
            ("a: 0755\nb: 0x1F\nc: 1e3\nd: 1.5\ne: -7\n", r#"{"a":493,"b":31,"c":1000,"d":1.5,"e":-7}"#),
            ("a: ~\nb:\nc: null\n", r#"{"a":null,"b":null,"c":null}"#),
            ("a: 2024-01-01\nb: v1.2.3\n", r#"{"a":"2024-01-01","b":"v1.2.3"}"#),
            ("yes: 1\n2: 2\n\"on\": 3\n", r#"{"true":1,"2":2,"on":3}"#),
            ("- a\n- - 1\n  - {x: y1}\n", r#"["a",[1,{"x":"y1"}]]"#),
            (
                "a: &x {k: v}\nb: *x\nc:\n  <<: *x\n  l: w\n",
                r#"{"a":{"k":"v"},"b":{"k":"v"},"c":{"l":"w","k":"v"}}"#,
            ),
            ("a: |\n  x\n  y\nb: >\n  x\n  y\n", r#"{"a":"x\ny\n","b":"x y\n"}"#),
        ];
        for (yaml, json) in table {
            assert_eq!(parse(yaml), json, "{yaml}");
        }
    }

    #[test]
    fn the_last_duplicate_wins_and_is_reported() {
        let yaml = "spec:\n  x: 1\n  y: 2\n  x: 3\n";
        let (tree, duplicates) = Tree::parse_yaml(yaml.as_bytes()).expect("valid");
        assert_eq!(tree.at(&["spec", "x"]), Some(&Tree::Int(3)));
        assert_eq!(duplicates.len(), 1);
        assert_eq!(duplicates[0].path, "spec.x");
    }

    #[test]
    fn bombs_and_nonsense_are_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 10].join(", "));
        }
        let deep = "[".repeat(20_000) + &"]".repeat(20_000);
        for text in [bomb.as_str(), deep.as_str(), "a: [1", "a: .inf", "{a: b}: c", "a: *nowhere"] {
            let error = Tree::parse_yaml(text.as_bytes()).expect_err(&text[..text.len().min(40)]);
            assert!(error.message.starts_with("error converting YAML to JSON: yaml: "), "{error}");
        }
    }
}
