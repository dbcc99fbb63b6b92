use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema};
use serde_json::json;

use super::{Gen, field, widget};
use crate::object::{Map, Tree};
use crate::schema::ApiType;
use crate::schema::compiled::Compiled;
use crate::schema::table::{self, Object, Rule};

#[test]
fn facts_become_paths() {
    let schema = widget();
    let facts = schema.facts();
    let columns: Vec<_> = facts
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.field.path.join("."), column.field.kind, column.wide))
        .collect();
    let expected = [
        ("Replicas", "spec.replicas".to_owned(), "integer", true),
        ("Colour", "spec.color".to_owned(), "string", false),
        ("Seen", "status.seen".to_owned(), "date", false),
    ];
    assert_eq!(columns, expected);
    assert_eq!(facts.columns[1].field.description, "The color.");
    assert_eq!(facts.selectable[0].path, ["spec", "color"]);
    let path = |fact: &Option<crate::schema::facts::FieldFact>| fact.as_ref().expect("a fact").path.join(".");
    assert_eq!(path(&facts.scale_spec), "spec.replicas");
    assert_eq!(path(&facts.scale_status), "status.ready");
    assert_eq!(path(&facts.scale_selector), "status.selector");
    assert!(facts.has_status);
}

/// Compiles a root with one field, and answers what was wrong.
fn refused(schema: fn(&mut Gen) -> Schema) -> String {
    match Compiled::compile("g.example.com", "v1", "Root", "", schema) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => {
            let text = error.to_string();
            let tail = text.strip_prefix("the schema of Root (g.example.com/v1): ").expect(&text);
            tail.to_owned()
        }
    }
}

macro_rules! root {
    ($name:literal, $schema:expr, $($rule:expr),*) => {
        |generator| {
            static ROOT: Object = Object {
                path: "a::Root",
                name: "Root",
                description: "",
                fields: &[field($name, $schema, false, &[$($rule),*])],
            };
            table::object(generator, &ROOT)
        }
    };
}

static ITEM: Object = Object {
    path: "a::Item",
    name: "Item",
    description: "",
    fields: &[field("x", i32::schema, false, &[Rule::Selectable])],
};
static TWIN: Object = Object { path: "b::Root", name: "Root", description: "", fields: &[] };
static ENDLESS: Object = Object {
    path: "a::Endless",
    name: "Endless",
    description: "",
    fields: &[field(
        "again",
        |g| table::object(g, &ENDLESS),
        false,
        &[Rule::Default(|| Tree::Map(Map::new()))],
    )],
};

fn items(generator: &mut Gen) -> Schema {
    let items = table::object(generator, &ITEM);
    schemars::json_schema!({"type": "array", "items": items})
}

#[test]
fn mistakes_are_named() {
    type Case = (fn(&mut Gen) -> Schema, &'static str);
    let table: [Case; 13] = [
        (
            root!("x", String::schema, Rule::Pattern("(")),
            "Root.x: the pattern \"(\" is no regular expression",
        ),
        (root!("x", i32::schema, Rule::Default(|| Tree::from("x"))), "x: the default is of the wrong type"),
        (
            root!("x", i32::schema, Rule::Default(|| Tree::Int(5)), Rule::Maximum(3.0)),
            "x: the default breaks the rules: x: Invalid value: 5: x in body should be less than or equal to 3",
        ),
        (root!("x", items,), "x.x stands in a list, so it can be no column, selectable or scale field"),
        (root!("x", i32::schema, Rule::Scale("spec.x")), "x: scale = \"spec.x\" is none of"),
        (
            root!("x", String::schema, Rule::Scale("spec.replicas")),
            "x is of type string, but spec.replicas of a scale",
        ),
        (
            root!("x", f64::schema, Rule::Selectable),
            "x is of type number; only strings, integers and booleans",
        ),
        (
            root!("x", i32::schema, Rule::Column { name: None, wide: false, format: Some("time") }),
            "x: \"time\" is no type of a column",
        ),
        (root!("x", Vec::<String>::schema, Rule::ListMap(&["a"])), "a list map holds structs, not string"),
        (
            root!("x", |g| table::object(g, &TWIN),),
            "a::Root and b::Root would both be published as com.example.g.v1.Root",
        ),
        (root!("x", |g| table::object(g, &ENDLESS),), "x.again: the default contains itself without end"),
        (root!("x", table::bridge::<(i32, String)>,), "Root.x: a tuple has no schema in Kubernetes"),
        (String::schema, "the root of an object must be a struct"),
    ];
    for (schema, expected) in table {
        let found = refused(schema);
        assert!(found.starts_with(expected), "{expected}\n{found}");
    }
}

/// Serde's own forms.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is asked for")]
struct Foreign {
    small: u8,
    big: Option<u64>,
    word: Option<Word>,
    nested: Option<Box<Foreign>>,
    set: BTreeSet<String>,
    free: serde_json::Value,
    map: BTreeMap<String, Option<i32>>,
    by_number: BTreeMap<u32, String>,
    tagged: Tagged,
    #[serde(default)]
    ratio: f32,
}

/// A word.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is asked for")]
enum Word {
    /// The first.
    One,
    Two,
}

#[derive(JsonSchema)]
#[serde(tag = "type")]
#[expect(dead_code, reason = "only its schema is asked for")]
enum Tagged {
    A { x: i32 },
    B { y: String },
}

#[test]
fn serde_forms_become_structural() {
    let schema = Compiled::compile("g.example.com", "v1", "Root", "", root!("x", table::bridge::<Foreign>,));
    let schema = schema.expect("all of it can be said");
    let published = &schema.published()["com.example.g.v1.Foreign"]["properties"];
    let table = [
        ("small", json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": 255})),
        ("big", json!({"type": "integer", "format": "int64", "minimum": 0})),
        ("word", json!({"$ref": "#/components/schemas/com.example.g.v1.Word"})),
        ("nested", json!({"$ref": "#/components/schemas/com.example.g.v1.Foreign"})),
        ("set", json!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"})),
        ("free", json!({"x-kubernetes-preserve-unknown-fields": true})),
        ("map", json!({"type": "object", "additionalProperties": {"type": "integer", "format": "int32"}})),
        ("by_number", json!({"type": "object", "additionalProperties": {"type": "string"}})),
        ("ratio", json!({"type": "number", "format": "float", "default": 0.0})),
    ];
    for (name, expected) in table {
        assert_eq!(published[name], expected, "{name}");
    }
    let word = &schema.published()["com.example.g.v1.Word"];
    assert_eq!((&word["type"], &word["enum"]), (&json!("string"), &json!(["Two", "One"])));
    let tagged = &schema.published()["com.example.g.v1.Tagged"];
    assert_eq!(tagged["properties"]["type"], json!({"type": "string", "enum": ["A", "B"]}));
    assert_eq!(tagged["required"], json!(["type"]));
    assert!(tagged["properties"].get("x").is_some() && tagged["properties"].get("y").is_some());
}

#[test]
fn an_empty_struct_knows_no_field() {
    static ROOT: Object = Object { path: "a::Root", name: "Root", description: "", fields: &[] };
    let schema = Compiled::compile("g.example.com", "v1", "Root", "Nothing.", |g| table::object(g, &ROOT))
        .expect("good");
    assert_eq!(schema.unknown_fields(&json!({"x": 1, "kind": "Root"}).into()), ["x"]);
    assert_eq!(schema.published()[schema.root_definition()]["description"], "Nothing.");
}
