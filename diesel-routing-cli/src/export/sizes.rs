//! How many connections a pooler needs to each side.

use diesel_routing::{PoolLoad, Sizing};

use super::options::{Load, Options};
use super::source::Source;
use crate::failure::Failure;

/// The numbers of connections that a pooler has to the primary, and to all replicas together.
pub(super) struct PoolSizes {
    pub(super) primary: u32,
    pub(super) read: u32,
    /// The reasons for them, a line each.
    pub(super) why: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Returns the sizes for the loads that are given; without any, those of the configuration's pools.
pub(super) fn of(source: &Source, options: &Options) -> Result<PoolSizes, Failure> {
    let replicas = u32::try_from(source.replicas().count()).unwrap_or(u32::MAX);
    let loads = [
        options.write_load,
        options.primary_read_load,
        options.read_load,
    ];
    if loads.iter().all(Option::is_none) {
        return of_configuration(source, options);
    }
    let load = |load: Option<Load>| {
        load.map_or_else(PoolLoad::default, |load| {
            PoolLoad::new(load.per_second, load.time)
        })
    };
    let mut sizing = Sizing::new()
        .writes(load(options.write_load))
        .primary_reads(load(options.primary_read_load))
        .replica_reads(load(options.read_load), replicas)
        .instances(options.instances);
    if let Some(connections) = options.max_connections {
        sizing = sizing.max_connections(connections);
    }
    let advice = sizing.recommend();
    let each = |size: u32| size.saturating_mul(options.instances.max(1));
    let why = [
        ("writes", &advice.write),
        ("reads of the primary", &advice.primary_read),
        ("reads of a replica", &advice.replica_read),
        ("reads without a replica", &advice.fallback),
    ];
    let why = why.map(|(what, pool)| format!("{what}: {} an instance ({})", pool.size, pool.why));
    let primary = advice.write.size + advice.primary_read.size + advice.fallback.size;
    Ok(PoolSizes {
        primary: each(primary),
        read: each(advice.replica_read.size).saturating_mul(replicas.max(1)),
        why: why.to_vec(),
        warnings: advice.warnings,
    })
}

fn of_configuration(source: &Source, options: &Options) -> Result<PoolSizes, Failure> {
    let of_primary = match options.through {
        Some(_) => source.nodes.first().map(|node| node.sizes),
        None => Some(source.primary()?.sizes),
    };
    let primary = of_primary.map_or(0, |sizes| sizes.write + sizes.read + sizes.fallback);
    let read: u32 = source.replicas().map(|node| node.sizes.read).sum();
    let instances = options.instances.max(1);
    let (primary, read) = (
        primary.saturating_mul(instances),
        read.saturating_mul(instances),
    );
    let mut warnings = Vec::new();
    if let Some(limit) = options.max_connections.filter(|limit| primary > *limit) {
        warnings.push(format!(
            "the pools of {instances} instances have {primary} connections to the primary, which takes {limit}: give their loads \
             (`--write-load` and so on), and the sizes follow from them"
        ));
    }
    Ok(PoolSizes {
        primary,
        read: read.max(1),
        why: vec![format!(
            "as large as the configuration's pools of {instances} instance(s); with `--write-load` and so on, as large as their load needs"
        )],
        warnings,
    })
}
