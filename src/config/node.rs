//! `NodeConfig`: the settings of a node.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::source::Source;
use super::{HumanDuration, PlainUrl, PoolConfig};
use crate::cluster::Node;
use crate::error::ConfigError;
use crate::server::{NodeRole, PoolKind};

/// The settings of a node. Its name is the key that they stand under.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct NodeConfig {
    /// The URL, without a password. One of `url`, `url_env` and `url_file` is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<PlainUrl>,
    /// The environment variable with the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_env: Option<String>,
    /// The file with the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<String>,
    /// The environment variable with the password, which takes the place of the URL's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
    /// The file with the password, which takes the place of the URL's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<String>,
    /// The role that the node is meant to have. Left out, it is found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleConfig>,
    /// The zone that the node is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The node's share of reads under the balance `weighted`, in proportion to the others'. Defaults to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub weight: Option<u32>,
    /// The tags by which reads may ask for the node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Set if the node serves only the reads that ask for one of its tags. Defaults to false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_tagged: Option<bool>,
    /// Set if the node is a logical subscriber. Defaults to false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logical: Option<bool>,
    /// The time that a checkout which begins with this node may take. Defaults to 3s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout_timeout: Option<HumanDuration>,
    /// The time that opening a connection may take, in the async flavour. Defaults to 5s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<HumanDuration>,
    /// The node's pools.
    #[serde(
        deserialize_with = "super::named::table",
        skip_serializing_if = "super::is_default"
    )]
    pub pools: PoolsConfig,
}

/// The role that a node is meant to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RoleConfig {
    /// The primary.
    Primary,
    /// A replica.
    Replica,
}

/// The pools of a node, by what they are for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PoolsConfig {
    /// For read handles.
    #[serde(
        deserialize_with = "super::named::table",
        skip_serializing_if = "super::is_default"
    )]
    pub read: PoolConfig,
    /// For write handles: used while the node is the primary.
    #[serde(
        deserialize_with = "super::named::table",
        skip_serializing_if = "super::is_default"
    )]
    pub write: PoolConfig,
    /// For reads that fall back to the node, as the primary, because no replica may serve them.
    #[serde(
        deserialize_with = "super::named::table",
        skip_serializing_if = "super::is_default"
    )]
    pub fallback: PoolConfig,
}

impl PoolsConfig {
    fn each(&self) -> [(PoolKind, &PoolConfig); 3] {
        [
            (PoolKind::Read, &self.read),
            (PoolKind::Write, &self.write),
            (PoolKind::Fallback, &self.fallback),
        ]
    }
}

impl RoleConfig {
    fn role(self) -> NodeRole {
        match self {
            Self::Primary => NodeRole::TakesWrites,
            Self::Replica => NodeRole::ReplaysWrites,
        }
    }
}

impl NodeConfig {
    pub(super) fn check(&self, key: &str) -> Result<(), ConfigError> {
        let source = self.source(key);
        source.check()?;
        if !source.has_url() {
            let problem = "it has no URL: give one of `url`, `url_env` and `url_file`";
            return Err(ConfigError::setting(key, problem));
        }
        if self.weight == Some(0) {
            let problem = "it is 0, so the node would never be chosen: give at least 1";
            return Err(ConfigError::setting(format!("{key}.weight"), problem));
        }
        let is_limited = self.only_tagged == Some(true) || self.logical == Some(true);
        if is_limited && self.tags.is_empty() {
            let problem = "it is empty, and the node serves only reads that ask for one of its tags: give it one, such as \
                           `[\"reporting\"]`";
            return Err(ConfigError::setting(format!("{key}.tags"), problem));
        }
        if self.logical == Some(true) && self.role == Some(RoleConfig::Primary) {
            let problem = "it is true, and `role` is `primary`: a logical subscriber applies what another server publishes, so \
                           leave `role` out";
            return Err(ConfigError::setting(format!("{key}.logical"), problem));
        }
        self.pools
            .each()
            .into_iter()
            .try_for_each(|(pool, config)| config.check(&format!("{key}.pools.{pool}")))
    }

    /// Returns the node, with the secrets that it refers to.
    pub(super) fn node(&self, name: &str, key: &str) -> Result<Node, ConfigError> {
        let url = self.source(key).read(None)?;
        let mut node = Node::new(name, url);
        for (pool, config) in self.pools.each() {
            let key = format!("{key}.pools.{pool}");
            let options = config.options(&key, node.url())?;
            node = node.pool(pool, options);
        }
        node.role = self.role.map(RoleConfig::role);
        if let Some(zone) = &self.zone {
            node = node.zone(zone);
        }
        if let Some(weight) = self.weight {
            node = node.weight(weight);
        }
        node = self.tags.iter().fold(node, Node::tag);
        if self.only_tagged == Some(true) {
            node = node.only_tagged();
        }
        if self.logical == Some(true) {
            node = node.logical();
        }
        if let Some(timeout) = self.checkout_timeout {
            node = node.checkout_timeout(timeout.get());
        }
        if let Some(timeout) = self.connect_timeout {
            node = node.connect_timeout(timeout.get());
        }
        Ok(node)
    }

    /// Returns the files that its secrets are read from.
    #[cfg(feature = "config-file")]
    pub(super) fn files(&self) -> Vec<&str> {
        let pools = self.pools.each();
        let of_pools = pools
            .into_iter()
            .flat_map(|(_, pool)| pool.source("").files());
        self.source("").files().chain(of_pools).collect()
    }

    fn source<'a>(&'a self, key: &'a str) -> Source<'a> {
        Source {
            key,
            url: self.url.as_ref(),
            url_env: self.url_env.as_deref(),
            url_file: self.url_file.as_deref(),
            password_env: self.password_env.as_deref(),
            password_file: self.password_file.as_deref(),
        }
    }
}
