//! Resources judged together: what one may be, and what two of them may not share.

use super::registry::{Backend, Group, Resource};
use super::{Kind, names};

/// Judges a resource by itself: there is something to ask of it, and its subresources have names.
pub(super) fn check_alone(resource: &Resource) -> Result<(), String> {
    let kind = &resource.kind;
    if resource.verbs().is_empty() {
        return Err(format!(
            "{} has no verb: name what its source answers, as `{}::served_by(source).get().list()`",
            title(kind),
            kind.kind
        ));
    }
    let mut taken: Vec<&str> = Vec::new();
    taken.extend(kind.status.then_some("status"));
    taken.extend(kind.scale.is_some().then_some("scale"));
    for (name, subresource) in &resource.subresources {
        let refuse = |rule: &str| Err(format!("the subresource {name:?} of {}: {rule}", title(kind)));
        if names::check_resource("name", name).is_err() {
            return refuse("a name is lower-case letters, digits and \"-\"");
        }
        if taken.contains(&name.as_str()) {
            return refuse("the name is taken; give it another one");
        }
        if matches!(subresource.backend, Backend::Stored) {
            return refuse("it is answered by code: register it with `served_by`");
        }
        if !subresource.subresources.is_empty() {
            return refuse("it cannot have subresources of its own");
        }
        taken.push(name);
    }
    Ok(())
}

/// Judges a new resource beside those that are there.
pub(super) fn check(groups: &[Group], new: &Resource) -> Result<(), String> {
    let group = groups.iter().filter(|group| group.name == new.kind.group);
    for version in group.flat_map(|group| &group.versions) {
        for other in &version.resources {
            if version.name == new.kind.version {
                neighbours(&other.kind, &new.kind)?;
            } else {
                versions(other, new)?;
            }
        }
    }
    Ok(())
}

/// Within one version, a kind stands once and no name leads to two kinds.
fn neighbours(other: &Kind, new: &Kind) -> Result<(), String> {
    if other.kind == new.kind {
        return Err(format!("{} is registered twice", title(new)));
    }
    if other.plural == new.plural {
        return Err(format!(
            "{} and {} both ask for the plural {:?}; give one of them another plural",
            title(other),
            title(new),
            new.plural
        ));
    }
    let taken = all_names(other);
    match all_names(new).into_iter().find(|name| taken.contains(name)) {
        Some(name) => Err(format!(
            "the name {name:?} leads to both {} and {}; give one of them another one",
            title(other),
            title(new)
        )),
        None => Ok(()),
    }
}

/// Two versions of one plural would read each other's objects, and nothing converts them.
fn versions(other: &Resource, new: &Resource) -> Result<(), String> {
    let stored = |resource: &Resource| matches!(resource.backend, Backend::Stored);
    if other.kind.plural != new.kind.plural || !stored(other) || !stored(new) {
        return Ok(());
    }
    Err(format!(
        "{} and {} are two stored versions of {}, and nothing converts one into the other; store one of them",
        title(&other.kind),
        title(&new.kind),
        new.kind.group_resource()
    ))
}

fn title(kind: &Kind) -> String {
    format!("kind {} in {}", kind.kind, kind.api_version())
}

/// Every name that leads to a kind: plural, singular, short names.
fn all_names(kind: &Kind) -> Vec<&str> {
    let singular = Some(kind.singular.as_str()).filter(|singular| !singular.is_empty());
    std::iter::once(kind.plural.as_str())
        .chain(singular)
        .chain(kind.short_names.iter().map(String::as_str))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::kind::registry::Registry;
    use crate::kind::{ApiResource as _, Registration};
    use crate::prelude::*;
    use crate::served::{Answer, Context, Get};

    macro_rules! kinds {
        ($($name:ident($($said:tt)*))*) => {$(
            #[derive(ApiResource, Debug)]
            #[api(group = "clash.example.com", $($said)*)]
            struct $name {
                metadata: ObjectMeta,
            }
        )*};
    }

    kinds! {
        Widget(version = "v1", short_name = "wd")
        Gadget(version = "v1", short_name = "gd")
        OtherWidget(version = "v1", kind = "Widget", plural = "others", singular = "other")
        SamePlural(version = "v1", plural = "widgets")
        SameShortName(version = "v1", short_name = "wd")
        NextWidget(version = "v2", kind = "Widget", short_name = "wd")
        OldWidget(version = "v1beta1", kind = "OldWidget")
    }

    struct Source;

    impl Get<Gadget> for Source {
        async fn get(&self, _: &Context, _: &str) -> Answer<Option<Gadget>> {
            Ok(None)
        }
    }

    fn refusal(registrations: Vec<Registration>) -> String {
        Registry::compile(registrations).expect_err("a clash").to_string()
    }

    fn widget() -> Registration {
        Widget::stored().into()
    }

    fn with(name: &str) -> Registration {
        Widget::stored().subresource(name, Gadget::served_by(Source).get()).into()
    }

    #[test]
    fn groups_versions_and_resources_stand_in_the_order_of_discovery() {
        let registrations = vec![OldWidget::stored().into(), widget(), Gadget::stored().into()];
        let registry = Registry::compile(registrations).expect("no clash");
        let versions: Vec<_> =
            registry.groups()[0].versions.iter().map(|version| version.name.as_str()).collect();
        assert_eq!(versions, ["v1", "v1beta1"]);
        let plurals: Vec<_> = registry.groups()[0].versions[0]
            .resources
            .iter()
            .map(|resource| resource.kind.plural.as_str())
            .collect();
        assert_eq!(plurals, ["gadgets", "widgets"]);
        assert!(registry.find("clash.example.com", "v1", "widgets").is_some());
        assert!(registry.find("clash.example.com", "v2", "widgets").is_none());
    }

    #[test]
    fn names_that_clash_are_told_apart() {
        assert_eq!(
            refusal(vec![widget(), OtherWidget::stored().into()]),
            "kind Widget in clash.example.com/v1 is registered twice"
        );
        assert_eq!(
            refusal(vec![widget(), SamePlural::stored().into()]),
            "kind Widget in clash.example.com/v1 and kind SamePlural in clash.example.com/v1 both ask for the plural \
             \"widgets\"; give one of them another plural"
        );
        assert_eq!(
            refusal(vec![widget(), SameShortName::stored().into()]),
            "the name \"wd\" leads to both kind Widget in clash.example.com/v1 and kind SameShortName in \
             clash.example.com/v1; give one of them another one"
        );
    }

    #[test]
    fn two_stored_versions_need_a_conversion() {
        assert_eq!(
            refusal(vec![widget(), NextWidget::stored().into()]),
            "kind Widget in clash.example.com/v1 and kind Widget in clash.example.com/v2 are two stored versions of \
             widgets.clash.example.com, and nothing converts one into the other; store one of them"
        );
    }

    #[test]
    fn a_served_kind_answers_something() {
        assert_eq!(
            refusal(vec![Gadget::served_by(Source).into()]),
            "kind Gadget in clash.example.com/v1 has no verb: name what its source answers, as \
             `Gadget::served_by(source).get().list()`"
        );
    }

    #[test]
    fn subresources_have_names_of_their_own_and_are_answered_by_code() {
        assert!(Registry::compile(vec![with("logs")]).is_ok());
        assert!(refusal(vec![with("Logs")]).contains("lower-case"));
        let stored = Widget::stored().subresource("logs", Gadget::stored());
        assert!(refusal(vec![stored.into()]).contains("`served_by`"));
        let twice = Widget::stored()
            .subresource("logs", Gadget::served_by(Source).get())
            .subresource("logs", Gadget::served_by(Source).get());
        assert!(refusal(vec![twice.into()]).contains("taken"));
    }
}
