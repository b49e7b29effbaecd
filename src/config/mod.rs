//! Configuration as data: a router's settings in a file, in environment variables, or from an endpoint.
//!
//! A [`RoutingConfig`] is plain data for serde, so any source and any mixture of sources will do: a TOML file
//! ([`RoutingConfig::from_toml`], feature `config-file`), JSON ([`RoutingConfig::from_json`]), or what a library such as config-rs
//! or figment has put together ([`RoutingConfig::read`]). [`RouterBuilder::config`](crate::RouterBuilder::config) starts a router
//! with it, and `Router::apply` changes one while it runs. All keys are in
//! [`docs/configuration.md`](https://github.com/diesel-routing/diesel-routing/blob/main/docs/configuration.md), and
//! [as a JSON schema](https://github.com/diesel-routing/diesel-routing/blob/main/docs/routing-config.schema.json).
//!
//! ```
//! use diesel_routing::config::RoutingConfig;
//! use diesel_routing::sync::sqlite::Router;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("db");
//! # let path = path.to_str().ok_or("path")?;
//! let config = RoutingConfig::from_json(&format!(r#"{{
//!     "nodes": {{ "db-1": {{ "url": "{path}", "role": "primary" }} }},
//!     "max_lag": "10s",
//!     "classes": {{ "payments": {{ "max_lag": "250ms", "wait": "20ms" }} }}
//! }}"#))?;
//! let router = Router::builder().config(&config).build()?;
//!
//! // A mistake is an error that names the key, and changes nothing.
//! let error = RoutingConfig::from_json(r#"{ "classes": { "payments": { "max_lag": 250 } } }"#).unwrap_err();
//! assert!(error.to_string().contains("`classes.payments.max_lag`"));
//!
//! let mut stricter = config.clone();
//! stricter.max_lag = Some(std::time::Duration::from_secs(2).into());
//! let changes = router.apply(&stricter)?;
//! assert_eq!(changes.to_string(), "`max_lag`: 10s -> 2s");
//! # Ok(()) }
//! ```
//!
//! # Secrets
//!
//! They are never part of a configuration: `url_env`, `url_file`, `password_env` and `password_file` say where they are, and are
//! read when the router is built and at each `apply`. A `url` with a password is refused. So a configuration may be logged,
//! shown and sent.

mod balance;
mod breaker;
mod changes;
mod class;
mod diff;
mod duration;
#[cfg(feature = "config-file")]
mod file;
mod level;
mod mode;
mod named;
mod node;
mod pool;
mod query_log;
mod read;
mod sections;
mod source;
mod update;
mod window;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use balance::{BalanceConfig, StrategyConfig};
pub use breaker::{BreakerConfig, ThresholdsConfig};
pub use changes::{Changes, KeyChange, NodeChange, WhatChanged};
pub use class::{ClassConfig, MissingSchemaConfig, PriorityConfig};
pub(crate) use diff::{changed_keys, is_below, with_key};
pub use duration::HumanDuration;
#[cfg(feature = "config-file")]
pub use file::{ConfigFile, FileWatch};
#[cfg(feature = "config-file")]
pub(crate) use file::{FileWatcher, Told};
pub use level::{FallbackConfig, LevelConfig, RegionConfig};
pub use mode::ModeConfig;
#[cfg(feature = "admin")]
pub(crate) use mode::Switch;
pub use node::{NodeConfig, PoolsConfig, RoleConfig};
pub use pool::{LimitConfig, PoolConfig};
pub use query_log::QueryLogConfig;
#[cfg(feature = "inventory")]
pub(crate) use read::json;
pub use sections::{EdgeConfig, RuleConfig, TimeoutsConfig, WatchConfig};
pub use source::PlainUrl;
pub use update::Update;
pub use window::WindowConfig;

use crate::cluster::Node;
use crate::error::ConfigError;
use crate::routing::least_lag;

/// The version of the schema that this release writes, and the latest that it reads.
pub const SCHEMA_VERSION: u32 = 1;

/// The settings of a router. What is left out has its default, or is as code has set it.
///
/// # Example
///
/// ```
/// use diesel_routing::config::RoutingConfig;
///
/// let config = RoutingConfig::from_json(
///     r#"{ "version": 1, "nodes": { "db-1": { "url": "postgres://app@10.0.0.1/app" } }, "max_lag": "30s" }"#,
/// )?;
/// config.check()?;
/// assert_eq!(config.read_nodes()?[0].name(), "db-1");
/// // For an editor, or a deployment's checks.
/// assert!(RoutingConfig::json_schema().get("properties").is_some());
/// # Ok::<(), diesel_routing::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RoutingConfig {
    /// The version of the schema that this is written for. Defaults to 1, the only one so far.
    #[serde(deserialize_with = "read::version")]
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The nodes, by name.
    #[serde(
        deserialize_with = "named::named",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub nodes: BTreeMap<String, NodeConfig>,
    /// The zone that the router is in: replicas there are preferred. A change needs a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The lag past which a replica serves nothing. Defaults to 60s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lag: Option<HumanDuration>,
    /// The time that a read may wait for a replica to catch up before it goes to the primary. Defaults to 0s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<HumanDuration>,
    /// The mode: how much of the routing is in force. Defaults to `on`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ModeConfig>,
    /// The share of sessions that may use replicas, in percent. Defaults to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100))]
    pub replica_share: Option<u8>,
    /// The breaker, which protects the primary from reads while it is strained.
    #[serde(deserialize_with = "named::table", skip_serializing_if = "is_default")]
    pub breaker: BreakerConfig,
    /// The time for which a session's reads go to the primary after a write whose position is not known.
    #[serde(deserialize_with = "named::table", skip_serializing_if = "is_default")]
    pub window: WindowConfig,
    /// How a node is chosen among those that may serve a read.
    #[serde(deserialize_with = "named::table", skip_serializing_if = "is_default")]
    pub balance: BalanceConfig,
    /// The classes of functions, by name.
    #[serde(
        deserialize_with = "named::named",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub classes: Classes,
    /// The edge: sessions that come with requests.
    #[serde(deserialize_with = "named::table", skip_serializing_if = "is_default")]
    pub edge: EdgeConfig,
    /// The log of statements.
    #[serde(deserialize_with = "named::table", skip_serializing_if = "is_default")]
    pub query_log: QueryLogConfig,
    /// Whether each statement has a span, for traces. Defaults to false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_spans: Option<bool>,
    /// How often nodes are asked what they are and have. A change needs a restart.
    #[serde(deserialize_with = "named::table", skip_serializing_if = "is_default")]
    pub watch: WatchConfig,
    /// How long things may take. A change needs a restart.
    #[serde(deserialize_with = "named::table", skip_serializing_if = "is_default")]
    pub timeouts: TimeoutsConfig,
}

impl Default for RoutingConfig {
    fn default() -> Self {
        Self {
            version: SCHEMA_VERSION,
            nodes: BTreeMap::new(),
            zone: None,
            max_lag: None,
            wait: None,
            mode: None,
            replica_share: None,
            breaker: BreakerConfig::default(),
            window: WindowConfig::default(),
            balance: BalanceConfig::default(),
            classes: BTreeMap::new(),
            edge: EdgeConfig::default(),
            query_log: QueryLogConfig::default(),
            statement_spans: None,
            watch: WatchConfig::default(),
            timeouts: TimeoutsConfig::default(),
        }
    }
}

impl RoutingConfig {
    /// Returns the JSON schema of configurations, for editors and checks: `docs/routing-config.schema.json`.
    #[must_use]
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    /// Checks all that can be checked without a router: ranges, contradictions, the version. Asks nobody, and reads no secret.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Key`], with the first key that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        read::check_version(self.version)?;
        for (name, node) in &self.nodes {
            node.check(&diff::join("nodes", name))?;
        }
        let is_primary = |node: &NodeConfig| node.role == Some(RoleConfig::Primary);
        let mut primaries = self.nodes.iter().filter(|(_, node)| is_primary(node));
        if let (Some((first, _)), Some((second, _))) = (primaries.next(), primaries.next()) {
            return Err(ConfigError::setting(
                format!("{}.role", diff::join("nodes", second)),
                format!(
                    "it is `primary`, and so is `{first}`'s: one node may be, and the others are `replica`"
                ),
            ));
        }
        class::check_share("replica_share", self.replica_share)?;
        for (name, class) in &self.classes {
            class.check(&diff::join("classes", name))?;
        }
        for (index, rule) in self.edge.rules.iter().enumerate() {
            rule.check(&format!("edge.rules[{index}]"), &self.classes)?;
        }
        self.window.check()?;
        self.breaker.check()?;
        self.balance.check()?;
        self.query_log.check()?;
        if let Some(interval) = self.watch.interval {
            if interval.get().is_zero() {
                let problem =
                    "it is 0s, and nodes would be asked without a pause: give at least `1ms`";
                return Err(ConfigError::setting("watch.interval", problem));
            }
            self.check_lags(interval)?;
        }
        Ok(())
    }

    /// Checks that limits of lag can be measured, where nodes are asked at this interval.
    pub(crate) fn check_lags(&self, interval: HumanDuration) -> Result<(), ConfigError> {
        let of_router = self.max_lag.map(|lag| ("max_lag".to_owned(), lag));
        let of_classes = self.classes.iter().filter_map(|(name, class)| {
            let key = format!("{}.max_lag", diff::join("classes", name));
            Some((key, class.max_lag?))
        });
        let mut limits = of_router.into_iter().chain(of_classes);
        let least = HumanDuration::from(least_lag(interval.get()));
        match limits.find(|(_, lag)| *lag < least) {
            Some((key, lag)) => Err(ConfigError::setting(
                key,
                format!(
                    "it is {lag}, less than what can be measured: nodes are asked every {interval}, so give at least {least}, \
                     or a shorter `watch.interval`"
                ),
            )),
            None => Ok(()),
        }
    }

    /// Returns the nodes, by name, with the secrets that they refer to: environment variables and files are read. Asks no server.
    ///
    /// Their roles are not part of them: [`NodeConfig::role`] has each.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Key`], with the first key that is wrong, or whose secret is not there.
    pub fn read_nodes(&self) -> Result<Vec<Node>, ConfigError> {
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|(name, node)| node.node(name, &diff::join("nodes", name)));
        nodes.collect()
    }

    /// Returns the files that secrets are read from.
    #[cfg(feature = "config-file")]
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.nodes.values().flat_map(NodeConfig::files)
    }
}

type Classes = BTreeMap<String, ClassConfig>;

/// Returns whether a section says nothing.
fn is_default<T: Default + PartialEq>(section: &T) -> bool {
    *section == T::default()
}

#[cfg(test)]
mod tests;
