//! Which versions of etcd can be used. Pure.

/// The oldest version whose progress of watches never overtakes their events.
const OLDEST: [u32; 3] = [3, 5, 13];

/// Refuses a member that is too old.
pub(super) fn check(version: &str, member: &str) -> Result<(), String> {
    if supported(version) {
        return Ok(());
    }
    let [major, minor, patch] = OLDEST;
    Err(format!(
        "etcd at {member} is of version {version}: {major}.{minor}.{patch} is the oldest that can be used"
    ))
}

fn supported(version: &str) -> bool {
    // What comes behind a number, as in `3.6.0-rc.1`, says nothing here.
    let number = |part: &str| part.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok();
    let mut parts = version.splitn(3, '.').map_while(number);
    let [major, minor, patch] = [(); 3].map(|()| parts.next());
    major.zip(minor).is_some_and(|(major, minor)| [major, minor, patch.unwrap_or_default()] >= OLDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_are_refused() {
        for (version, expected) in [
            ("3.7.0", true),
            ("3.5.21", true),
            ("3.5.13", true),
            ("3.5.12", false),
            ("3.5.9", false),
            ("3.5.0", false),
            ("3.5", false),
            ("3.6.0-rc.1", true),
            ("4.0.0", true),
            ("3.4.34", false),
            ("2.3", false),
            ("", false),
        ] {
            assert_eq!(supported(version), expected, "{version}");
        }
    }
}
