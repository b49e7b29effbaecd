//! `BalanceConfig`: how a node is chosen among those that may serve a read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HumanDuration;
use crate::error::ConfigError;
use crate::routing::{Balance, Balancing};

/// How a node is chosen among those that may serve a read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BalanceConfig {
    /// How a replica is chosen. Defaults to `least_of_two`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<StrategyConfig>,
    /// The primary's share of the reads that a replica may serve, from 0 to 1. Defaults to 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub primary_share: Option<f64>,
    /// The time after which a third is left of what a slow answer counts, under `latency`. Defaults to 10s. A change needs a
    /// restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_decay: Option<HumanDuration>,
}

/// How a replica is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StrategyConfig {
    /// The one of two random replicas with fewer connections in use.
    LeastOfTwo,
    /// A random replica.
    Random,
    /// Each replica in turn.
    RoundRobin,
    /// A random replica, in proportion to the weights.
    Weighted,
    /// The one of two random replicas that is expected to answer sooner.
    Latency,
}

impl BalanceConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self.primary_share {
            Some(share) if !(0.0..=1.0).contains(&share) => Err(ConfigError::setting(
                "balance.primary_share",
                format!("it is {share}, and a share is a number from 0 (none) to 1 (all)"),
            )),
            _ => Ok(()),
        }
    }

    /// Returns the balance, with what is left out as in `before`.
    pub(crate) fn balancing(&self, before: Balancing) -> Balancing {
        let balance = self
            .strategy
            .map_or(before.balance, StrategyConfig::balance);
        balance.include_primary(self.primary_share.unwrap_or(before.primary_share()))
    }
}

impl StrategyConfig {
    fn balance(self) -> Balance {
        match self {
            Self::LeastOfTwo => Balance::LeastOfTwo,
            Self::Random => Balance::Random,
            Self::RoundRobin => Balance::RoundRobin,
            Self::Weighted => Balance::Weighted,
            Self::Latency => Balance::Latency,
        }
    }
}
