//! How far the replicas are behind.

use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel_routing_testkit::PgCluster;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::Outcome;

pub(crate) const USUAL: Duration = Duration::from_millis(50);

/// Keeps the replicas behind as usual, and now and then one of them further; the same every time.
pub(crate) fn vary(cluster: &PgCluster, length: Duration) -> Outcome {
    let end = Instant::now() + length;
    let mut random = SmallRng::seed_from_u64(1);
    for standby in cluster.standbys() {
        standby.set_apply_delay(USUAL)?;
    }
    loop {
        let calm = Duration::from_millis(random.random_range(1000..3000));
        let spike = Duration::from_millis(random.random_range(100..600));
        let standby = cluster.standby(random.random_range(0..2));
        if Instant::now() + calm + spike >= end {
            sleep(end.saturating_duration_since(Instant::now()));
            return Ok(());
        }
        sleep(calm);
        standby.pause_replay()?;
        sleep(spike);
        standby.resume_replay()?;
    }
}
