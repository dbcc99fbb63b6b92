use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(minumum = 0, rename = "count", owner)]
    pub replicas: i32,
}

fn main() {}
