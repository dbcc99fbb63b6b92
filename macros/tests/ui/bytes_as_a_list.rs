use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    pub key: Vec<u8>,
}

fn main() {}
