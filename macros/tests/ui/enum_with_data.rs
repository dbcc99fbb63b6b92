use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub enum Source {
    None,
    Image(String),
    Build { context: String },
}

fn main() {}
