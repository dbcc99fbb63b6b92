use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    pub weights: BTreeMap<i32, i32>,
}

fn main() {}
