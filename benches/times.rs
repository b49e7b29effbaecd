//! Time of each case. Ratios to the same work on Diesel's own connection come last: both sides of a
//! ratio run in turns, so that whatever else the machine does slows both.

#![expect(clippy::print_stdout, reason = "the table is the result")]

#[path = "support/postgres/mod.rs"]
mod postgres;
mod support;

use std::time::{Duration, Instant};

use criterion::Criterion;
use postgres::{Placed, Servers};
use support::{Outcome, Steps, Through};

/// Steps of one side before it is the other's turn.
const TURN: u64 = 16;

fn main() -> Outcome {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let _servers = Servers::start()?;
    let mut ratios = Vec::new();
    for case in Placed::all().filter(|placed| placed.case.through != Through::Raw) {
        if let Some(ratio) = compare(&mut criterion, case)? {
            ratios.push((case, ratio));
        }
    }
    criterion.final_summary();

    println!("{:<46} {:>8}", "time, handle / raw, median", "ratio");
    for (case, ratio) in ratios {
        println!("{case:<46} {ratio:>8.3}");
    }
    Ok(())
}

/// Returns the median over all samples; `None` if the command line leaves the case out.
fn compare(criterion: &mut Criterion, case: Placed) -> Outcome<Option<f64>> {
    let mut raw = case.raw().steps()?;
    let mut handle = case.steps()?;
    let mut samples = Vec::new();
    let mut result = Ok(());
    criterion.bench_function(&case.to_string(), |bencher| {
        bencher.iter_custom(|steps| match in_turns(&mut raw, &mut handle, steps) {
            Ok((raw, handle)) => {
                samples.push(handle.as_secs_f64() / raw.as_secs_f64());
                handle
            }
            Err(error) => {
                result = Err(error);
                // Criterion divides by it.
                Duration::from_secs(1)
            }
        });
    });
    result?;
    samples.sort_unstable_by(f64::total_cmp);
    Ok(samples.get(samples.len() / 2).copied())
}

fn in_turns(raw: &mut Steps, handle: &mut Steps, steps: u64) -> Outcome<(Duration, Duration)> {
    let mut times = (Duration::ZERO, Duration::ZERO);
    let mut done = 0;
    while done < steps {
        let turn = TURN.min(steps - done);
        // Who goes first changes, too.
        if (done / TURN).is_multiple_of(2) {
            times.0 += time(raw, turn)?;
            times.1 += time(handle, turn)?;
        } else {
            times.1 += time(handle, turn)?;
            times.0 += time(raw, turn)?;
        }
        done += turn;
    }
    Ok(times)
}

fn time(run: &mut Steps, steps: u64) -> Outcome<Duration> {
    let since = Instant::now();
    run(steps)?;
    Ok(since.elapsed())
}
