use aggboot::prelude::*;

#[derive(ApiResource, Debug)]
#[api(group = "custom.example.com", version = "v1")]
pub struct Widget {
    pub metadata: ObjectMeta,
    pub status: Option<WidgetStatus>,
}

#[derive(ApiType, Debug)]
pub struct WidgetStatus {}

fn main() {}
