use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(scale = "spec.replicas")]
    pub replicas: i32,
    #[api(scale = "spec.replicas")]
    pub more: i32,
}

fn main() {}
