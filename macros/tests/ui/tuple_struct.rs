use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct Pair(i32, i32);

fn main() {}
