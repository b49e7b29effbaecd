//! `ClassConfig`: the settings of a class.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HumanDuration, RegionConfig};
use crate::consistency::Class;

/// The settings of a class. Its name is the key that they stand under.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ClassConfig {
    /// The lag beyond which a replica serves none of its reads. Defaults to the router's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lag: Option<HumanDuration>,
    /// The time that its reads may wait for a replica to catch up. Defaults to the router's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<HumanDuration>,
    /// What its reads do about nodes in other regions: `pay`, `bound=2s` or `refuse`. Defaults to `pay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionConfig>,
}

impl ClassConfig {
    /// Returns the class.
    pub(crate) fn class(&self) -> Class {
        let mut class = Class::new();
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
