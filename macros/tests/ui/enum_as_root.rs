use aggboot::prelude::*;

#[derive(ApiResource, Debug)]
#[api(group = "custom.example.com", version = "v1")]
pub enum Widget {
    Small,
}

fn main() {}
