use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[schemars(range(min = 0), length(max = 3))]
    pub replicas: i32,
}

fn main() {}
