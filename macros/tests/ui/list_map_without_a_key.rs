use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(list_map)]
    pub ports: Vec<Port>,
    #[api(list_map(keys = "name"))]
    pub more_ports: Vec<Port>,
    #[api(list_map(key = "name", key = "name"))]
    pub other_ports: Vec<Port>,
}

#[derive(ApiType, Debug)]
pub struct Port {
    pub name: String,
}

fn main() {}
