//! One kind that has everything, and tables of what is judged on it.

mod compile;
mod judge;
mod publish;
mod ratchet;

use schemars::{Schema, SchemaGenerator};
use serde_json::json;

use super::compiled::Compiled;
use super::table::{self, Enumeration, Field, Object, Rule};
use super::{ApiType, FieldErrors};
use crate::object::Tree;

type Gen = SchemaGenerator;

const fn field(
    name: &'static str,
    schema: fn(&mut Gen) -> Schema,
    required: bool,
    rules: &'static [Rule],
) -> Field {
    Field { name, description: "", schema, required, rules }
}

static ROLLOUT: Enumeration = Enumeration {
    path: "fleet::v1::Rollout",
    name: "Rollout",
    description: "How to roll out.",
    values: &["Recreate", "Rolling"],
};

static PORT: Object = Object {
    path: "fleet::v1::Port",
    name: "Port",
    description: "",
    fields: &[
        field("name", String::schema, true, &[]),
        field("number", i32::schema, true, &[Rule::Minimum(1.0), Rule::Maximum(65535.0)]),
        field("protocol", String::schema, false, &[Rule::Default(|| Tree::from("TCP"))]),
    ],
};

static LIMITS: Object = Object {
    path: "fleet::v1::Limits",
    name: "Limits",
    description: "",
    fields: &[
        field("ratio", f64::schema, false, &[Rule::Default(|| Tree::Float(0.5)), Rule::Maximum(1.0)]),
        field("nested", |g| table::object(g, &LIMITS), false, &[]),
    ],
};

static SPEC: Object = Object {
    path: "fleet::v1::WidgetSpec",
    name: "WidgetSpec",
    description: "What is wanted.",
    fields: &[
        field(
            "replicas",
            i32::schema,
            false,
            &[
                Rule::Default(|| Tree::Int(1)),
                Rule::Minimum(0.0),
                Rule::Maximum(100.0),
                Rule::Scale("spec.replicas"),
                Rule::Column { name: None, wide: true, format: None },
            ],
        ),
        Field {
            name: "color",
            description: "The color.",
            schema: String::schema,
            required: false,
            rules: &[
                Rule::Default(|| Tree::String(String::from("blue"))),
                Rule::Selectable,
                Rule::Column { name: Some("Colour"), wide: false, format: None },
                Rule::Pattern("^[a-z]\\w*$"),
                Rule::MinLength(2),
                Rule::MaxLength(8),
            ],
        },
        field("image", String::schema, true, &[]),
        field("ports", Vec::<Port>::schema, false, &[Rule::ListMap(&["name"]), Rule::MaxItems(3)]),
        field("tags", Vec::<String>::schema, false, &[Rule::ListSet, Rule::MinItems(1)]),
        field("labels", std::collections::BTreeMap::<String, i64>::schema, false, &[Rule::MaxProperties(2)]),
        field(
            "memory",
            Option::<k8s_openapi::apimachinery::pkg::api::resource::Quantity>::schema,
            false,
            &[],
        ),
        field(
            "port",
            Option::<k8s_openapi::apimachinery::pkg::util::intstr::IntOrString>::schema,
            false,
            &[],
        ),
        field("since", Option::<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>::schema, false, &[]),
        field("data", Option::<k8s_openapi::ByteString>::schema, false, &[]),
        field(
            "rollout",
            |g| table::enumeration(g, &ROLLOUT),
            false,
            &[Rule::Default(|| Tree::from("Recreate"))],
        ),
        field(
            "limits",
            |g| table::object(g, &LIMITS),
            false,
            &[Rule::Default(|| Tree::Map(crate::object::Map::new()))],
        ),
        field("anything", Option::<Tree>::schema, false, &[]),
        field(
            "step",
            Option::<i64>::schema,
            false,
            &[Rule::MultipleOf(5.0), Rule::Minimum(0.0), Rule::ExclusiveMinimum],
        ),
        field("day", Option::<String>::schema, false, &[Rule::Format("date")]),
        field("on", Option::<bool>::schema, false, &[]),
    ],
};

static STATUS: Object = Object {
    path: "fleet::v1::WidgetStatus",
    name: "WidgetStatus",
    description: "",
    fields: &[
        field("ready", i32::schema, false, &[Rule::Scale("status.replicas")]),
        field("selector", Option::<String>::schema, false, &[Rule::Scale("status.selector")]),
        field(
            "seen",
            Option::<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>::schema,
            false,
            &[Rule::Column { name: None, wide: false, format: None }],
        ),
    ],
};

static WIDGET: Object = Object {
    path: "fleet::v1::Widget",
    name: "Widget",
    description: "A widget.",
    fields: &[
        field("metadata", k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta::schema, true, &[]),
        field("spec", |g| table::object(g, &SPEC), true, &[]),
        field("status", |g| table::object(g, &STATUS), false, &[]),
    ],
};

/// Stands for a derived type where a generic bound wants one.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Port;

impl ApiType for Port {
    fn schema(generator: &mut Gen) -> Schema {
        table::object(generator, &PORT)
    }
}

fn widget() -> Compiled {
    Compiled::compile("fleet.example.com", "v1", "Widget", "", |g| table::object(g, &WIDGET))
        .expect("a good schema")
}

/// A widget with this spec.
fn with_spec(spec: &serde_json::Value) -> Tree {
    json!({"apiVersion": "fleet.example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": spec})
        .into()
}

fn texts(errors: &FieldErrors) -> Vec<String> {
    errors.errors().iter().map(ToString::to_string).collect()
}
