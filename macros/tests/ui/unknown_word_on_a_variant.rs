use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub enum Rollout {
    #[api(rename = "recreate")]
    Recreate,
}

fn main() {}
