use aggboot::prelude::*;

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(column(nam = "Phase", width = 3))]
    pub phase: String,
}

fn main() {}
