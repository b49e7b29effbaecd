//! Heap allocations of each case, on every thread, against the same work on Diesel's own
//! connection. Fails when a handle allocates more than that.

#![expect(clippy::print_stdout, reason = "the table is the result")]

#[path = "support/postgres/mod.rs"]
mod postgres;
mod support;

use std::process::ExitCode;

use dhat::{Alloc, HeapStats, Profiler};
use postgres::{Placed, Servers};
use support::{Outcome, Work};

#[global_allocator]
static ALLOCATOR: Alloc = Alloc;

/// Steps before the count starts: enough to warm every cache.
const WARM_UP: u64 = 50;
const STEPS: u64 = 1000;

fn main() -> Outcome<ExitCode> {
    let _profiler = Profiler::builder().testing().build();
    println!(
        "{:<46} {:>8} {:>8}",
        "allocations per step", "blocks", "bytes"
    );
    let _servers = Servers::start()?;
    let mut raw = None;
    let mut within = true;
    for case in Placed::all() {
        let (blocks, bytes) = per_step(case)?;
        if case == case.raw() {
            raw = Some(blocks);
        }
        // A boxed query has to be rendered for the statement check.
        let limited = case.case.work != Work::Boxed;
        // Half a block: what a queue inside tokio grows by now and then is not ours.
        let verdict = if limited && raw.is_some_and(|raw| blocks > raw + 0.5) {
            within = false;
            "  MORE THAN RAW"
        } else {
            ""
        };
        println!("{case:<46} {blocks:>8.2} {bytes:>8.0}{verdict}");
    }
    Ok(if within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Blocks and bytes.
fn per_step(case: Placed) -> Outcome<(f64, f64)> {
    let mut run = case.steps()?;
    run(WARM_UP)?;
    let before = HeapStats::get();
    run(STEPS)?;
    let after = HeapStats::get();
    let per_step = |before: u64, after: u64| (after - before) as f64 / STEPS as f64;
    Ok((
        per_step(before.total_blocks, after.total_blocks),
        per_step(before.total_bytes, after.total_bytes),
    ))
}
