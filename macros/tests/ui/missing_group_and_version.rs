use aggboot::prelude::*;

#[derive(ApiResource, Debug)]
pub struct Widget {
    pub metadata: ObjectMeta,
}

fn main() {}
