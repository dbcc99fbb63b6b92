//! Names in a store: revisions, keys and prefixes. What the parts of a key mean is decided above.

use std::borrow::Borrow;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::SystemTime;

/// A point in the one sequence of writes, shared by all kinds and replicas.
///
/// Never 0, never used twice and never going back: not after a crash, an import or a change of backend.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(NonZeroU64);

impl Revision {
    /// The smallest revision.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// The revision of that number; there is none of number 0.
    pub const fn new(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number, as clients see it.
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// Where a new store begins, so that it is ahead of whatever was served in its place before: the wall clock in
    /// microseconds, which no store outruns: that would take a million writes a second. It stays below 2^53, so that
    /// clients which read numbers as floating point read it as it is.
    pub fn wall_clock() -> Self {
        let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(elapsed.as_micros()).ok().and_then(Self::new).unwrap_or(Self::FIRST)
    }

    /// Where a store goes on that is behind what was served in its place, up to `known` and perhaps further: at the
    /// wall clock, unless that is behind itself.
    pub(crate) fn above(known: u64) -> Self {
        const FURTHER: u64 = 1 << 20;
        Self::wall_clock().max(Self(NonZeroU64::MIN.saturating_add(known.saturating_add(FURTHER))))
    }

    /// The revision behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// `<group>/<resource>/[<namespace>/]<name>`. Lists are in the byte order of this string, so `a-b/` comes before
/// `a/`, as in Kubernetes. Cloning shares the string.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The key of that name. It is neither empty nor ends in `/`: those are prefixes.
    pub fn new(key: impl Into<Arc<str>>) -> Self {
        let key = key.into();
        debug_assert!(!key.is_empty() && !key.ends_with('/'), "{key:?} is a prefix, not a key");
        Self(key)
    }

    /// The whole key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The prefix up to the last `/`: of the objects beside this one.
    pub fn parent(&self) -> Prefix {
        let end = self.0.rfind('/').map_or(0, |slash| slash + 1);
        Prefix::new(&self.0[..end])
    }

    /// What follows the prefix, when the key is under it.
    pub fn under(&self, prefix: &Prefix) -> Option<&str> {
        self.0.strip_prefix(prefix.as_str())
    }
}

/// All keys that begin with this string, which ends in `/`: `a/` never matches `ab/x`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(Arc<str>);

impl Prefix {
    /// The prefix of that name; its closing `/` is added where it is missing.
    pub fn new(prefix: impl Into<Arc<str>>) -> Self {
        let prefix = prefix.into();
        if prefix.is_empty() || prefix.ends_with('/') {
            Self(prefix)
        } else {
            Self(format!("{prefix}/").into())
        }
    }

    /// The prefix of every key: for export, import and migration.
    pub fn everything() -> Self {
        Self("".into())
    }

    /// The prefix with its closing `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Above all keys under the prefix, and not above the next one; nothing is above the prefix of every key.
    pub(crate) fn end(&self) -> Option<String> {
        // The byte behind `/`.
        self.0.strip_suffix('/').map(|start| format!("{start}0"))
    }
}

macro_rules! like_a_string {
    ($name:ident) => {
        // Equality, order and hash are those of the string, so either may look the other up in a map.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

like_a_string!(Key);
like_a_string!(Prefix);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_behind_no_store_and_exact_as_a_float() {
        let clock = Revision::wall_clock().get();
        let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
        assert!(
            clock / 1_000_000 <= seconds && seconds - clock / 1_000_000 < 3600,
            "{clock} in second {seconds}"
        );
        assert!(clock < 1 << 53, "{clock}");
    }
}
