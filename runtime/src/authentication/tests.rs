//! Identities by certificate and header, without a socket.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::trust::{published_clients, published_front_proxy};
use super::*;
use crate::certificates::files::parse_bundle;
use crate::certificates::{Authority, Leaf};

struct World {
    users: Authority,
    proxies: Authority,
    stranger: Authority,
    authenticator: Authenticator,
}

fn world() -> World {
    let [users, proxies, stranger] =
        ["users", "proxies", "stranger"].map(|name| Authority::new(name).expect("an authority"));
    let data = [
        ("client-ca-file", users.pair.certificate.as_str()),
        ("requestheader-client-ca-file", &proxies.pair.certificate),
        ("requestheader-username-headers", r#"["X-Remote-User"]"#),
        ("requestheader-uid-headers", r#"["X-Remote-Uid"]"#),
        ("requestheader-group-headers", r#"["X-Remote-Group"]"#),
        ("requestheader-extra-headers-prefix", r#"["X-Remote-Extra-"]"#),
        ("requestheader-allowed-names", r#"["aggregator"]"#),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into_iter()
    .collect();
    let trust = Trust {
        clients: published_clients(&data),
        front_proxy: published_front_proxy(&data).expect("readable"),
    };
    let authenticator = Authenticator::new(Arc::new(Trusted::new(trust)), None);
    World { users, proxies, stranger, authenticator }
}

fn peer(authority: Option<&Authority>, name: &str, groups: &[&str]) -> Peer {
    let certificates = authority.map(|authority| {
        let leaf = Leaf { common_name: name, organizations: groups, ..Leaf::default() };
        parse_bundle(authority.issue(leaf).expect("a leaf").certificate.as_bytes())
    });
    Peer::new(([127, 0, 0, 1], 1).into(), certificates.unwrap_or_default())
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        headers.append(name, HeaderValue::from_str(value).expect("a value"));
    }
    headers
}

const ALICE: &[(&str, &str)] = &[
    ("x-remote-user", "alice"),
    ("x-remote-uid", "u-1"),
    ("x-remote-group", "team-a"),
    ("x-remote-group", "team-b"),
    ("x-remote-extra-scopes.example.com%2fview", "one"),
    ("x-remote-extra-scopes.example.com%2fview", "two"),
    ("x-remote-extra-100%", "odd"),
    ("authorization", "Basic abc"),
    ("accept", "application/json"),
];

#[tokio::test]
async fn a_front_proxy_says_who_asks_and_its_headers_are_gone_afterwards() {
    let world = world();
    let mut headers = headers(ALICE);
    let peer = peer(Some(&world.proxies), "aggregator", &[]);
    let user = world.authenticator.authenticate(&peer, &mut headers).await.expect("a user");
    assert_eq!((user.name.as_str(), user.uid.as_str()), ("alice", "u-1"));
    assert_eq!(user.groups, ["team-a", "team-b", "system:authenticated"]);
    assert_eq!(user.extra["scopes.example.com/view"], ["one", "two"]);
    assert_eq!(user.extra["100%"], ["odd"]);
    assert_eq!(headers.keys().collect::<Vec<_>>(), ["accept"]);
}

#[tokio::test]
async fn identities_are_believed_only_behind_the_right_certificate() {
    let world = world();
    // (authority, CN, with identity headers) → the name, or 401
    let table = [
        (None, "", false, Ok("system:anonymous")),
        (None, "", true, Ok("system:anonymous")),
        (Some(&world.stranger), "aggregator", true, Err(())),
        (Some(&world.stranger), "bob", false, Err(())),
        (Some(&world.proxies), "somebody", true, Err(())),
        (Some(&world.proxies), "aggregator", false, Err(())),
        (Some(&world.users), "bob", false, Ok("bob")),
        (Some(&world.users), "bob", true, Ok("bob")),
        (Some(&world.users), "aggregator", true, Ok("aggregator")),
    ];
    for (authority, name, with_headers, expected) in table {
        let mut headers = if with_headers { headers(ALICE) } else { HeaderMap::new() };
        let peer = peer(authority, name, &["team-c"]);
        let user = world.authenticator.authenticate(&peer, &mut headers).await;
        let found = user.as_ref().map(|user| user.name.as_str()).map_err(|error| error.code().as_u16());
        assert_eq!(found, expected.map_err(|()| 401_u16), "{name} {with_headers}");
        assert!(headers.get("x-remote-user").is_none());
    }
}

#[tokio::test]
async fn a_certificate_is_its_own_identity_and_its_groups() {
    let world = world();
    let peer = peer(Some(&world.users), "bob", &["team-c", "team-d"]);
    let user = world.authenticator.authenticate(&peer, &mut HeaderMap::new()).await.expect("a user");
    assert_eq!(user.groups, ["team-c", "team-d", "system:authenticated"]);
    let id = &user.extra["authentication.kubernetes.io/credential-id"][0];
    assert!(id.starts_with("X509SHA256=") && id.len() == 11 + 64, "{id}");
}

#[tokio::test]
async fn a_nameless_certificate_is_anonymous_where_no_front_proxy_is_expected() {
    let mut world = world();
    let clients = Anchors::parse(world.users.pair.certificate.as_bytes());
    world.authenticator =
        Authenticator::new(Arc::new(Trusted::new(Trust { clients, front_proxy: None })), None);
    let peer = peer(Some(&world.users), "", &["team-c"]);
    let user = world.authenticator.authenticate(&peer, &mut HeaderMap::new()).await.expect("a user");
    assert_eq!(user, User::anonymous());
}

#[tokio::test]
async fn a_change_of_trust_reaches_open_connections() {
    let world = world();
    let peer = peer(Some(&world.stranger), "bob", &[]);
    let refused = world.authenticator.authenticate(&peer, &mut HeaderMap::new()).await;
    assert!(refused.is_err());
    let clients = Anchors::parse(world.stranger.pair.certificate.as_bytes());
    world.authenticator.trusted.replace(Trust { clients, front_proxy: None });
    let user = world.authenticator.authenticate(&peer, &mut HeaderMap::new()).await.expect("a user");
    assert_eq!(user.name, "bob");
}

#[test]
fn a_broken_list_names_its_key() {
    let data = [
        ("requestheader-client-ca-file".to_owned(), String::new()),
        ("requestheader-allowed-names".to_owned(), "aggregator".to_owned()),
    ];
    let error = published_front_proxy(&data.into_iter().collect()).expect_err("no list");
    assert!(error.to_string().contains("requestheader-allowed-names"), "{error}");
}
