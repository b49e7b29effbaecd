//! Time of one decision with 3 and with 1,000 replicas. Fails if it allocates.

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::hint::black_box;
use std::time::Instant;

use dhat::{Alloc, HeapStats, Profiler};
use diesel_routing::__bench::Decider;

#[global_allocator]
static ALLOCATOR: Alloc = Alloc;

/// What it may cost with 1,000 replicas, next to 3.
const MOST: f64 = 2.0;
/// What it should cost with 3 replicas, in nanoseconds.
const GOAL: f64 = 100.0;
const ROUNDS: u32 = 31;
const DECISIONS: u32 = 20_000;

type Decision = fn(&mut Decider) -> usize;

const LEVELS: [(&str, Decision); 3] = [
    ("eventual", Decider::eventual),
    ("bounded", Decider::bounded),
    ("session", Decider::session),
];

fn main() {
    let _profiler = Profiler::builder().testing().build();
    let (mut few, mut many) = (Decider::new(3), Decider::new(1_000));
    println!(
        "{:<10} {:>14} {:>14} {:>8} {:>12}",
        "decide", "3 replicas", "1,000 replicas", "ratio", "allocations"
    );
    let mut within = true;
    for (level, decision) in LEVELS {
        // In turns, so that whatever else the machine does slows both.
        let mut times: Vec<_> = (0..ROUNDS)
            .map(|_| (nanos(&mut few, decision), nanos(&mut many, decision)))
            .collect();
        times.sort_unstable_by(|one, other| (one.1 / one.0).total_cmp(&(other.1 / other.0)));
        let ratio = times
            .get(times.len() / 2)
            .map_or(f64::NAN, |(few, many)| many / few);
        let best =
            |side: fn(&(f64, f64)) -> f64| times.iter().map(side).fold(f64::INFINITY, f64::min);
        let (three, thousand) = (best(|times| times.0), best(|times| times.1));
        let before = HeapStats::get().total_blocks;
        nanos(&mut few, decision);
        nanos(&mut many, decision);
        let allocations = HeapStats::get().total_blocks - before;
        println!("{level:<10} {three:>11.1} ns {thousand:>11.1} ns {ratio:>8.2} {allocations:>12}");
        within &= ratio <= MOST && allocations == 0;
        if three > GOAL {
            println!("  more than {GOAL} ns; this machine may be slow, so it is no failure");
        }
    }
    if !within {
        println!("FAILED: the ratio is above {MOST}, or a decision allocates");
        std::process::exit(1);
    }
}

fn nanos(decider: &mut Decider, decision: Decision) -> f64 {
    let start = Instant::now();
    for _ in 0..DECISIONS {
        black_box(decision(black_box(decider)));
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(DECISIONS)
}
