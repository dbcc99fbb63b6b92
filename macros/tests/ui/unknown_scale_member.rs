use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(scale = "spec.replica")]
    pub replicas: i32,
}

fn main() {}
