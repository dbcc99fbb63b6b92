use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub enum Rollout {
    Recreate,
    #[api(name = "Recreate")]
    Replace,
}

fn main() {}
