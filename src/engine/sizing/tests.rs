use proptest::prelude::*;

use super::*;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn loads() -> impl Strategy<Value = PoolLoad> {
    let rate = prop_oneof![
        4 => 0.0..100_000.0,
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-5.0), Just(f64::MAX), Just(1e-300)],
    ];
    let time = prop_oneof![4 => 0..2000_u64, 1 => Just(u64::MAX)];
    (rate, time).prop_map(|(rate, time)| PoolLoad::new(rate, millis(time)))
}

fn sizings() -> impl Strategy<Value = Sizing> {
    let numbers = || prop_oneof![4 => 0..1000_u32, 1 => any::<u32>()];
    (
        (loads(), loads(), loads(), numbers()),
        numbers(),
        prop::option::of(numbers()),
        prop::option::of(numbers()),
        prop_oneof![Just(1.5), Just(f64::NAN), Just(-1.0), 1.0..10.0],
    )
        .prop_map(
            |((writes, primary, replicas, count), instances, limit, cores, peak)| {
                let mut sizing = Sizing::new()
                    .writes(writes)
                    .primary_reads(primary)
                    .replica_reads(replicas, count)
                    .instances(instances)
                    .peak(peak);
                (sizing.max_connections, sizing.server_cores) = (limit, cores);
                sizing
            },
        )
}

proptest! {
    #[test]
    fn any_input_gives_sizes_that_can_be_configured(sizing in sizings()) {
        let advice = sizing.recommend();
        for pool in [&advice.write, &advice.primary_read, &advice.replica_read] {
            prop_assert!(pool.size >= LEAST && f64::from(pool.size) >= pool.in_use.min(f64::from(u32::MAX)), "{pool:?}");
        }
        prop_assert!(advice.fallback.size >= 1);
        let own = advice.write.size.saturating_add(advice.primary_read.size);
        prop_assert!(advice.fallback.size <= (own / 4).max(1), "{advice}");
        let is_over = sizing.max_connections.is_some_and(|limit| advice.primary_connections > limit);
        let says_so = advice.warnings.iter().any(|words| words.starts_with("these sizes would"));
        prop_assert_eq!(is_over, says_so, "{}", advice);
    }

    #[test]
    fn more_load_never_needs_fewer_connections(rate in 0.0..10_000.0, more in 0.0..10_000.0, time in 0..1000_u64) {
        let size = |rate| Sizing::new().writes(PoolLoad::new(rate, millis(time))).recommend().write.size;
        prop_assert!(size(rate) <= size(rate + more));
    }
}

/// The rule says how few find a pool full: so it is played, with arrivals at random and times in use of two kinds.
#[test]
fn few_callers_find_an_advised_pool_full() {
    use rand::{RngExt, SeedableRng};
    const CALLERS: u32 = 100_000;
    let mut random = rand::rngs::SmallRng::seed_from_u64(7);
    let mut exponential = |mean: f64| -mean * (1.0 - random.random::<f64>()).ln();
    for (rate, time) in [
        (31.0, 10),
        (20.0, 10),
        (100.0, 10),
        (400.0, 8),
        (1000.0, 5),
        (2000.0, 20),
    ] {
        for is_fixed in [true, false] {
            let load = PoolLoad::new(rate, millis(time));
            let size = Sizing::new().peak(1.0).writes(load).recommend().write.size;
            let mean = load.time_in_use().as_secs_f64();
            // The instants at which connections come back.
            let mut busy: Vec<f64> = Vec::new();
            let (mut now, mut full) = (0.0, 0_u32);
            for _ in 0..CALLERS {
                now += exponential(1.0 / rate);
                busy.retain(|back| *back > now);
                let takes = if is_fixed { mean } else { exponential(mean) };
                if busy.len() < usize::try_from(size).unwrap() {
                    busy.push(now + takes);
                } else {
                    full += 1;
                    // Waits for the first that comes back.
                    busy.sort_by(f64::total_cmp);
                    let first = busy.remove(0);
                    busy.push(first + takes);
                }
            }
            let found = f64::from(full) / f64::from(CALLERS);
            let most = if load.in_use() < 5.0 { 0.05 } else { 0.01 };
            assert!(
                found < most,
                "{rate} a second of {time} ms, pool of {size}: {found}"
            );
        }
    }
}

#[test]
fn the_fallback_budget_leaves_the_primary_to_its_own_work() {
    let loaded = |limit: u32| {
        Sizing::new()
            .instances(4)
            .max_connections(limit)
            .writes(PoolLoad::new(300.0, millis(10)))
            .primary_reads(PoolLoad::new(300.0, millis(10)))
            .replica_reads(PoolLoad::new(2000.0, millis(10)), 3)
            .recommend()
    };
    let advice = loaded(1000);
    assert_eq!((advice.write.size, advice.primary_read.size), (11, 11));
    assert_eq!(advice.fallback.size, 5, "{advice}");
    assert!(
        advice.fallback.why.contains("500 of 3000 reads"),
        "{advice}"
    );
    assert_eq!(advice.warnings, [""; 0]);
    assert_eq!(advice.primary_connections, 4 * (11 + 11 + 5 + 1));
    // 25 of them each: 22 for its own work, one for the watcher.
    let tight = loaded(100);
    assert_eq!(tight.fallback.size, 2, "{tight}");
    assert!(tight.fallback.why.contains("max_connections"), "{tight}");
    assert_eq!(tight.primary_connections, 100);
    let too_few = loaded(80);
    assert!(too_few.warnings[0].contains("which takes 80"), "{too_few}");
}

#[test]
fn more_work_than_cores_is_said() {
    let sizing = Sizing::new()
        .instances(10)
        .writes(PoolLoad::new(100.0, millis(20)))
        .peak(1.0);
    assert_eq!(
        sizing.clone().server_cores(16).recommend().warnings,
        [""; 0]
    );
    let advice = sizing.server_cores(8).recommend();
    assert!(
        advice.warnings[0].contains("8 cores do well with 17"),
        "{advice}"
    );
}

#[test]
fn no_load_at_all_is_small_pools() {
    let advice = Sizing::new().recommend();
    let sizes = [
        &advice.write,
        &advice.primary_read,
        &advice.replica_read,
        &advice.fallback,
    ];
    assert_eq!(sizes.map(|pool| pool.size), [2, 2, 2, 1]);
}
