//! What the system writes into `metadata`: uid, times, generated names, generation.

use super::super::{Map, Tree};
use super::{of, of_mut, set_text, text};

const SUFFIX: usize = 5;
const LONGEST: usize = 63;
/// No vowels and nothing that looks like one: no generated name is a word.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Erases what a client may not say of a new object.
pub fn wipe(metadata: &mut Map) {
    for key in ["creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
        metadata.shift_remove(key);
    }
}

/// Gives a new object its identity, and a name if one is to be generated.
pub fn fill(metadata: &mut Map, now: jiff::Timestamp) {
    let random = uuid::Uuid::new_v4();
    metadata.insert("uid".to_owned(), random.to_string().into());
    metadata.insert("creationTimestamp".to_owned(), time(now).into());
    if text(metadata, "name").is_empty() && !text(metadata, "generateName").is_empty() {
        let name = generate(text(metadata, "generateName"), uuid::Uuid::new_v4().as_u128());
        set_text(metadata, "name", &name);
    }
}

/// A moment as Kubernetes writes it: RFC 3339, whole seconds, `Z`.
#[must_use]
pub fn time(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The generation; absent is 0.
#[must_use]
pub fn generation(object: &Tree) -> i64 {
    of(object).and_then(|metadata| metadata.get("generation")?.as_i64()).unwrap_or_default()
}

/// Sets the generation; 0 is absent.
pub fn set_generation(object: &mut Tree, generation: i64) {
    let metadata = of_mut(object);
    if generation == 0 {
        metadata.shift_remove("generation");
    } else {
        metadata.insert("generation".to_owned(), generation.into());
    }
}

/// Restores on update what only the system says, where the client left it out or may not change it.
pub fn carry_over(metadata: &mut Map, old: &Map) {
    if text(metadata, "uid").is_empty() {
        set_text(metadata, "uid", text(old, "uid"));
    }
    for key in ["creationTimestamp", "deletionTimestamp"] {
        if let Some(value) = old.get(key) {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(period) = old.get("deletionGracePeriodSeconds")
        && !metadata.contains_key("deletionGracePeriodSeconds")
    {
        metadata.insert("deletionGracePeriodSeconds".to_owned(), period.clone());
    }
    metadata.shift_remove("selfLink");
}

/// Marks an object as being deleted now, unless it is already; its generation counts the mark.
pub fn mark_deleted(object: &mut Tree, now: jiff::Timestamp) {
    let generation = generation(object);
    let metadata = of_mut(object);
    let known = text(metadata, "deletionTimestamp");
    let marked = !known.is_empty();
    let later = known.parse::<jiff::Timestamp>().is_ok_and(|known| known > now);
    if !marked || later {
        metadata.insert("deletionTimestamp".to_owned(), time(now).into());
    }
    metadata.insert("deletionGracePeriodSeconds".to_owned(), 0.into());
    if !marked && generation > 0 {
        set_generation(object, generation + 1);
    }
}

fn generate(base: &str, random: u128) -> String {
    let mut end = base.len().min(LONGEST - SUFFIX);
    while !base.is_char_boundary(end) {
        end -= 1;
    }
    let mut name = base[..end].to_owned();
    let mut rest = random & 0xffff_ffff_ffff; // the bits that no version of UUID fixes
    for _ in 0..SUFFIX {
        #[allow(clippy::cast_possible_truncation, reason = "a remainder of 27")]
        let letter = LETTERS[(rest % LETTERS.len() as u128) as usize];
        name.push(char::from(letter));
        rest /= LETTERS.len() as u128;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_are_the_base_and_five_letters() {
        let name = generate("web-", 12345);
        assert!(name.len() == 9 && name.starts_with("web-"), "{name}");
        assert!(name[4..].bytes().all(|byte| LETTERS.contains(&byte)), "{name}");
        assert_eq!(generate(&"a".repeat(80), 0), format!("{}bbbbb", "a".repeat(58)));
        assert_eq!(generate(&"é".repeat(40), 0).chars().filter(|&c| c == 'é').count(), 29);
    }

    #[test]
    fn a_new_object_has_an_identity_of_its_own() {
        let mut metadata = Map::new();
        set_text(&mut metadata, "generateName", "a-");
        set_text(&mut metadata, "uid", "mine");
        set_text(&mut metadata, "deletionTimestamp", "2020-01-01T00:00:00Z");
        wipe(&mut metadata);
        fill(&mut metadata, jiff::Timestamp::new(1_767_323_045, 999_000_000).expect("a time"));
        assert_eq!(text(&metadata, "creationTimestamp"), "2026-01-02T03:04:05Z");
        assert_eq!(text(&metadata, "uid").len(), 36);
        assert_eq!(text(&metadata, "deletionTimestamp"), "");
        assert_eq!(text(&metadata, "name").len(), 7);
    }

    #[test]
    fn the_mark_of_deletion_is_set_once() {
        let now = |second: i64| jiff::Timestamp::new(1_767_323_045 + second, 0).expect("a time");
        let mut object = Tree::Map(Map::new());
        set_generation(&mut object, 3);
        mark_deleted(&mut object, now(0));
        mark_deleted(&mut object, now(5));
        let metadata = of(&object).expect("metadata");
        assert_eq!(text(metadata, "deletionTimestamp"), "2026-01-02T03:04:05Z");
        assert_eq!(metadata["deletionGracePeriodSeconds"], Tree::Int(0));
        assert_eq!(generation(&object), 4);
    }

    #[test]
    fn an_update_cannot_change_what_the_system_said() {
        let map = |pairs: &[(&str, &str)]| -> Map {
            pairs.iter().map(|&(key, value)| (key.to_owned(), value.into())).collect()
        };
        let old = map(&[("uid", "u"), ("creationTimestamp", "c"), ("deletionTimestamp", "d")]);
        let mut new = map(&[("creationTimestamp", "x"), ("selfLink", "y")]);
        carry_over(&mut new, &old);
        assert_eq!(new, old);
        let mut other = map(&[("uid", "other")]);
        carry_over(&mut other, &old);
        assert_eq!(text(&other, "uid"), "other");
    }
}
