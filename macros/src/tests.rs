//! The expansion, as a reviewer reads it. `cargo insta accept` takes over an intended change.

use syn::parse_quote;

use crate::derive;
use crate::model::Role;

/// The expansion, formatted.
fn expanded(input: &syn::DeriveInput, role: Role) -> String {
    let tokens = derive(input, role);
    prettyplease::unparse(&syn::parse2(tokens).expect("an expansion is items"))
}

#[test]
fn a_kind() {
    let input = parse_quote! {
        /// A widget, and how many
        /// of it to run.
        #[derive(ApiResource, Debug)]
        #[api(group = "custom.example.com", version = "v1", short_name = "wd", category = "all", generation = false)]
        pub struct Widget {
            pub metadata: ObjectMeta,
            pub spec: WidgetSpec,
            pub status: WidgetStatus,
        }
    };
    insta::assert_snapshot!(expanded(&input, Role::Root));
}

#[test]
fn a_struct() {
    let input = parse_quote! {
        #[derive(ApiType, Debug)]
        pub struct WidgetSpec {
            /// How many to run.
            #[api(default = 1, minimum = 0, maximum = 100, scale = "spec.replicas")]
            pub replicas: i32,
            #[api(default = "blue", selectable, column(name = "Color", wide))]
            pub color: String,
            pub image: String,
            #[api(list_map(key = "name"))]
            pub ports: Vec<Port>,
            #[api(default)]
            pub limits: Limits,
            #[api(serde)]
            pub source: Option<Source>,
        }
    };
    insta::assert_snapshot!(expanded(&input, Role::Nested));
}

#[test]
fn an_enum() {
    let input = parse_quote! {
        #[api(crate = "crate::reexported")]
        pub enum Rollout {
            Recreate,
            #[api(name = "Rolling-Update")]
            Rolling,
        }
    };
    insta::assert_snapshot!(expanded(&input, Role::Nested));
}

#[test]
fn a_type_with_forms_of_its_own() {
    let input = parse_quote! {
        #[api(serde)]
        #[serde(untagged)]
        pub enum Source {
            Image(String),
            Build { context: String },
        }
    };
    insta::assert_snapshot!(expanded(&input, Role::Nested));
}
