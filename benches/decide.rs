//! Time of one decision with 3 and with 1,000 replicas, of which all, few or none qualify. Fails if it grows with
//! their number, or allocates.

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::hint::black_box;
use std::time::Instant;

use dhat::{Alloc, HeapStats, Profiler};
use diesel_routing::__bench::Decider;
use diesel_routing::Balance;

#[global_allocator]
static ALLOCATOR: Alloc = Alloc;

/// The most that it may cost with 1,000 replicas, next to 3.
const MOST: f64 = 4.0;
/// The cost that it should have with 3 replicas, in nanoseconds.
const GOAL: f64 = 100.0;
const ROUNDS: u32 = 15;
const DECISIONS: u32 = 2_000;

type Make = fn(u32) -> Decider;
type Decision = fn(&mut Decider) -> usize;

const LEVELS: [(&str, Make, Decision); 4] = [
    ("eventual", Decider::new, Decider::eventual),
    ("bounded", Decider::new, Decider::bounded),
    ("session", Decider::new, Decider::session),
    ("session, GTIDs", Decider::with_gtids, Decider::session),
];

type Adapt = fn(Decider) -> Decider;

const QUALIFY: [(&str, Adapt); 5] = [
    ("all", |decider| decider),
    // One of three, five of a thousand.
    ("few", Decider::few_caught_up),
    ("one", |decider| decider.caught_up(1)),
    ("none", |decider| decider.caught_up(0)),
    // Caught up, so the order of the replicas does not tell that they serve nothing.
    ("none, silent", Decider::silent),
];

const BALANCES: [Balance; 5] = [
    Balance::LeastOfTwo,
    Balance::Random,
    Balance::RoundRobin,
    Balance::Weighted,
    Balance::Latency,
];

fn main() {
    let _profiler = Profiler::builder().testing().build();
    println!(
        "{:<15} {:<13} {:<11} {:<5} {:>12} {:>15} {:>7} {:>12}",
        "decide",
        "qualify",
        "balance",
        "zones",
        "3 replicas",
        "1,000 replicas",
        "ratio",
        "allocations"
    );
    let (mut within, mut worst) = (true, 0.0_f64);
    for balance in BALANCES {
        for zones in [false, true] {
            for (level, make, decision) in LEVELS {
                for (qualify, set) in QUALIFY {
                    let decider = |replicas| {
                        let decider = set(make(replicas)).balance(balance);
                        if zones { decider.with_zones() } else { decider }
                    };
                    let (ratio, three, thousand, allocations) =
                        compare(decider(3), decider(1_000), decision);
                    let is_within = ratio <= MOST && allocations == 0;
                    println!(
                        "{level:<15} {qualify:<13} {:<11} {:<5} {three:>9.1} ns {thousand:>12.1} ns {ratio:>7.2} \
                         {allocations:>12}{}",
                        format!("{balance:?}"),
                        if zones { "yes" } else { "no" },
                        if is_within { "" } else { " FAILED" }
                    );
                    let is_usual = qualify == "all" && balance == Balance::default() && !zones;
                    if is_usual && three > GOAL {
                        println!(
                            "  more than {GOAL} ns; this machine may be slow, so it is no failure"
                        );
                    }
                    within &= is_within;
                    worst = worst.max(ratio);
                }
            }
        }
    }
    println!("worst ratio {worst:.2}");
    if !within {
        println!("FAILED: a ratio is above {MOST}, or a decision allocates");
        std::process::exit(1);
    }
}

/// Returns the median ratio, the best times, and the number of allocations.
fn compare(mut few: Decider, mut many: Decider, decision: Decision) -> (f64, f64, f64, u64) {
    // In turns, so that whatever else the machine does slows both.
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| (nanos(&mut few, decision), nanos(&mut many, decision)))
        .collect();
    times.sort_unstable_by(|one, other| (one.1 / one.0).total_cmp(&(other.1 / other.0)));
    let ratio = times
        .get(times.len() / 2)
        .map_or(f64::NAN, |(few, many)| many / few);
    let best = |side: fn(&(f64, f64)) -> f64| times.iter().map(side).fold(f64::INFINITY, f64::min);
    let before = HeapStats::get().total_blocks;
    nanos(&mut few, decision);
    nanos(&mut many, decision);
    let allocations = HeapStats::get().total_blocks - before;
    (
        ratio,
        best(|times| times.0),
        best(|times| times.1),
        allocations,
    )
}

fn nanos(decider: &mut Decider, decision: Decision) -> f64 {
    let start = Instant::now();
    for _ in 0..DECISIONS {
        black_box(decision(black_box(decider)));
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(DECISIONS)
}
