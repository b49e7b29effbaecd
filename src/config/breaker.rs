//! `BreakerConfig`: what protects the primary from reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HumanDuration;
use crate::error::ConfigError;
use crate::protection::Breaker;
use crate::protection::Thresholds;

/// The breaker, which protects the primary from reads while it is strained. Each signal has two thresholds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BreakerConfig {
    /// Whether there is a breaker. Left out, there is one if anything else is said of it, or code has set one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The share of the server's connections in use. Defaults to 0.9 and 0.97.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<ThresholdsConfig>,
    /// The mean wait for a connection of the primary's pools, in seconds. Defaults to 0.1 and 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_wait: Option<ThresholdsConfig>,
    /// The share of checkouts that get no connection in time. Defaults to 0.05 and 0.25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<ThresholdsConfig>,
    /// The time of the primary's answers, as a multiple of the usual one. Defaults to 5 and 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<ThresholdsConfig>,
    /// The value that the application's own function tells, from 0 to 1. Defaults to 0.8 and 0.85.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<ThresholdsConfig>,
    /// How long signals must be low before the primary counts as relieved. Defaults to 5s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HumanDuration>,
    /// How long reads that may not go to the primary wait for a replica, at least. Defaults to 50ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<HumanDuration>,
}

/// The values of a signal from which on the primary is strained, and from which on only writes and strong reads are served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ThresholdsConfig {
    /// The value from which on reads of low priority are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strained: Option<f64>,
    /// The value from which on only writes and strong reads are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<f64>,
}

impl BreakerConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self.breaker(None).map_or(Ok(()), |breaker| breaker.check()) {
            Err(ConfigError::Breaker {
                signal,
                strained,
                open,
            }) => Err(ConfigError::setting(
                format!("breaker.{signal}"),
                format!(
                    "it is {strained} and {open}: the first must be above 0, and the second no less"
                ),
            )),
            checked => checked,
        }
    }

    /// Returns the breaker, with what is left out as in `before`.
    pub(crate) fn breaker(&self, before: Option<Breaker>) -> Option<Breaker> {
        let says_nothing = *self
            == Self {
                enabled: self.enabled,
                ..Self::default()
            };
        if self.enabled == Some(false) || (self.enabled.is_none() && says_nothing) {
            return before.filter(|_| self.enabled.is_none());
        }
        let mut breaker = before.unwrap_or_default();
        let set = |thresholds: &mut Thresholds, config: Option<ThresholdsConfig>| {
            let ThresholdsConfig { strained, open } = config.unwrap_or_default();
            thresholds.strained = strained.unwrap_or(thresholds.strained);
            thresholds.open = open.unwrap_or(thresholds.open);
        };
        set(&mut breaker.connections, self.connections);
        set(&mut breaker.pool_wait, self.pool_wait);
        set(&mut breaker.timeouts, self.timeouts);
        set(&mut breaker.latency, self.latency);
        set(&mut breaker.load, self.load);
        if let Some(hold) = self.hold {
            breaker = breaker.hold(hold.get());
        }
        if let Some(wait) = self.wait {
            breaker = breaker.wait(wait.get());
        }
        Some(breaker)
    }
}
