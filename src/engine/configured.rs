//! A configuration and what code sets beside it: which of both counts.

use std::fmt;
use std::sync::Arc;

use super::{Live, Settings};
use crate::config::{HumanDuration, RoutingConfig, is_below};
use crate::error::ConfigError;
use crate::routing::ReplicaShare;

/// The keys that a running router cannot change: [`Settings::configure`] sets them, and [`Live::configure`] the others.
const FIXED: [&str; 4] = ["zone", "watch", "timeouts", "balance.latency_decay"];

/// Returns whether a key is one that a running router cannot change.
pub(super) fn is_fixed(key: &str) -> bool {
    FIXED.iter().any(|fixed| is_below(key, fixed))
}

impl Live {
    /// Sets what a configuration says; what that leaves out stays.
    pub(super) fn configure(&mut self, config: &RoutingConfig) -> Result<(), ConfigError> {
        let set = |setting: &mut _, value: Option<HumanDuration>| {
            if let Some(value) = value {
                *setting = value.get();
            }
        };
        self.window = config.window.window(self.window);
        self.breaker = config.breaker.breaker(self.breaker);
        set(&mut self.max_lag, config.max_lag);
        set(&mut self.wait, config.wait);
        if let Some(mode) = config.mode {
            self.mode = mode.into();
        }
        if let Some(percent) = config.replica_share {
            // It was checked: otherwise, nobody is let to replicas.
            self.replica_share = ReplicaShare::new(percent, None).unwrap_or(ReplicaShare::NONE);
        }
        self.balance = config.balance.balancing(self.balance);
        self.query_log = config.query_log.query_log(self.query_log);
        if let Some(spans) = config.statement_spans {
            self.statement_spans = spans;
        }
        for (name, class) in &config.classes {
            self.set_class(name.clone(), class.class());
        }
        self.configure_edge(config)
    }

    #[cfg(feature = "edge")]
    fn configure_edge(&mut self, config: &RoutingConfig) -> Result<(), ConfigError> {
        if !config.edge.rules.is_empty() {
            let rules = crate::edge::ConfiguredRules::new(&config.edge.rules)?;
            self.rules = Some(Arc::new(rules));
        }
        Ok(())
    }

    #[cfg(not(feature = "edge"))]
    fn configure_edge(&mut self, config: &RoutingConfig) -> Result<(), ConfigError> {
        if config.edge.rules.is_empty() {
            return Ok(());
        }
        let problem = "this program has no edge: build it with the feature `edge` of diesel-routing, or leave the rules out";
        Err(ConfigError::setting("edge.rules", problem))
    }

    /// Returns these settings, with those that differ between `before` and `after` as in `after`: what code has changed at
    /// run time stays, unless the configuration's own value changes.
    pub(super) fn rebased(&self, before: &Self, after: &Self) -> Self {
        macro_rules! newer {
            ($setting:ident) => {
                if before.$setting == after.$setting {
                    Clone::clone(&self.$setting)
                } else {
                    Clone::clone(&after.$setting)
                }
            };
        }
        // Each by its name, so that the compiler asks for those that are added.
        Self {
            window: newer!(window),
            max_lag: newer!(max_lag),
            wait: newer!(wait),
            mode: newer!(mode),
            replica_share: newer!(replica_share),
            breaker: newer!(breaker),
            balance: newer!(balance),
            classes: newer!(classes),
            query_log: newer!(query_log),
            statement_spans: newer!(statement_spans),
            #[cfg(feature = "edge")]
            rules: newer!(rules),
        }
    }
}

impl Settings {
    /// Sets what a configuration says of what a running router cannot change; what that leaves out stays.
    fn configure(&mut self, config: &RoutingConfig) {
        let set = |setting: &mut _, value: Option<HumanDuration>| {
            if let Some(value) = value {
                *setting = value.get();
            }
        };
        if let Some(zone) = &config.zone {
            self.zone = Some(zone.clone());
        }
        set(&mut self.latency_decay, config.balance.latency_decay);
        set(&mut self.watch_interval, config.watch.interval);
        set(&mut self.watch_timeout, config.watch.timeout);
        if let Some(questions) = config.watch.urgent_questions {
            self.urgent_questions = questions;
        }
        set(&mut self.build_timeout, config.timeouts.build);
        set(&mut self.drain_timeout, config.timeouts.drain);
        set(&mut self.node_share, config.timeouts.node_share);
        set(&mut self.alive_for, config.timeouts.check_after_idle);
    }

    /// Begins with this configuration, over what code has set so far; a later one takes its place.
    pub(super) fn begin_with(&mut self, config: &RoutingConfig) {
        let mut base = match &self.configured.base {
            Some(base) => base.clone(),
            None => self.live.clone(),
        };
        for step in std::mem::take(&mut self.configured.later) {
            step(&mut base);
        }
        self.live = base.clone();
        self.configure(config);
        let set = self.live.configure(config);
        self.configured = Configured {
            config: Some(Arc::new(config.clone())),
            base: Some(base),
            later: Vec::new(),
            problem: set.err(),
        };
    }

    /// Returns the live settings that a router would start with that was given this configuration in place of its own; without
    /// what code sets after it if `is_alone`.
    pub(super) fn live_under(
        &self,
        config: &RoutingConfig,
        is_alone: bool,
    ) -> Result<Live, ConfigError> {
        let base = self.configured.base.as_ref();
        let mut live = base.unwrap_or(&self.live).clone();
        live.configure(config)?;
        if !is_alone {
            for step in &self.configured.later {
                step(&mut live);
            }
        }
        Ok(live)
    }

    /// Checks the configuration that it begins with, if there is one, and returns it. Its lags are for
    /// [`check_lags`](Self::check_lags), once it is known whether nodes are watched.
    pub(super) fn check_configuration(&self) -> Result<Option<&Arc<RoutingConfig>>, ConfigError> {
        if let Some(problem) = &self.configured.problem {
            return Err(problem.clone());
        }
        if let Some(config) = &self.configured.config {
            config.check()?;
        }
        Ok(self.configured.config.as_ref())
    }

    /// Checks the lags of the configuration that it begins with, if there is one.
    pub(super) fn check_lags(&self, is_watched: bool) -> Result<(), ConfigError> {
        match &self.configured.config {
            Some(config) if is_watched => config.check_lags(self.watch_interval.into()),
            _ => Ok(()),
        }
    }

    /// Checks a configuration, for a router with these settings.
    pub(super) fn check(
        &self,
        config: &RoutingConfig,
        is_watched: bool,
    ) -> Result<(), ConfigError> {
        config.check()?;
        if !is_watched {
            return Ok(());
        }
        config.check_lags(self.watch_interval.into())
    }
}

type Step = Arc<dyn Fn(&mut Live) + Send + Sync>;

/// The configuration that a builder was given, and what code sets beside it.
#[derive(Clone, Default)]
pub(crate) struct Configured {
    config: Option<Arc<RoutingConfig>>,
    /// The settings that code has made before it, once there is a configuration.
    base: Option<Live>,
    /// The settings that code has made after it, in this order.
    later: Vec<Step>,
    problem: Option<ConfigError>,
}

impl Configured {
    /// Records what code sets.
    pub(super) fn then(&mut self, step: impl Fn(&mut Live) + Send + Sync + 'static) {
        // What comes before the configuration is in its base.
        if self.config.is_some() {
            self.later.push(Arc::new(step));
        }
    }

    pub(super) fn config(&self) -> Option<&Arc<RoutingConfig>> {
        self.config.as_ref()
    }
}

impl fmt::Debug for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configured")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::changed_keys;

    /// Has every key but those of nodes, none with its default. A key that is missing here is missing in the docs' example as
    /// well, and a test says so there.
    const FULL: &str = r#"{
        "zone": "a", "max_lag": "9s", "wait": "9s",
        "mode": "as_written", "replica_share": 9, "window": { "min": "9s", "max": "90s", "factor": 9.0, "margin": "9s", "over": "90s" },
        "breaker": { "enabled": true, "connections": { "strained": 0.1, "open": 0.2 }, "pool_wait": { "strained": 0.2, "open": 0.3 },
            "timeouts": { "strained": 0.1, "open": 0.2 }, "latency": { "strained": 9.0, "open": 9.5 }, "load": { "strained": 0.1, "open": 0.2 },
            "hold": "9s", "wait": "9s" },
        "balance": { "strategy": "random", "primary_share": 0.5, "latency_decay": "9s" },
        "classes": { "a": { "max_lag": "9s", "wait": "9s", "region": "refuse", "level": "strong", "fallback": "refuse", "priority": "low",
            "replica_share": 9 } },
        "query_log": { "enabled": true, "sample": 0.5, "slower_than": "9s", "transactions": true }, "statement_spans": true,
        "watch": { "interval": "9ms", "timeout": "9s", "urgent_questions": 9 },
        "timeouts": { "build": "9s", "drain": "9s", "node_share": "9s", "check_after_idle": "9s" }
    }"#;

    fn config(text: &str) -> RoutingConfig {
        RoutingConfig::from_json(text).unwrap()
    }

    #[test]
    fn every_key_has_an_effect_at_once_or_needs_a_restart() {
        let (empty, full) = (RoutingConfig::default(), config(FULL));
        let shown = |config: &RoutingConfig| {
            let mut settings = Settings::default();
            settings.configure(config);
            format!("{settings:?}")
        };
        let live = |config: &RoutingConfig| Settings::default().live_under(config, false).unwrap();
        let changed = changed_keys(&empty, &full);
        assert!(changed.len() > 15, "{changed:?}");
        for change in changed {
            let key = &change.key;
            let with = crate::config::with_key(&empty, &full, key).unwrap();
            let is_live = live(&with) != live(&empty);
            let is_set = shown(&with) != shown(&empty);
            assert_eq!((is_live, is_set), (!is_fixed(key), is_fixed(key)), "{key}");
        }
    }

    #[test]
    fn what_code_changed_at_run_time_stays_until_the_configuration_changes_it() {
        let settings = Settings::default();
        let under = |text: &str| settings.live_under(&config(text), false).unwrap();
        let (one, two) = (
            under(r#"{"wait":"1s"}"#),
            under(r#"{"wait":"1s","max_lag":"9s"}"#),
        );
        let mut now = one.clone();
        now.wait = Duration::from_secs(7);
        let after = now.rebased(&one, &two);
        assert_eq!((after.wait.as_secs(), after.max_lag.as_secs()), (7, 9));
        let after = after.rebased(&two, &one);
        assert_eq!((after.wait.as_secs(), after.max_lag.as_secs()), (7, 60));
        let after = after.rebased(&one, &under("{}"));
        assert_eq!(after.wait, Duration::ZERO);
    }

    #[test]
    fn a_second_configuration_takes_the_place_of_the_first() {
        let mut settings = Settings::default();
        settings.live.wait = Duration::from_secs(1);
        settings.begin_with(&config(r#"{"max_lag":"9s","window":{"fixed":"9s"}}"#));
        let later = |live: &mut Live| live.wait = Duration::from_secs(2);
        later(&mut settings.live);
        settings.configured.then(later);
        settings.begin_with(&config(r#"{"window":{"fixed":"8s"}}"#));
        let Live {
            wait,
            max_lag,
            window,
            ..
        } = settings.live;
        assert_eq!(
            (wait.as_secs(), max_lag.as_secs(), window),
            (2, 60, Duration::from_secs(8).into())
        );
    }
}
