//! The types a field may have without a derive: scalars, containers and Kubernetes' own.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{ApiType, table};
use crate::object::Tree;

macro_rules! scalars {
    ($($type:ty => $schema:tt)*) => {$(
        impl ApiType for $type {
            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

scalars! {
    bool => {"type": "boolean"}
    i32 => {"type": "integer", "format": "int32"}
    i64 => {"type": "integer", "format": "int64"}
    f32 => {"type": "number", "format": "float"}
    f64 => {"type": "number", "format": "double"}
    String => {"type": "string"}
    ByteString => {"type": "string", "format": "byte"}
    Tree => {"x-kubernetes-preserve-unknown-fields": true}
    serde_json::Value => {"x-kubernetes-preserve-unknown-fields": true}
}

macro_rules! kubernetes {
    ($($type:ty => $name:literal)*) => {$(
        impl ApiType for $type {
            fn schema(_: &mut SchemaGenerator) -> Schema {
                table::shared($name)
            }
        }
    )*};
}

kubernetes! {
    Quantity => "io.k8s.apimachinery.pkg.api.resource.Quantity"
    IntOrString => "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
    RawExtension => "io.k8s.apimachinery.pkg.runtime.RawExtension"
    meta::Condition => "io.k8s.apimachinery.pkg.apis.meta.v1.Condition"
    meta::LabelSelector => "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"
    meta::LabelSelectorRequirement => "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement"
    meta::MicroTime => "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"
    meta::ObjectMeta => "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    meta::OwnerReference => "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference"
    meta::Time => "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
    core::ConfigMapKeySelector => "io.k8s.api.core.v1.ConfigMapKeySelector"
    core::LocalObjectReference => "io.k8s.api.core.v1.LocalObjectReference"
    core::ObjectReference => "io.k8s.api.core.v1.ObjectReference"
    core::SecretKeySelector => "io.k8s.api.core.v1.SecretKeySelector"
    core::SecretReference => "io.k8s.api.core.v1.SecretReference"
    core::TypedLocalObjectReference => "io.k8s.api.core.v1.TypedLocalObjectReference"
}

/// An absent value is no value: nothing of the wrapper reaches the schema.
impl<T: ApiType> ApiType for Option<T> {
    const OPTIONAL: bool = true;

    fn absent() -> Option<Self> {
        Some(None)
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

impl<T: ApiType> ApiType for Box<T> {
    const OPTIONAL: bool = T::OPTIONAL;

    fn absent() -> Option<Self> {
        T::absent().map(Box::new)
    }
    fn is_absent(&self) -> bool {
        T::is_absent(self)
    }
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

impl<T: ApiType> ApiType for Vec<T> {
    const OPTIONAL: bool = true;

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({"type": "array", "items": items})
    }
}

impl<T: ApiType> ApiType for BTreeMap<String, T> {
    const OPTIONAL: bool = true;

    fn absent() -> Option<Self> {
        Some(BTreeMap::new())
    }
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let values = T::schema(generator);
        json_schema!({"type": "object", "additionalProperties": values})
    }
}
