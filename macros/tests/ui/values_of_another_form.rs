use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(minimum = "0", maximum = -1.5, multiple_of)]
    pub replicas: i32,
    #[api(min_length = -1, pattern = 3, selectable = true)]
    pub name: String,
}

fn main() {}
