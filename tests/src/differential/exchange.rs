//! Sending one exchange to one server, with what was remembered of earlier answers.

use std::collections::BTreeMap;

use http::Method;

use super::case::Exchange;
use crate::control_plane::certificates::Identity;
use crate::http::{Answer, Endpoint};

/// A server under comparison, and what is remembered of its answers.
#[derive(Debug)]
pub struct Player {
    endpoint: Endpoint,
    identity: Identity,
    values: BTreeMap<String, String>,
}

impl Player {
    /// Speaks to a server with a client certificate; `values` are the placeholders known from the start.
    pub fn new(endpoint: &Endpoint, identity: &Identity, values: &[(&str, &str)]) -> Self {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Player { endpoint: endpoint.clone(), identity: identity.clone(), values }
    }

    /// Sends an exchange and remembers what it says to remember.
    pub async fn send(&mut self, exchange: &Exchange) -> Answer {
        let method: Method = exchange.method.parse().expect("a case names a method");
        let mut call = self.endpoint.call(method, &self.filled(&exchange.path)).identity(&self.identity);
        let mut content_type = "application/json".to_owned();
        for (name, value) in &exchange.headers {
            let value = self.filled(value);
            if name.eq_ignore_ascii_case("content-type") {
                content_type = value;
            } else {
                call = call.header(name, &value);
            }
        }
        if !exchange.body.is_empty() {
            call = call.body(&content_type, self.filled(&exchange.body));
        }
        let answer = call.send().await;
        self.remember(exchange, &answer);
        answer
    }

    /// `{name}` becomes what is known by that name; braces around anything else stay.
    fn filled(&self, text: &str) -> String {
        self.values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    fn remember(&mut self, exchange: &Exchange, answer: &Answer) {
        for (name, place) in &exchange.remember {
            let found = if place.starts_with('/') {
                let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                body.pointer(place)
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            } else {
                answer.headers.get(place.as_str()).and_then(|value| value.to_str().ok()).map(str::to_owned)
            };
            let found = found
                .unwrap_or_else(|| panic!("{}: nothing at {place} in {}", exchange.title, answer.text()));
            self.values.insert(name.clone(), found);
        }
    }
}
