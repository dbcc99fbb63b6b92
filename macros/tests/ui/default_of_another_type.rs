use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(default = 1)]
    pub color: String,
    #[api(default = "one")]
    pub replicas: i32,
}

fn main() {}
