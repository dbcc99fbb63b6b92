use aggboot::prelude::*;

#[derive(ApiResource, Debug)]
#[api(group = "custom.example.com", versoin = "v1", scope = "cluster")]
pub struct Widget {
    pub metadata: ObjectMeta,
    pub spec: WidgetSpec,
    pub status: WidgetStatus,
}

#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    #[api(minimun = 0)]
    pub replicas: u32,
    #[api(selectible)]
    pub color: String,
}

#[derive(ApiType, Debug)]
pub struct WidgetStatus {
    #[api(colunm)]
    pub phase: Option<String>,
}

impl Validate for Widget {
    fn validate(&self, _: Option<&Self>, errors: &mut FieldErrors) {
        let copy = self.clone();
        errors.invalid("spec.color", copy.spec.color, "no");
        let _ = WidgetStatus::default();
        let _ = <Widget as aggboot::kube::Resource>::plural(&());
    }
}

fn main() {}
