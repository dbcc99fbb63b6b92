use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    pub port: Port,
    pub ports: Vec<Port>,
}

#[derive(Debug)]
pub struct Port {
    pub number: i32,
}

fn main() {}
