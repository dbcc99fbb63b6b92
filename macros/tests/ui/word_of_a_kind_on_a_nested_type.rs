use aggboot::prelude::*;

#[derive(ApiType, Debug)]
#[api(group = "custom.example.com")]
pub struct WidgetSpec {
    pub image: String,
}

fn main() {}
