use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(minimum = 0)]
    #[api(minimum = 1)]
    pub replicas: i32,
}

fn main() {}
