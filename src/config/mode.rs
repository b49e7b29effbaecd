//! `ModeConfig`: what of the routing is in force.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[cfg(feature = "admin")]
use super::class::check_share;
#[cfg(feature = "admin")]
use crate::error::ConfigError;
use crate::routing::Mode;

/// The mode: how much of the routing is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModeConfig {
    /// All of it.
    On,
    /// No replica is used.
    PrimaryOnly,
    /// Functions' attributes and explicit calls alone say what a read needs.
    AsWritten,
}

impl From<ModeConfig> for Mode {
    fn from(mode: ModeConfig) -> Self {
        match mode {
            ModeConfig::On => Self::On,
            ModeConfig::PrimaryOnly => Self::PrimaryOnly,
            ModeConfig::AsWritten => Self::AsWritten,
        }
    }
}

/// An operator's change of the switch.
#[cfg(feature = "admin")]
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Switch {
    pub(crate) mode: Option<ModeConfig>,
    pub(crate) replica_share: Option<u8>,
    pub(crate) classes: std::collections::BTreeMap<String, u8>,
}

#[cfg(feature = "admin")]
impl Switch {
    /// Reads it from JSON, with errors that name the key.
    pub(crate) fn from_json(text: &str) -> Result<Self, ConfigError> {
        let switch: Self = super::read::json(text)?;
        check_share("replica_share", switch.replica_share)?;
        let mut classes = switch.classes.iter();
        classes
            .try_for_each(|(name, share)| check_share(&format!("classes.{name}"), Some(*share)))?;
        Ok(switch)
    }
}
