use aggboot::prelude::*;
use std::collections::{HashMap, HashSet};

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    pub labels: HashMap<String, String>,
    pub names: HashSet<String>,
}

fn main() {}
