use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api = "selectable"]
    pub image: String,
    #[api]
    pub name: String,
    #[api(minimum 0)]
    pub replicas: i32,
}

fn main() {}
