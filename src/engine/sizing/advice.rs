//! The sizes that loads need.

use std::fmt;

use super::{DEVIATIONS, FALLBACK_SHARE, LEAST, PoolLoad, Sizing, WATCHERS};

/// The sizes of pools that a [`Sizing`] advises, for each instance.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SizingAdvice {
    /// For [`Node::write_pool_size`](crate::Node::write_pool_size): on every node, for each may be the primary.
    pub write: PoolAdvice,
    /// For [`Node::read_pool_size`](crate::Node::read_pool_size) of the primary.
    pub primary_read: PoolAdvice,
    /// For `read_pool_size` of each replica: it has room for the reads of one that is lost.
    pub replica_read: PoolAdvice,
    /// For [`Node::fallback_pool_size`](crate::Node::fallback_pool_size): the budget for reads whose replicas are all lost.
    pub fallback: PoolAdvice,
    /// The connections of all instances to the primary, if all pools are full.
    pub primary_connections: u32,
    /// Warnings: the limit that is passed, and the remedy.
    pub warnings: Vec<String>,
}

/// The size of one pool, and the reason.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PoolAdvice {
    /// Its size.
    pub size: u32,
    /// The mean number of its connections in use, in the busiest seconds.
    pub in_use: f64,
    /// The reason.
    pub why: String,
}

pub(super) fn of(sizing: &Sizing) -> SizingAdvice {
    let write = pool(sizing.writes.times(sizing.peak), "");
    let primary_read = pool(sizing.primary_reads.times(sizing.peak), "");
    let all_reads = sizing.replica_reads.times(sizing.peak);
    let replica_read = match sizing.replicas {
        0 | 1 => pool(all_reads, ""),
        several => pool(
            all_reads.times(1.0 / f64::from(several - 1)),
            ", with one replica lost",
        ),
    };
    let own = write.size.saturating_add(primary_read.size);
    let fallback = fallback(sizing, all_reads, own);
    let per_instance = own.saturating_add(fallback.size).saturating_add(WATCHERS);
    let mut advice = SizingAdvice {
        primary_connections: per_instance.saturating_mul(sizing.instances),
        warnings: Vec::new(),
        write,
        primary_read,
        replica_read,
        fallback,
    };
    advice.warnings = warnings(sizing, &advice);
    advice
}

/// Returns the size for a load: its mean, and three standard deviations of what arrives at random.
fn pool(load: PoolLoad, under: &str) -> PoolAdvice {
    let in_use = load.in_use();
    let size = whole(in_use + DEVIATIONS * in_use.sqrt()).max(LEAST);
    PoolAdvice {
        size,
        in_use,
        why: format!(
            "{:.0} loans a second of {:.1} ms each{under}: {in_use:.1} in use on average, and {DEVIATIONS:.0} standard deviations more",
            load.per_second(),
            load.time_in_use().as_secs_f64() * 1000.0,
        ),
    }
}

/// Returns the budget for reads whose replicas are lost, beside the primary's `own` connections.
fn fallback(sizing: &Sizing, all_reads: PoolLoad, own: u32) -> PoolAdvice {
    let all = pool(all_reads, "");
    let share = (own / FALLBACK_SHARE).max(1);
    let left = sizing.max_connections.map(|limit| {
        let each = limit / sizing.instances;
        each.saturating_sub(own).saturating_sub(WATCHERS).max(1)
    });
    let size = all.size.min(share).min(left.unwrap_or(u32::MAX));
    let bound = if size == all.size {
        "all reads of replicas fit".to_owned()
    } else if left == Some(size) {
        "what `max_connections` leaves".to_owned()
    } else {
        format!("a quarter of the {own} connections for the primary's own work")
    };
    let served = f64::from(size) / all_reads.time_in_use().as_secs_f64();
    let rest = if size < all.size && served.is_finite() {
        format!(
            ": at most {served:.0} of {:.0} reads a second, and the others fail fast rather than take the primary down",
            all_reads.per_second()
        )
    } else {
        String::new()
    };
    PoolAdvice {
        size,
        in_use: all.in_use.min(f64::from(size)),
        why: format!("{bound}{rest}"),
    }
}

fn warnings(sizing: &Sizing, advice: &SizingAdvice) -> Vec<String> {
    let mut warnings = Vec::new();
    let instances = sizing.instances;
    let mut check = |what: &str, needed: u32, limit: u32| {
        if needed > limit {
            warnings.push(format!(
                "{what} would be {needed} connections of {instances} instances to one server, which takes {limit}: fewer instances, \
                 shorter transactions, or a larger `max_connections`"
            ));
        }
    };
    if let Some(limit) = sizing.max_connections {
        check("these sizes", advice.primary_connections, limit);
        let replica = advice
            .replica_read
            .size
            .saturating_add(WATCHERS)
            .saturating_mul(instances);
        check("these sizes on a replica", replica, limit);
        if let Some(present) = sizing.present {
            check(
                "the present sizes",
                present.saturating_mul(instances),
                limit,
            );
        }
    }
    if let Some(cores) = sizing.server_cores {
        let in_use = (advice.write.in_use + advice.primary_read.in_use) * f64::from(instances);
        let active = cores.saturating_mul(2).saturating_add(1);
        if in_use > f64::from(active) {
            warnings.push(format!(
                "the primary would work on {in_use:.0} statements at a time, and {cores} cores do well with {active} (twice the cores, \
                 and one for the disk): more connections would only move the queue from the pools into the server"
            ));
        }
    }
    warnings
}

/// Returns the whole number at or above this.
fn whole(number: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float's cast to an integer saturates"
    )]
    let whole = number.ceil() as u32;
    whole
}

/// One line for each pool and each warning.
impl fmt::Display for SizingAdvice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, pool) in [
            ("write_pool_size", &self.write),
            ("read_pool_size (primary)", &self.primary_read),
            ("read_pool_size (replica)", &self.replica_read),
            ("fallback_pool_size", &self.fallback),
        ] {
            writeln!(f, "{name}: {} ({})", pool.size, pool.why)?;
        }
        write!(
            f,
            "connections to the primary: {}",
            self.primary_connections
        )?;
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        Ok(())
    }
}
