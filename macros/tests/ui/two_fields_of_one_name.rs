use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    pub memory_limit: i32,
    #[api(name = "memoryLimit")]
    pub limit: i32,
}

fn main() {}
