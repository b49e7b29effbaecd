//! The smaller sections of a configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HumanDuration, LevelConfig};
use crate::error::ConfigError;

/// How often nodes are asked what they are and have. A change needs a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct WatchConfig {
    /// The time between two questions to a node. Defaults to 100ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<HumanDuration>,
    /// The time that a node has to answer before it counts as down. Defaults to 1s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<HumanDuration>,
    /// The most questions a second beside the regular ones. Defaults to 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent_questions: Option<u32>,
}

/// How long things may take. A change needs a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TimeoutsConfig {
    /// The time that nodes have to answer when the router starts, and when they are added. Defaults to 5s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<HumanDuration>,
    /// The time that is waited for the connections of a node that is removed by code. Defaults to 10s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain: Option<HumanDuration>,
    /// The part of a caller's time that one node may take while another may serve. Defaults to 250ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_share: Option<HumanDuration>,
    /// The idle time after which a connection is checked before it is lent. Defaults to 500ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_after_idle: Option<HumanDuration>,
}

/// The edge: sessions that come with requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct EdgeConfig {
    /// The levels of requests, by path and method. An edge that has rules by code does not use them.
    #[serde(
        deserialize_with = "super::named::tables",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub rules: Vec<RuleConfig>,
}

/// The level of the requests under a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RuleConfig {
    /// The path, such as `/admin` or `/users/{id}/orders`. It includes everything below it.
    pub path: String,
    /// The method, such as `GET`. Defaults to all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The level of the requests' reads, at least: `eventual`, `bounded=250ms`, `session` or `strong`. Either this or `class`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<LevelConfig>,
    /// The class of the requests' reads. Either this or `level`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

impl RuleConfig {
    /// Creates a rule for all methods.
    #[must_use]
    pub fn new(path: impl Into<String>, level: impl Into<LevelConfig>) -> Self {
        Self {
            path: path.into(),
            method: None,
            level: Some(level.into()),
            class: None,
        }
    }

    pub(super) fn check(&self, key: &str, classes: &super::Classes) -> Result<(), ConfigError> {
        let problem = match (&self.level, &self.class) {
            (Some(_), None) => return Ok(()),
            (None, Some(class)) if classes.contains_key(class) => return Ok(()),
            (None, Some(class)) => {
                let problem =
                    format!("it is `{class}`, and there is no such class: add it to `classes`");
                return Err(ConfigError::setting(format!("{key}.class"), problem));
            }
            (None, None) => "it has neither `level` nor `class`: give one",
            (Some(_), Some(_)) => "it has both `level` and `class`: give one",
        };
        Err(ConfigError::setting(key, problem))
    }
}
