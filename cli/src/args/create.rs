//! `aggboot create group version resource`.

use super::Scaffolding;
use crate::project::{Asked, Scope};
use clap::Args;

#[derive(Debug, Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
Examples:
  aggboot create group version resource --group inventory --version v1 --kind Server
  aggboot create group version resource --group inventory --version v1 --kind Server \\
    --short-name srv --category all
  aggboot create group version resource --group inventory --version v1 --kind Rack \\
    --cluster-scoped --no-status
  aggboot create group version resource --group apps --version v1beta1 --kind Pool --scale \\
    --dry-run"
)]
pub(crate) struct ResourceArgs {
    /// The API group, without the project's domain
    #[arg(long)]
    group: String,
    /// The API version: v1, v1alpha1, v2beta3
    #[arg(long)]
    version: String,
    /// The kind, in UpperCamelCase
    #[arg(long)]
    kind: String,
    /// The plural, as it stands in URLs [default: formed from the kind]
    #[arg(long)]
    plural: Option<String>,
    /// The singular, as kubectl takes it [default: the kind in lower case]
    #[arg(long)]
    singular: Option<String>,
    /// A short name for kubectl; can be given more than once
    #[arg(long = "short-name", value_name = "NAME")]
    short_names: Vec<String>,
    /// A category, as `all` in `kubectl get all`; can be given more than once
    #[arg(long = "category", value_name = "NAME")]
    categories: Vec<String>,
    /// Objects live in the cluster, not in namespaces
    #[arg(long)]
    cluster_scoped: bool,
    /// Without a status
    #[arg(long)]
    no_status: bool,
    /// With replicas, for `kubectl scale` and autoscalers
    #[arg(long)]
    scale: bool,
    #[command(flatten)]
    pub(crate) scaffolding: Scaffolding,
}

impl ResourceArgs {
    pub(crate) fn asked(&self) -> Asked {
        Asked {
            group: self.group.clone(),
            version: self.version.clone(),
            kind: self.kind.clone(),
            plural: self.plural.clone(),
            singular: self.singular.clone(),
            short_names: self.short_names.clone(),
            categories: self.categories.clone(),
            scope: if self.cluster_scoped { Scope::Cluster } else { Scope::Namespaced },
            status: !self.no_status,
            scale: self.scale,
        }
    }
}
