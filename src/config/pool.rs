//! `PoolConfig`: the settings of one of a node's pools.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::source::Source;
use super::{HumanDuration, PlainUrl};
use crate::cluster::PoolOptions;
use crate::error::ConfigError;

/// The settings of one of a node's pools. What is left out is as for the node, or has its default.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PoolConfig {
    /// The URL of its connections, without a password: another account, another address of the same server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<PlainUrl>,
    /// The environment variable with that URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_env: Option<String>,
    /// The file with that URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<String>,
    /// The environment variable with the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
    /// The file with the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<String>,
    /// The most connections. Defaults to 10, and to 5 for `fallback`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub size: Option<u32>,
    /// The idle connections that are kept open. Defaults to 0. Not with deadpool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_idle: Option<u32>,
    /// The time after which an idle connection is closed, or `never`. Defaults to 10m. Not with deadpool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<LimitConfig>,
    /// The time after which a connection is closed, or `never`. Defaults to 30m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lifetime: Option<LimitConfig>,
}

impl PoolConfig {
    pub(super) fn source<'a>(&'a self, key: &'a str) -> Source<'a> {
        Source {
            key,
            url: self.url.as_ref(),
            url_env: self.url_env.as_deref(),
            url_file: self.url_file.as_deref(),
            password_env: self.password_env.as_deref(),
            password_file: self.password_file.as_deref(),
        }
    }

    pub(super) fn check(&self, key: &str) -> Result<(), ConfigError> {
        self.source(key).check()?;
        if self.size == Some(0) {
            let problem = "it is 0, and a pool without connections serves nobody: give at least 1";
            return Err(ConfigError::setting(format!("{key}.size"), problem));
        }
        Ok(())
    }

    /// Returns the options of the pool, of a node with this URL.
    pub(super) fn options(&self, key: &str, node_url: &str) -> Result<PoolOptions, ConfigError> {
        let source = self.source(key);
        let mut options = PoolOptions::new();
        if source.has_any() {
            options = options.url(source.read(Some(node_url))?);
        }
        if let Some(size) = self.size {
            options = options.size(size);
        }
        if let Some(count) = self.min_idle {
            options = options.min_idle(count);
        }
        if let Some(timeout) = self.idle_timeout {
            options = options.idle_timeout(timeout.0.map(HumanDuration::get));
        }
        if let Some(lifetime) = self.max_lifetime {
            options = options.max_lifetime(lifetime.0.map(HumanDuration::get));
        }
        Ok(options)
    }
}

/// A time with its unit, or `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitConfig(Option<HumanDuration>);

impl LimitConfig {
    /// The limit that is never reached.
    pub const NEVER: Self = Self(None);

    /// Returns the time; `None` if it is never reached.
    #[must_use]
    pub const fn get(self) -> Option<HumanDuration> {
        self.0
    }
}

impl From<HumanDuration> for LimitConfig {
    fn from(time: HumanDuration) -> Self {
        Self(Some(time))
    }
}

impl Serialize for LimitConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(time) => time.serialize(serializer),
            None => serializer.serialize_str("never"),
        }
    }
}

impl<'de> Deserialize<'de> for LimitConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = LimitConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}, or `never`", super::duration::LEGAL)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<LimitConfig, E> {
                if text == "never" {
                    return Ok(LimitConfig::NEVER);
                }
                HumanDuration::parse(text)
                    .map(LimitConfig::from)
                    .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for LimitConfig {
    fn schema_name() -> Cow<'static, str> {
        "LimitConfig".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A time with its unit, or `never`.",
            "examples": ["10m", "never"],
        })
    }
}
