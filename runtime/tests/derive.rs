//! A kind as a user writes it: what the derive makes of it.

use aggboot::kind::{ApiResource as _, Kind, Scope, Strategy};
use aggboot::kube::{Api, Client, Resource, core::ObjectList};
use aggboot::object::{Tree, tree::to_tree};
use aggboot::prelude::*;
use serde_json::{from_value, json, to_value};

/// A widget, and how many of it to run.
#[derive(ApiResource, Debug)]
#[api(group = "custom.example.com", version = "v1", short_name = "wd", category = "all")]
pub struct Widget {
    pub metadata: ObjectMeta,
    pub spec: WidgetSpec,
    pub status: WidgetStatus,
}

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    /// How many to run.
    #[api(default = 1, minimum = 0, maximum = 100, scale = "spec.replicas")]
    pub replicas: i32,
    #[api(default = "blue", selectable, column)]
    pub color: String,
    /// Required: no default, no Option.
    pub image: String,
    #[api(list_map(key = "name"))]
    pub ports: Vec<Port>,
    pub memory_limit: Option<Quantity>,
    #[api(default = Rollout::Recreate)]
    pub rollout: Rollout,
    #[api(name = "podCIDR")]
    pub pod_cidr: Option<String>,
    #[api(default)]
    pub limits: Limits,
    pub labels: BTreeMap<String, String>,
}

#[derive(ApiType, Debug, PartialEq)]
pub enum Rollout {
    Recreate,
    #[api(name = "Rolling-Update")]
    Rolling,
}

#[derive(ApiType, Debug, PartialEq)]
pub struct Port {
    pub name: String,
    pub port: i32,
}

#[derive(ApiType, Debug, PartialEq)]
pub struct Limits {
    #[api(default = 3)]
    pub retries: i64,
    #[api(default = 1)]
    pub share: f64,
}

#[derive(ApiType, Debug)]
pub struct WidgetStatus {
    #[api(scale = "status.replicas")]
    pub ready: Option<i32>,
    #[api(column(name = "Phase", wide))]
    pub phase: Option<String>,
}

impl SetDefaults for Widget {
    fn set_defaults(&mut self) {
        if self.spec.memory_limit.is_none() {
            self.spec.memory_limit = Some(Quantity(format!("{}Gi", self.spec.replicas)));
        }
    }
}

impl PrepareForUpdate for Widget {
    fn prepare_for_update(&mut self, old: &Self) {
        self.spec.labels.insert("was".to_owned(), old.spec.color.clone());
        self.spec.pod_cidr = None;
    }
}

impl Validate for Widget {
    fn validate(&self, old: Option<&Self>, errors: &mut FieldErrors) {
        if let Some(old) = old
            && old.spec.rollout != self.spec.rollout
        {
            errors.forbidden("spec.rollout", "field is immutable");
        }
    }
}

/// Nothing but names.
#[derive(ApiResource, Debug)]
#[api(
    group = "custom.example.com",
    version = "v1beta1",
    kind = "Policy",
    singular = "",
    scope = "Cluster",
    generation = false,
    unconditional_update = true,
    short_name = "po",
    short_name = "pol"
)]
pub struct BarePolicy {
    pub metadata: ObjectMeta,
}

fn widget(spec: &serde_json::Value) -> Widget {
    from_value(json!({ "metadata": { "name": "a" }, "spec": spec })).expect("a widget")
}

fn tree(value: &serde_json::Value) -> Tree {
    to_tree(value).expect("JSON is a tree")
}

#[test]
fn absent_fields_take_their_defaults_and_null_is_absent() {
    let widget = widget(
        &json!({ "image": "i", "color": null, "ports": null, "memoryLimit": null, "limits": {"retries": null} }),
    );
    assert_eq!(widget.spec.replicas, 1);
    assert_eq!(widget.spec.color, "blue");
    assert_eq!(widget.spec.rollout, Rollout::Recreate);
    assert_eq!(widget.spec.limits, Limits { retries: 3, share: 1.0 });
    assert!(
        widget.spec.ports.is_empty() && widget.spec.memory_limit.is_none() && widget.spec.labels.is_empty()
    );
    assert!(widget.status.ready.is_none());
}

#[test]
fn a_missing_required_field_is_named() {
    let read = |spec| {
        from_value::<Widget>(json!({ "metadata": {}, "spec": spec })).map(drop).unwrap_err().to_string()
    };
    assert_eq!(read(json!({})), "missing field `image`");
    assert_eq!(read(json!({ "image": null })), "missing field `image`");
    assert_eq!(read(json!({ "image": "i", "ports": [{ "name": "http" }] })), "missing field `port`");
    assert_eq!(
        from_value::<Widget>(json!({ "metadata": {} })).map(drop).unwrap_err().to_string(),
        "missing field `spec`"
    );
}

#[test]
fn unknown_fields_are_passed_over_and_unknown_words_are_not() {
    let widget = widget(&json!({ "image": "i", "colour": { "deep": [1] }, "rollout": "Rolling-Update" }));
    assert_eq!(widget.spec.rollout, Rollout::Rolling);
    let error = from_value::<Rollout>(json!("Rolling")).unwrap_err().to_string();
    assert_eq!(error, "unknown variant `Rolling`, expected `Recreate` or `Rolling-Update`");
    assert!(from_value::<Rollout>(json!(1)).is_err() && from_value::<Limits>(json!([])).is_err());
}

#[test]
fn what_is_written_begins_with_the_kind_and_leaves_out_what_is_absent() {
    let mut widget =
        widget(&json!({ "image": "i", "podCIDR": "10.0.0.0/8", "ports": [{ "name": "http", "port": 80 }] }));
    let text = serde_json::to_string(&widget).expect("a widget is JSON");
    assert_eq!(
        text,
        r#"{"apiVersion":"custom.example.com/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"replicas":1,"color":"blue","image":"i","ports":[{"name":"http","port":80}],"rollout":"Recreate","podCIDR":"10.0.0.0/8","limits":{"retries":3,"share":1.0}}}"#
    );
    let again: Widget = serde_json::from_str(&text).expect("what is written can be read");
    assert_eq!(serde_json::to_string(&again).expect("a widget is JSON"), text);
    widget.status.ready = Some(0);
    assert_eq!(to_value(&widget).expect("a widget is JSON")["status"], json!({ "ready": 0 }));
}

#[test]
fn a_type_whose_fields_may_be_absent_has_a_default() {
    assert_eq!(Limits::default(), Limits { retries: 3, share: 1.0 });
    assert!(WidgetStatus::default().phase.is_none());
    assert_eq!(to_value(BarePolicy::default()).expect("a policy is JSON")["kind"], "Policy");
}

#[test]
fn the_descriptor_has_what_was_said() {
    let widget = Widget::DESCRIPTOR;
    assert_eq!((widget.group, widget.version, widget.kind), ("custom.example.com", "v1", "Widget"));
    assert_eq!((widget.plural, widget.singular), (None, None));
    assert_eq!((widget.short_names, widget.categories), (&["wd"][..], &["all"][..]));
    assert_eq!((widget.scope, widget.strategy), (Scope::Namespaced, Strategy::CUSTOM_RESOURCE));
    assert_eq!(widget.description, "A widget, and how many of it to run.");

    let policy = BarePolicy::DESCRIPTOR;
    assert_eq!((policy.kind, policy.singular, policy.scope), ("Policy", Some(""), Scope::Cluster));
    assert_eq!(policy.short_names, &["po", "pol"]);
    let strategy = Strategy { generation: false, unconditional_update: true };
    assert_eq!(policy.strategy, strategy);
}

#[test]
fn a_kind_is_compiled_with_what_its_fields_say() {
    let kind = Kind::compile(Widget::DESCRIPTOR).expect("the kind is sound");
    assert_eq!((kind.plural.as_str(), kind.singular.as_str()), ("widgets", "widget"));
    assert_eq!((kind.list_kind.as_str(), kind.status), ("WidgetList", true));
    let columns: Vec<_> = kind
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.kind, column.priority, column.path.to_string()))
        .collect();
    assert_eq!(
        columns,
        [("Color", "string", 0, "spec.color".to_owned()), ("Phase", "string", 1, "status.phase".to_owned())]
    );
    assert_eq!(kind.selectable.iter().map(ToString::to_string).collect::<Vec<_>>(), ["spec.color"]);
    let scale = kind.scale.as_ref().expect("a scale");
    assert_eq!(scale.spec.to_string(), "spec.replicas");
    assert_eq!(scale.status.as_ref().map(ToString::to_string).as_deref(), Some("status.ready"));

    let policy = Kind::compile(BarePolicy::DESCRIPTOR).expect("the kind is sound");
    assert_eq!((policy.singular.as_str(), policy.status, policy.scale.is_none()), ("", false, true));
}

#[test]
fn the_schema_publishes_every_word() {
    let kind = Kind::compile(Widget::DESCRIPTOR).expect("the kind is sound");
    let spec = &kind.schema.published()["com.example.custom.v1.WidgetSpec"];
    assert_eq!(spec["required"], json!(["image"]));
    let fields = &spec["properties"];
    assert_eq!(
        fields["replicas"],
        json!({
            "type": "integer",
            "format": "int32",
            "description": "How many to run.",
            "default": 1,
            "minimum": 0,
            "maximum": 100,
        })
    );
    assert_eq!(fields["color"], json!({ "type": "string", "default": "blue" }));
    assert_eq!(fields["ports"]["x-kubernetes-list-type"], "map");
    assert_eq!(fields["ports"]["x-kubernetes-list-map-keys"], json!(["name"]));
    assert_eq!(fields["limits"]["default"], json!({}));
    assert!(fields.get("podCIDR").is_some() && fields.get("podCidr").is_none());
    let rollout = &kind.schema.published()["com.example.custom.v1.Rollout"];
    assert_eq!(rollout["enum"], json!(["Recreate", "Rolling-Update"]));
}

#[test]
fn the_type_is_a_kube_client_type() {
    assert_eq!((Widget::plural(&()), BarePolicy::plural(&())), ("widgets".into(), "policies".into()));
    assert_eq!(Widget::url_path(&(), Some("shop")), "/apis/custom.example.com/v1/namespaces/shop/widgets");
    let mut widget = widget(&json!({ "image": "i" }));
    widget.meta_mut().generation = Some(2);
    assert_eq!(widget.meta().generation, Some(2));

    let list =
        json!({ "metadata": {}, "items": [{ "metadata": { "name": "b" }, "spec": { "image": "i" } }] });
    let list: ObjectList<Widget> = from_value(list).expect("items carry neither apiVersion nor kind");
    assert_eq!(list.items[0].metadata.name.as_deref(), Some("b"));
}

/// Compiles: a namespaced and a cluster-scoped kind as kube-rs wants them.
#[allow(dead_code)]
fn typed_clients(client: Client) -> (Api<Widget>, Api<BarePolicy>) {
    (Api::namespaced(client.clone(), "shop"), Api::all(client))
}

#[test]
fn hooks_are_found_where_they_are_implemented() {
    let widget = Widget::DESCRIPTOR.hooks;
    assert!(
        widget.set_defaults.is_some() && widget.prepare_for_update.is_some() && widget.validate.is_some()
    );
    assert!(widget.prepare_for_create.is_none());
    let policy = BarePolicy::DESCRIPTOR.hooks;
    assert!(policy.set_defaults.is_none() && policy.prepare_for_create.is_none());
    assert!(policy.prepare_for_update.is_none() && policy.validate.is_none());
}

#[test]
fn a_hook_changes_what_it_changed_and_nothing_else() {
    let sent = json!({ "spec": { "extra": [1], "image": "i", "replicas": 2, "podCIDR": "c" }, "metadata": { "x": 1 } });
    let old = json!({ "spec": { "image": "i", "color": "red" } });
    let mut new = tree(&sent);
    Widget::DESCRIPTOR.hooks.set_defaults.expect("a hook")(&mut new).expect("it ran");
    Widget::DESCRIPTOR.hooks.prepare_for_update.expect("a hook")(&mut new, &tree(&old)).expect("it ran");
    let expected = json!({
        "spec": { "extra": [1], "image": "i", "replicas": 2, "memoryLimit": "2Gi", "labels": { "was": "red" } },
        "metadata": { "x": 1 },
    });
    assert_eq!(new, tree(&expected));
}

#[test]
fn validation_sees_the_old_object() {
    let spec = |rollout| tree(&json!({ "spec": { "image": "i", "rollout": rollout } }));
    let validate = Widget::DESCRIPTOR.hooks.validate.expect("a hook");
    let mut errors = FieldErrors::new();
    validate(&spec("Recreate"), Some(&spec("Recreate")), &mut errors).expect("it ran");
    assert!(errors.is_empty());
    validate(&spec("Recreate"), Some(&spec("Rolling-Update")), &mut errors).expect("it ran");
    assert_eq!(errors.errors()[0].to_string(), "spec.rollout: Forbidden: field is immutable");
    let unreadable = validate(&tree(&json!({ "spec": 1 })), None, &mut errors).unwrap_err();
    assert!(unreadable.starts_with("reading an object as Widget: "), "{unreadable}");
}
