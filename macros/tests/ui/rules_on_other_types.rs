use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(minimum = 0)]
    pub name: String,
    #[api(pattern = "^a", list_set)]
    pub count: i32,
    #[api(min_length = 1)]
    pub names: Vec<String>,
    #[api(selectable)]
    pub labels: BTreeMap<String, String>,
}

fn main() {}
