use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    pub limit: Option<Option<i32>>,
    pub names: Vec<Option<String>>,
}

fn main() {}
