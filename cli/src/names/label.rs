//! DNS labels and subdomains, and the version form, as `k8s.io/apimachinery` judges them.

use super::Objection;

const LABEL: usize = 63;
const SUBDOMAIN: usize = 253;

/// What the API groups of a project end in.
pub(crate) fn domain(value: &str) -> Result<String, Objection> {
    let fits = value.len() <= SUBDOMAIN && value.split('.').all(dns1123);
    if fits {
        return Ok(value.to_owned());
    }
    let rule = "a domain is parts joined by '.', each of lower-case letters, digits and '-', beginning and ending with a letter or digit, at most 253 characters in all";
    let parts: Vec<String> = value.split('.').map(corrected).filter(|part| !part.is_empty()).collect();
    let example = parts.join(".");
    let usable = !example.is_empty() && example.len() <= SUBDOMAIN;
    Err(Objection::new(value, rule, if usable { &example } else { "example.com" }))
}

/// The first label of an API group; the domain follows it.
pub(crate) fn group(value: &str, domain: &str) -> Result<String, Objection> {
    if let Some(first) = value.strip_suffix(&format!(".{domain}")) {
        let rule =
            format!("the project's domain is added to it (.{domain}), so only the part before is given");
        return Err(Objection::new(value, rule, or(corrected(first), "inventory")));
    }
    if !(value.len() <= LABEL && dns1123(value)) {
        let rule = "a group is one DNS label: lower-case letters, digits and '-', beginning and ending with a letter or digit, at most 63 characters";
        return Err(Objection::new(value, rule, or(corrected(value), "inventory")));
    }
    let whole = value.len() + 1 + domain.len();
    if whole > SUBDOMAIN {
        let rule =
            format!("with the domain the group is {whole} characters long, and at most 253 are allowed");
        let room = SUBDOMAIN.saturating_sub(domain.len() + 1).max(1);
        return Err(Objection::new(value, rule, or(corrected(&value[..room.min(value.len())]), "a")));
    }
    Ok(value.to_owned())
}

/// `v1`, `v1alpha1`, `v2beta3`.
pub(crate) fn version(value: &str) -> Result<String, Objection> {
    let fits = value.len() <= LABEL && value.strip_prefix('v').is_some_and(is_version);
    if fits {
        return Ok(value.to_owned());
    }
    let rule = "a version is 'v' and a number from 1, then perhaps 'alpha' or 'beta' and a number from 1, at most 63 characters";
    Err(Objection::new(value, rule, version_like(value)))
}

/// A plural, singular, short name or category.
pub(crate) fn label(value: &str, otherwise: &str) -> Result<String, Objection> {
    let fits = value.len() <= LABEL && dns1123(value) && value.starts_with(|c: char| c.is_ascii_lowercase());
    if fits {
        return Ok(value.to_owned());
    }
    let rule = "a name is lower-case letters, digits and '-', beginning with a letter and ending with a letter or digit, at most 63 characters";
    let example = corrected(value);
    let example = example.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    Err(Objection::new(value, rule, or(example.to_owned(), otherwise)))
}

/// The nearest label to what was typed; empty if nothing of it can stay.
pub(super) fn corrected(value: &str) -> String {
    let allowed = |c: char| {
        if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }
    };
    let dashed: String = value.chars().map(allowed).collect();
    let single = dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    single[..single.len().min(LABEL)].trim_end_matches('-').to_owned()
}

fn or(example: String, otherwise: &str) -> String {
    if example.is_empty() { otherwise.to_owned() } else { example }
}

fn dns1123(part: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !part.is_empty() && part.bytes().all(inner) && !part.starts_with('-') && !part.ends_with('-')
}

fn is_version(after_v: &str) -> bool {
    let digits = after_v.bytes().take_while(u8::is_ascii_digit).count();
    let (number, stage) = after_v.split_at(digits);
    let staged = ["alpha", "beta"].iter().any(|name| stage.strip_prefix(name).is_some_and(is_number));
    is_number(number) && (stage.is_empty() || staged)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1` and `V1` meant `v1`, `1.0-beta` meant something like `v1`.
fn version_like(value: &str) -> String {
    let lower = value.to_ascii_lowercase();
    let joined: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let candidates = [joined.clone(), format!("v{joined}"), format!("{joined}1"), format!("v{joined}1")];
    let fitting = candidates
        .into_iter()
        .find(|text| text.len() <= LABEL && text.strip_prefix('v').is_some_and(is_version));
    fitting.unwrap_or_else(|| "v1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        let longest = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".");
        for good in ["example.com", "local", "a.b-c.d1", "1.2", longest.as_str()] {
            assert_eq!(domain(good).as_deref(), Ok(good));
        }
        let check = |bad: &str, example: &str| {
            assert_eq!(domain(bad).unwrap_err().example, example, "{bad}");
            assert_eq!(domain(example).as_deref(), Ok(example), "what is suggested passes");
        };
        check("Foo Bar", "foo-bar");
        check("Example.COM", "example.com");
        check("", "example.com");
        check("example.com.", "example.com");
        check(".com", "com");
        check("a..b", "a.b");
        check("-a.com", "a.com");
        check("under_score.com", "under-score.com");
        check("bücher.example", "b-cher.example");
        check("https://example.com/", "https-example.com");
        check(&format!("{longest}e"), "example.com");
    }

    #[test]
    fn groups() {
        let longest = "g".repeat(63);
        for good in ["inventory", "a", "a-b", "1a", longest.as_str()] {
            assert_eq!(group(good, "example.com").as_deref(), Ok(good));
        }
        let check = |bad: &str, example: &str| {
            assert_eq!(group(bad, "example.com").unwrap_err().example, example, "{bad}");
            assert_eq!(group(example, "example.com").as_deref(), Ok(example), "what is suggested passes");
        };
        check("Inventory", "inventory");
        check("inventory.example.com", "inventory");
        check("my.group", "my-group");
        check("", "inventory");
        check("a_b", "a-b");
        check("-", "inventory");
        check(&"g".repeat(64), &longest);
        let widest = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(51)].join(".");
        assert_eq!(group("inventory", &widest).as_deref(), Ok("inventory"));
        assert_eq!(group("inventories", &widest).unwrap_err().example, "inventori");
    }

    #[test]
    fn versions() {
        for good in ["v1", "v10", "v1alpha1", "v2beta3"] {
            assert_eq!(version(good).as_deref(), Ok(good));
        }
        let check = |bad: &str, example: &str| {
            assert_eq!(version(bad).unwrap_err().example, example, "{bad}");
            assert_eq!(version(example).as_deref(), Ok(example), "what is suggested passes");
        };
        check("1", "v1");
        check("V1", "v1");
        check("v0", "v1");
        check("v1alpha", "v1alpha1");
        check("v1alpha1beta2", "v1");
        check("1.0-beta2", "v10beta2");
        check("latest", "v1");
        check("", "v1");
        check("v01", "v1");
        check("v1gamma1", "v1");
        check("v1alpha0", "v1");
    }

    #[test]
    fn labels() {
        let longest = "n".repeat(63);
        for good in ["servers", "s", "a1", "big-servers", longest.as_str()] {
            assert_eq!(label(good, "x").as_deref(), Ok(good));
        }
        let check = |bad: &str, example: &str| {
            assert_eq!(label(bad, "servers").unwrap_err().example, example, "{bad}");
            assert_eq!(label(example, "servers").as_deref(), Ok(example), "what is suggested passes");
        };
        check("Servers", "servers");
        check("1servers", "servers");
        check("", "servers");
        check("42", "servers");
        check("my servers", "my-servers");
        check(&"n".repeat(64), &longest);
    }
}
