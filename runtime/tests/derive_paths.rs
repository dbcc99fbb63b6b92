//! The expansion names nothing that the user's module may lack, or may have given another meaning.

#![allow(unreachable_pub, reason = "the modules stand for a user's")]

use aggboot::ApiType as _;
use serde_json::{from_value, json, to_value};

/// Where somebody hides the runtime behind a crate of their own.
mod facade {
    pub use aggboot as runtime;
}

mod renamed {
    use crate::facade::runtime::prelude::*;

    #[derive(ApiResource, Debug)]
    #[api(group = "paths.example.com", version = "v1", crate = "crate::facade::runtime")]
    pub struct Renamed {
        pub metadata: ObjectMeta,
        #[api(default)]
        pub form: Form,
    }

    #[derive(ApiType, Debug, Default, PartialEq)]
    #[api(crate = "crate::facade::runtime")]
    pub enum Form {
        #[default]
        Round,
        Square,
    }
}

/// Names of the prelude mean something else here, and `aggboot` is a module.
mod bare {
    #![no_implicit_prelude]
    #![allow(dead_code)]

    use ::aggboot::kube::core::ObjectMeta;
    use ::std::{fmt::Debug, string::String, vec::Vec};

    mod aggboot {}
    struct Ok;
    struct Some;
    struct Result;
    trait Clone {}
    trait Default {}

    #[derive(::aggboot::ApiResource, Debug)]
    #[api(group = "paths.example.com", version = "v1", scope = "Cluster")]
    pub struct Bare {
        pub metadata: ObjectMeta,
        pub spec: BareSpec,
        pub status: BareStatus,
    }

    #[derive(::aggboot::ApiType, Debug)]
    pub struct BareSpec {
        #[api(default = "blue", column, selectable)]
        pub color: String,
        #[api(required)]
        pub names: Vec<String>,
        #[api(default = Size::Small)]
        pub size: Size,
        #[api(name = "type")]
        pub r#type: String,
    }

    #[derive(::aggboot::ApiType, Debug)]
    pub enum Size {
        Small,
        Large,
    }

    #[derive(::aggboot::ApiType, Debug)]
    pub struct BareStatus {}

    impl ::aggboot::SetDefaults for Bare {
        fn set_defaults(&mut self) {}
    }
}

/// Types whose JSON form is serde's.
mod foreign {
    use aggboot::prelude::*;

    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
    pub struct Foreign {
        pub snake_case: i32,
    }

    #[derive(
        ApiType, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
    )]
    #[api(serde)]
    #[serde(rename_all = "kebab-case")]
    pub struct OwnForm {
        pub two_words: i32,
    }

    #[derive(ApiType, Debug)]
    pub struct Holder {
        #[api(serde)]
        pub must: Foreign,
        #[api(serde)]
        pub may: Option<Foreign>,
        pub own: Option<OwnForm>,
        #[api(default = "1Gi")]
        pub limit: Quantity,
        #[api(default = 2)]
        pub share: Option<f64>,
        #[api(default = vec!["a".to_owned()])]
        pub names: Vec<String>,
    }
}

#[test]
fn the_runtime_may_have_another_name() {
    let read: renamed::Renamed = from_value(json!({ "metadata": {} })).expect("a kind");
    assert_eq!(read.form, renamed::Form::Round);
}

#[test]
fn no_name_of_the_prelude_is_used() {
    let written = json!({ "metadata": {}, "spec": { "names": [], "type": "t" } });
    let read: bare::Bare = from_value(written).expect("a kind");
    assert_eq!(
        to_value(&read).expect("a kind is JSON"),
        json!({
            "apiVersion": "paths.example.com/v1",
            "kind": "Bare",
            "metadata": {},
            "spec": { "color": "blue", "names": [], "size": "Small", "type": "t" },
        })
    );
}

#[test]
fn a_type_may_keep_its_own_forms() {
    let read: foreign::Holder =
        from_value(json!({ "must": { "snake_case": 1 }, "own": { "two-words": 2 } })).expect("a holder");
    let again = json!({
        "must": { "snake_case": 1 },
        "own": { "two-words": 2 },
        "limit": "1Gi",
        "share": 2.0,
        "names": ["a"],
    });
    assert_eq!(to_value(&read).expect("a holder is JSON"), again);
    assert!(!read.is_absent());
    let missing = from_value::<foreign::Holder>(json!({})).unwrap_err().to_string();
    assert_eq!(missing, "missing field `must`");
}

#[test]
fn an_empty_list_is_written_where_absent_would_mean_the_default() {
    let mut holder: foreign::Holder = from_value(json!({ "must": { "snake_case": 1 } })).expect("a holder");
    holder.names.clear();
    holder.share = None;
    let written = to_value(&holder).expect("a holder is JSON");
    assert_eq!(written["names"], json!([]));
    assert!(written.get("share").is_none() && written.get("may").is_none());
}
