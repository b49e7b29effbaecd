//! A router's settings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Live, Reset};
use crate::cluster::{Members, Node};
use crate::error::ConfigError;
use crate::protection::LoadHook;
use crate::routing::{Balance, PeakEwma, Policy, RegionPolicy, Tags, least_lag};
use crate::session::{Clock, SystemClock, TokenKeys};
use crate::statement::StatementCheck;

/// The questions that servers are asked again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Questions {
    /// Their roles and positions.
    Positions,
    /// Their roles and lag, as Aurora PostgreSQL tells them.
    Aurora,
    /// Nothing: roles are as configured.
    Nothing,
}

/// The settings that builders collect.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The router's name.
    pub(crate) name: Arc<str>,
    /// The settings that may change while the router runs, as it starts.
    pub(crate) live: Live,
    pub(crate) clock: Arc<dyn Clock>,
    /// Set if the clock is the system's: other routers' answers are dated by it.
    pub(crate) has_system_clock: bool,
    pub(crate) check: StatementCheck,
    /// The rule for when sessions of pooled connections are reset.
    pub(crate) reset: Reset,
    /// The time constant of latencies' decay.
    pub(crate) latency_decay: Duration,
    pub(crate) zone: Option<String>,
    pub(crate) questions: Questions,
    /// Set if a function tells how far nodes lag that nobody watches.
    pub(crate) tells_lag: bool,
    /// A function of the application's that tells how loaded the primary is.
    pub(crate) load: Option<LoadHook>,
    /// The one database that is primary and replica.
    pub(crate) single: Option<Node>,
    /// Set if a router starts with all of its nodes only.
    pub(crate) require_all: bool,
    /// The time that nodes have to answer while a router is built.
    pub(crate) build_timeout: Duration,
    /// The time that is waited for the connections of a node that is removed.
    pub(crate) drain_timeout: Duration,
    /// The number of instances like this one that there are to be.
    pub(crate) expected_instances: u32,
    pub(crate) watch_interval: Duration,
    pub(crate) watch_timeout: Duration,
    pub(crate) urgent_questions: u32,
    pub(crate) node_share: Duration,
    pub(crate) alive_for: Duration,
    #[cfg(feature = "hedge")]
    pub(crate) hedge_budget: f32,
    pub(crate) keys: Option<TokenKeys>,
    pub(crate) token_life: Duration,
    #[cfg(feature = "config")]
    pub(crate) configured: super::Configured,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "default".into(),
            live: Live::default(),
            clock: Arc::new(SystemClock),
            has_system_clock: true,
            check: StatementCheck::default(),
            reset: Reset::default(),
            // As Finagle's `p2cPeakEwma`.
            latency_decay: Duration::from_secs(10),
            zone: None,
            questions: Questions::Positions,
            tells_lag: false,
            load: None,
            single: None,
            require_all: false,
            build_timeout: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(10),
            expected_instances: 1,
            watch_interval: Duration::from_millis(100),
            watch_timeout: Duration::from_secs(1),
            urgent_questions: 20,
            node_share: Duration::from_millis(250),
            // As HikariCP's `aliveBypassWindowMs`.
            alive_for: Duration::from_millis(500),
            // As many as come past the 95th percentile: "The Tail at Scale".
            #[cfg(feature = "hedge")]
            hedge_budget: 0.05,
            keys: None,
            token_life: Duration::from_secs(60 * 60),
            #[cfg(feature = "config")]
            configured: super::Configured::default(),
        }
    }
}

impl Settings {
    /// Prepares nodes for what may be measured of them.
    pub(crate) fn prepare(&self, nodes: &mut [Node]) {
        let now = Instant::now();
        for node in nodes {
            // Each router measures by itself, though nodes may be clones.
            node.latency = Some(Arc::new(PeakEwma::new(self.latency_decay, now)));
        }
    }

    /// Checks settings that may change, for a router with these; `is_watched` says whether lag is known at all.
    pub(crate) fn check_live(&self, live: &Live, is_watched: bool) -> Result<(), ConfigError> {
        live.check()?;
        self.check_regions(live)?;
        if is_watched {
            self.check_limits(live)?;
        }
        Ok(())
    }

    /// Checks that the router knows its region if a class depends on that.
    fn check_regions(&self, live: &Live) -> Result<(), ConfigError> {
        let mut classes = live.classes.iter();
        let depends = classes.find(|(_, class)| class.region != RegionPolicy::Pay);
        match depends {
            Some((class, _)) if self.zone.is_none() => Err(ConfigError::NoRegion {
                class: class.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Checks that replicas can be known to keep the limits on their lag.
    pub(crate) fn check_limits(&self, live: &Live) -> Result<(), ConfigError> {
        let interval = self.watch_interval;
        let least = least_lag(interval);
        let classes = live.classes.iter();
        let classes = classes.filter_map(|(name, class)| Some((Some(name), class.max_lag?)));
        let mut limits = std::iter::once((None, live.max_lag)).chain(classes);
        match limits.find(|(_, limit)| *limit < least) {
            Some((class, limit)) => Err(ConfigError::LagNotMeasurable {
                class: class.cloned(),
                limit,
                least,
                interval,
            }),
            None => Ok(()),
        }
    }

    /// Returns what decisions are bound by, for these nodes, under these settings. From then on, it is measured what they
    /// depend on.
    pub(crate) fn policy(&self, live: &Live, members: &Members) -> Policy {
        let slots = || (0..members.slots()).map(|slot| members.get(slot));
        let is_measured = live.balance.balance == Balance::Latency;
        for latency in slots().flatten().filter_map(|node| node.latency.as_ref()) {
            latency.set_wanted(is_measured);
        }
        let near = slots()
            .map(|node| node.is_some_and(|node| node.zone.is_some() && node.zone == self.zone));
        Policy {
            max_lag: live.max_lag,
            max_silence: self
                .watch_interval
                .saturating_add(self.watch_timeout)
                .saturating_mul(2),
            balance: live.balance.balance,
            latencies: slots()
                .map(|node| node.and_then(|node| node.latency.clone()))
                .map(|latency| latency.filter(|_| is_measured))
                .collect(),
            primary_share: live.balance.primary(),
            tags: Tags::new(slots().map(|node| {
                node.map_or((&[][..], false), |node| {
                    (node.tags.as_slice(), node.only_tagged)
                })
            })),
            unreserved: slots().flatten().filter(|node| !node.only_tagged).count(),
            logical: if slots().flatten().any(|node| node.is_logical) {
                slots()
                    .map(|node| node.is_some_and(|node| node.is_logical))
                    .collect()
            } else {
                Vec::new()
            },
            weights: slots()
                .map(|node| node.map_or(0, |node| node.weight))
                .collect(),
            near: near.clone().any(|near| near).then(|| near.collect()),
        }
    }
}
