//! Nothing is created in a namespace that is missing or being deleted.
//!
//! Updates and deletions are always let through, or a namespace could not be emptied.

use crate::cluster::namespaces::{Namespaces, NotReady, Phase};
use crate::respond::status::GroupResource;
use crate::respond::{ApiError, ApiResult};

/// Judges the creation of an object; `namespace` is empty for objects of the cluster.
pub async fn admit_create(
    namespaces: &dyn Namespaces,
    resource: GroupResource<'_>,
    namespace: &str,
    name: &str,
) -> ApiResult<()> {
    if namespace.is_empty() {
        return Ok(());
    }
    match namespaces.phase(namespace).await {
        Ok(Phase::Active) => Ok(()),
        Ok(Phase::Missing) => {
            Err(ApiError::not_found(GroupResource { group: "", resource: "namespaces" }, namespace))
        }
        Ok(Phase::Terminating) => {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            );
            Err(ApiError::forbidden(resource, name, &why).with_cause(
                "NamespaceTerminating",
                format!("namespace {namespace} is being terminated"),
                "metadata.namespace",
            ))
        }
        Err(NotReady) => Err(ApiError::forbidden(resource, name, "not yet ready to handle request")),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future, ready};
    use std::pin::Pin;

    use super::*;

    #[derive(Debug)]
    struct Fixed(Result<Phase, NotReady>);

    impl Namespaces for Fixed {
        fn phase<'a>(
            &'a self,
            _: &'a str,
        ) -> Pin<Box<dyn Future<Output = Result<Phase, NotReady>> + Send + 'a>> {
            Box::pin(ready(self.0))
        }
    }

    #[tokio::test]
    async fn each_phase_has_its_answer() {
        let foos = GroupResource { group: "g.example.com", resource: "foos" };
        for (phase, answer) in [
            (Ok(Phase::Active), None),
            (Ok(Phase::Missing), Some((404, r#"namespaces "x" not found"#))),
            (
                Ok(Phase::Terminating),
                Some((
                    403,
                    r#"foos.g.example.com "n" is forbidden: unable to create new content in namespace x because it is being terminated"#,
                )),
            ),
            (
                Err(NotReady),
                Some((403, r#"foos.g.example.com "n" is forbidden: not yet ready to handle request"#)),
            ),
        ] {
            let answered = admit_create(&Fixed(phase), foos, "x", "n").await;
            let found = answered.err().map(|error| (error.code().as_u16(), error.message().to_owned()));
            assert_eq!(found, answer.map(|(code, text)| (code, text.to_owned())));
        }
        assert!(admit_create(&Fixed(Ok(Phase::Missing)), foos, "", "n").await.is_ok());
    }
}
