use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(default)]
    pub port: Port,
}

#[derive(ApiType, Debug)]
pub struct Port {
    pub number: i32,
}

fn main() {}
