//! Which objects a list, a watch or a deletecollection is about.

use crate::kind::Kind;
use crate::object::Object;
use crate::request::options::ListOptions;
use crate::request::selector::{FieldSelector, LabelSelector};

/// Selectors on labels and fields, ready to be asked.
#[derive(Clone, Debug)]
pub struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
    /// The kind's selectable fields, in the order in which objects know them.
    selectable: Vec<String>,
}

impl Selection {
    /// What the options select of a kind.
    #[must_use]
    pub fn new(kind: &Kind, options: &ListOptions) -> Self {
        Selection {
            labels: options.labels.clone(),
            fields: options.fields.clone(),
            selectable: selectable(kind),
        }
    }

    /// Whether everything is selected.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object is selected.
    #[must_use]
    pub fn matches(&self, object: &Object) -> bool {
        (self.labels.is_empty() || self.labels.matches(|key| object.label(key)))
            && (self.fields.is_empty() || self.fields.matches(|field| self.field(object, field)))
    }

    /// The namespace that is left: the request's, or the one that the selector names.
    #[must_use]
    pub fn namespace<'a>(&'a self, requested: &'a str) -> &'a str {
        if requested.is_empty() { self.fields.namespace().unwrap_or_default() } else { requested }
    }

    /// The one name that can match.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.fields.name().filter(|name| !name.is_empty() && !name.contains('/'))
    }

    fn field<'a>(&self, object: &'a Object, field: &str) -> Option<&'a str> {
        match field {
            "metadata.name" => Some(object.name()),
            "metadata.namespace" => Some(object.namespace()),
            field => {
                let place = self.selectable.iter().position(|known| known == field)?;
                Some(object.selectable(place))
            }
        }
    }
}

/// The names of a kind's selectable fields, besides those of the metadata.
#[must_use]
pub fn selectable(kind: &Kind) -> Vec<String> {
    kind.selectable.iter().map(ToString::to_string).collect()
}
