use aggboot::prelude::*;

#[derive(ApiType, Debug)]
#[serde(rename_all = "camelCase")]
pub struct WidgetSpec {
    #[serde(rename = "podCIDR", default)]
    pub pod_cidr: Option<String>,
    #[serde(flatten)]
    pub rest: BTreeMap<String, String>,
}

fn main() {}
