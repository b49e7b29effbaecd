//! What the configuration says, as facts.

use std::time::Duration;

use diesel_routing::NodeRole;
use diesel_routing::config::{HumanDuration, PoolConfig, PoolsConfig};

use super::address::Address;
use crate::backend::Kind;
use crate::cluster::{Cluster, Member};
use crate::doctor::facts::{Configured, Facts, Limits, Pools, Transport};

/// Returns what is known of a node before it is asked.
pub(super) fn facts(cluster: &Cluster, member: &Member) -> Facts {
    let Member {
        node,
        role,
        settings,
    } = member;
    let address = address(cluster.kind, node.url());
    Facts {
        name: node.name().to_owned(),
        transport: address.hosts.first().map(|(host, _)| Transport::to(host)),
        configured: Configured {
            is_primary: role.map(|role| role == NodeRole::TakesWrites),
            is_logical: settings.logical == Some(true),
            zone: settings.zone.clone(),
            hosts: address.hosts,
            tls: address.tls,
            pools: pools(&settings.pools),
        },
        ..Facts::default()
    }
}

/// Returns the limits that are not a node's own.
pub(super) fn limits(cluster: &Cluster, instances: u32) -> Limits {
    let config = &cluster.config;
    let mut limits = Limits {
        zone: config.zone.clone(),
        instances,
        reads_on_primary: config.balance.primary_share.is_none_or(|share| share > 0.0),
        ..Limits::default()
    };
    if let Some(lag) = config.max_lag {
        limits.lags = vec![("max_lag".to_owned(), lag.get())];
    }
    let classes = config.classes.iter().filter_map(|(name, class)| {
        let key = format!("classes.{name}.max_lag");
        Some((key, class.max_lag?.get()))
    });
    limits.lags.extend(classes);
    limits
}

fn address(kind: Kind, url: &str) -> Address {
    match kind {
        #[cfg(feature = "postgres")]
        Kind::Postgres => Address::of(url, 5432),
        #[cfg(feature = "mysql")]
        Kind::MySql => Address::of(url, 3306),
        #[cfg(feature = "sqlite")]
        Kind::Sqlite => Address {
            hosts: vec![(url.to_owned(), 0)],
            tls: None,
        },
    }
}

fn pools(config: &PoolsConfig) -> Pools {
    let usual = Pools::default();
    let all = [&config.read, &config.write, &config.fallback];
    let idle = |pool: &PoolConfig| match pool.idle_timeout {
        Some(limit) => limit.get().map(HumanDuration::get),
        None => usual.idle_timeout,
    };
    // The pool that keeps its connections for longest.
    let idle: Vec<Option<Duration>> = all.into_iter().map(idle).collect();
    let idle_timeout = match idle.iter().copied().collect::<Option<Vec<_>>>() {
        Some(times) => times.into_iter().max(),
        None => None,
    };
    Pools {
        read: config.read.size.unwrap_or(usual.read),
        write: config.write.size.unwrap_or(usual.write),
        fallback: config.fallback.size.unwrap_or(usual.fallback),
        idle_timeout,
    }
}
