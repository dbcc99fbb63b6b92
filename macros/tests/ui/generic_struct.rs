use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct Wrapper<T> {
    pub value: T,
}

fn main() {}
