//! Paths that anybody may see, such as those that a kubelet probes.

use crate::request::RequestInfo;
use crate::{Error, Result};

/// Paths, and beginnings of paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlwaysAllowed {
    paths: Vec<String>,
    prefixes: Vec<String>,
}

impl AlwaysAllowed {
    /// Reads paths; one that ends in `*` allows everything behind it. A leading `/` may be missing.
    pub(crate) fn parse(paths: &[String]) -> Result<AlwaysAllowed> {
        let mut allowed = AlwaysAllowed::default();
        for path in paths {
            let bare = path.strip_prefix('/').unwrap_or(path);
            match bare.strip_suffix('*') {
                Some(prefix) if !prefix.contains('*') => allowed.prefixes.push(prefix.to_owned()),
                None if !bare.contains('*') => allowed.paths.push(bare.to_owned()),
                _ => {
                    return Err(Error::new(format!(
                        "--authorization-always-allow-paths holds {path:?}: only trailing * allowed"
                    )));
                }
            }
        }
        Ok(allowed)
    }

    /// Resources are never open to all.
    pub(super) fn allows(&self, info: &RequestInfo) -> bool {
        if info.resource.is_some() {
            return false;
        }
        let path = info.path.strip_prefix('/').unwrap_or(&info.path);
        self.paths.iter().any(|allowed| allowed == path)
            || self.prefixes.iter().any(|prefix| path.starts_with(prefix.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::QueryPairs;
    use http::Method;

    #[test]
    fn exact_paths_and_beginnings_are_allowed_and_resources_never() {
        let paths = ["/healthz", "readyz", "/open/*"].map(str::to_owned);
        let allowed = AlwaysAllowed::parse(&paths).expect("readable");
        for (path, expected) in [
            ("/healthz", true),
            ("/healthz/ping", false),
            ("/readyz", true),
            ("/open/door", true),
            ("/opened", false),
            ("/apis/g/v1/foos", false),
        ] {
            let info = RequestInfo::parse(&Method::GET, path, &QueryPairs::default()).expect("a path");
            assert_eq!(allowed.allows(&info), expected, "{path}");
        }
    }

    #[test]
    fn a_star_in_the_middle_is_refused_with_its_flag() {
        let error = AlwaysAllowed::parse(&["/a*b".to_owned()]).expect_err("refused");
        assert!(error.to_string().contains("--authorization-always-allow-paths"), "{error}");
    }
}
