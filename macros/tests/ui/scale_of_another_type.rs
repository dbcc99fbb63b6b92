use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(scale = "spec.replicas")]
    pub replicas: String,
    #[api(scale = "status.selector")]
    pub selector: i32,
}

fn main() {}
