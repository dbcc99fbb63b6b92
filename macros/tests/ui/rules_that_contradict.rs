use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(minimum = 5, maximum = 1)]
    pub replicas: i32,
    #[api(exclusive_minimum)]
    pub share: f64,
    #[api(list_set, atomic)]
    pub names: Vec<String>,
}

fn main() {}
