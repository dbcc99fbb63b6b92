use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    pub replicas: u32,
    pub sizes: Vec<u64>,
    pub ratio: Option<f32>,
}

fn main() {}
