//! `ClassConfig`: the settings of a class.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FallbackConfig, HumanDuration, LevelConfig, RegionConfig};
use crate::consistency::{Class, Priority};
use crate::error::ConfigError;
use crate::routing::MissingSchema;

/// The settings of a class. Its name is the key that they stand under.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ClassConfig {
    /// The least level of its reads: `eventual`, `bounded=250ms`, `session` or `strong`. Defaults to what each read asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<LevelConfig>,
    /// The lag beyond which a replica serves none of its reads. Defaults to the router's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lag: Option<HumanDuration>,
    /// The time that its reads may wait for a replica to catch up. Defaults to the router's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<HumanDuration>,
    /// The fallback of its reads where no replica may serve them: `primary`, `wait=200ms` or `refuse`. Defaults to `primary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<FallbackConfig>,
    /// What its reads do where a replica lacks a table or column that the primary may have. Defaults to `primary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_schema: Option<MissingSchemaConfig>,
    /// Which of its reads are refused first while the primary is strained. Defaults to `normal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<PriorityConfig>,
    /// The share of sessions whose reads of this class may use replicas, in percent. Defaults to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100))]
    pub replica_share: Option<u8>,
    /// The policy of its reads about nodes in other regions: `pay`, `bound=2s` or `refuse`. Defaults to `pay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionConfig>,
}

/// What reads do where a replica lacks a table or column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MissingSchemaConfig {
    /// They run again on the primary.
    Primary,
    /// They fail.
    Fail,
}

impl MissingSchemaConfig {
    fn get(self) -> MissingSchema {
        match self {
            Self::Primary => MissingSchema::ToPrimary,
            Self::Fail => MissingSchema::Fail,
        }
    }
}

#[cfg(feature = "inventory")]
impl From<MissingSchema> for MissingSchemaConfig {
    fn from(choice: MissingSchema) -> Self {
        match choice {
            MissingSchema::ToPrimary => Self::Primary,
            MissingSchema::Fail => Self::Fail,
        }
    }
}

/// Which reads are refused first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PriorityConfig {
    /// Refused first.
    Low,
    /// Refused while a replica could serve them.
    Normal,
    /// Refused last.
    High,
}

impl PriorityConfig {
    fn priority(self) -> Priority {
        match self {
            Self::Low => Priority::Low,
            Self::Normal => Priority::Normal,
            Self::High => Priority::High,
        }
    }
}

#[cfg(feature = "inventory")]
impl From<Priority> for PriorityConfig {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Low => Self::Low,
            Priority::Normal => Self::Normal,
            Priority::High => Self::High,
        }
    }
}

/// Checks a share in percent.
pub(super) fn check_share(key: &str, percent: Option<u8>) -> Result<(), ConfigError> {
    match percent {
        Some(percent) if percent > 100 => {
            let problem = format!("it is {percent}, and a share is from 0 to 100 percent");
            Err(ConfigError::setting(key, problem))
        }
        _ => Ok(()),
    }
}

impl ClassConfig {
    pub(super) fn check(&self, key: &str) -> Result<(), ConfigError> {
        check_share(&format!("{key}.replica_share"), self.replica_share)
    }

    /// Returns the configuration of a class that code gives. What is as by default is left out.
    #[cfg(feature = "inventory")]
    pub(crate) fn of(class: Class) -> Self {
        let usual = Class::new();
        Self {
            level: class.level.map(Into::into),
            max_lag: class.max_lag.map(Into::into),
            wait: class.wait.map(Into::into),
            fallback: (class.fallback != usual.fallback).then(|| class.fallback.into()),
            missing_schema: (class.missing_schema != usual.missing_schema)
                .then(|| class.missing_schema.into()),
            priority: (class.priority != usual.priority).then(|| class.priority.into()),
            replica_share: class.replica_share,
            region: (class.region != usual.region).then(|| class.region.into()),
        }
    }

    /// Returns the class.
    pub(crate) fn class(&self) -> Class {
        let mut class = Class::new();
        if let Some(level) = self.level {
            class = class.level(level.get());
        }
        if let Some(fallback) = self.fallback {
            class = class.fallback(fallback.get());
        }
        if let Some(choice) = self.missing_schema {
            class = class.missing_schema(choice.get());
        }
        if let Some(priority) = self.priority {
            class = class.priority(priority.priority());
        }
        if let Some(percent) = self.replica_share {
            class = class.replica_share(percent);
        }
        if let Some(lag) = self.max_lag {
            class = class.max_lag(lag.get());
        }
        if let Some(wait) = self.wait {
            class = class.wait(wait.get());
        }
        if let Some(region) = self.region {
            class = class.region_policy(region.get());
        }
        class
    }
}
