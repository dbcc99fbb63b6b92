use aggboot::prelude::*;

#[derive(ApiResource, Debug)]
#[api(group = "custom.example.com", version = "v1")]
pub struct Widget {
    pub api_version: String,
    pub kind: String,
    pub metadata: ObjectMeta,
}

fn main() {}
