//! `Update`: a configuration that is to be applied, and by whom.

use super::RoutingConfig;

/// A configuration that is to be applied to a running router, and by whom.
///
/// ```
/// use diesel_routing::config::{RoutingConfig, Update};
///
/// let config = RoutingConfig::default();
/// let update = Update::new(&config).by("deploy 42");
/// # let _ = update;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Update<'a> {
    pub(crate) config: &'a RoutingConfig,
    pub(crate) by: Option<String>,
}

impl<'a> Update<'a> {
    /// Creates an update to this configuration.
    pub fn new(config: &'a RoutingConfig) -> Self {
        Self { config, by: None }
    }

    /// Sets who or what changes the configuration: it stands in `Status::configuration`, and in the log.
    pub fn by(mut self, author: impl Into<String>) -> Self {
        self.by = Some(author.into());
        self
    }
}

impl<'a> From<&'a RoutingConfig> for Update<'a> {
    fn from(config: &'a RoutingConfig) -> Self {
        Self::new(config)
    }
}
