//! What the code behind a kind may know of the request.

use std::time::Instant;

use crate::request::{Request, User, Warnings};

/// The request, as the code behind a kind sees it.
#[derive(Clone, Debug)]
pub struct Context {
    user: User,
    namespace: String,
    subresource: String,
    dry_run: bool,
    deadline: Option<Instant>,
    warnings: Warnings,
}

impl Context {
    pub(crate) fn new(request: &Request, dry_run: bool) -> Self {
        let resource = request.info.resource.as_ref();
        Context {
            user: request.user.clone(),
            namespace: resource.map(|resource| resource.namespace.clone()).unwrap_or_default(),
            subresource: resource.map(|resource| resource.subresource.clone()).unwrap_or_default(),
            dry_run,
            deadline: request.deadline,
            warnings: request.warnings.clone(),
        }
    }

    /// Who asks. Authorization has been asked already.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The namespace of the request; empty for cluster-scoped kinds and for lists over all namespaces.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The subresource, often empty.
    #[must_use]
    pub fn subresource(&self) -> &str {
        &self.subresource
    }

    /// Whether nothing may be kept: `?dryRun=All`.
    #[must_use]
    pub fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// When the answer must be complete; none for watches.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The same request, about an object of that namespace.
    pub(crate) fn within(&self, namespace: &str) -> Context {
        Context { namespace: namespace.to_owned(), ..self.clone() }
    }

    pub(crate) fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// Shows the client a warning beside the answer.
    pub fn warn(&self, text: impl Into<String>) {
        self.warnings.add(text);
    }
}
