use aggboot::prelude::*;

#[derive(ApiResource, Debug)]
#[api(group = "custom.example.com", version = "v1", plural = "Widgets", short_name = "w_d")]
pub struct Widget {
    pub metadata: ObjectMeta,
    pub spec: WidgetSpec,
}

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    pub image: String,
}

fn main() {}
