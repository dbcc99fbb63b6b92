//! What is served: a kind, as its author described it and as the machinery uses it.
//!
//! The derive makes one [`Descriptor`]; [`Kind::compile`] is the only place that judges it.
//! Nothing in the machinery is generic over the user's type.

#[cfg(feature = "server")]
mod clash;
mod compile;
mod descriptor;
pub mod hooks;
pub mod names;
#[doc(hidden)]
pub mod probe;
#[cfg(feature = "server")]
pub(crate) mod registration;
#[cfg(feature = "server")]
pub mod registry;

pub use compile::{Column, FieldPath, Kind, ScalePaths};
pub use descriptor::{Change, Descriptor, HookFns, Judge, Scope, Strategy, Update};
#[cfg(feature = "server")]
pub use registration::{Registration, Stored};

/// A type that is the root of an API object. Derive it: `#[derive(ApiResource)]`.
pub trait ApiResource:
    serde::Serialize + serde::de::DeserializeOwned + Clone + std::fmt::Debug + Send + Sync + Sized + 'static
{
    /// Everything the runtime knows of the kind.
    const DESCRIPTOR: &'static Descriptor;

    /// Stored by the server, with every verb.
    #[cfg(feature = "server")]
    #[must_use]
    fn stored() -> Stored {
        Stored::new::<Self>()
    }

    /// Answered by code: name the verbs after it, `NodeMetrics::served_by(source).get().list()`.
    #[cfg(feature = "server")]
    #[must_use]
    fn served_by<S: Send + Sync + 'static>(source: S) -> crate::served::Served<Self, S> {
        crate::served::Served::new(source)
    }
}
