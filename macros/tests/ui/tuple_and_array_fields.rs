use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    pub range: (i32, i32),
    pub three: [i32; 3],
    pub name: &'static str,
}

fn main() {}
