use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(required, default = 1)]
    pub replicas: i32,
    #[api(required)]
    pub color: Option<String>,
}

fn main() {}
