//! minimal: its kinds are in `apis`, what they share is `App`.

pub mod apis;

/// What the kinds share: clients, caches, settings. Every `register` gets it.
pub struct App {}

impl App {
    /// Made once, before the server starts.
    pub async fn new() -> aggboot::Result<Self> {
        Ok(Self {})
    }
}
