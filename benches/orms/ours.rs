//! The processor time of a choice here, in the lines that `cargo xtask bench --orms` sets beside those of other routers: the
//! decision alone, and a loan with all that belongs to it, beside the pool's own.

#![expect(clippy::print_stdout, reason = "the lines are the result")]

#[path = "../support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Duration;

use diesel_routing::__bench::Decider;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use support::{Case, Outcome, Steps};

const WARM_UP: Duration = Duration::from_millis(200);
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(10);

fn main() -> Outcome {
    let guarantee = "a session's own writes and what it has read, proved by positions, else the primary; \
                     a write on a read handle does not compile";
    let read = case("sync/checkout/ReadConn<CaughtUp>")?;
    let rows: [(&str, Vec<(&str, Steps)>); 3] = [
        ("decision", vec![("read", session_read(Decider::new(3)))]),
        (
            "decision, no replica has caught up",
            vec![("read", session_read(Decider::new(3).caught_up(0)))],
        ),
        (
            "loan from r2d2",
            vec![
                ("alone", read.raw().steps()?),
                ("read", read.steps()?),
                ("write", case("sync/checkout/WriteConn")?.steps()?),
            ],
        ),
    ];
    for (what, steps) in rows {
        let mut row = json!({
            "router": env!("CARGO_PKG_NAME"),
            "version": env!("CARGO_PKG_VERSION"),
            "runtime": "Rust",
            "step": what,
            "guarantee": guarantee,
        });
        for (name, time) in medians(steps)? {
            row[name] = time.into();
        }
        println!("{row}");
    }
    Ok(())
}

/// Returns steps that decide on a read of a session that has written.
fn session_read(mut decider: Decider) -> Steps {
    Box::new(move |times| {
        for _ in 0..times {
            black_box(black_box(&mut decider).session());
        }
        Ok(())
    })
}

fn case(name: &str) -> Outcome<Case> {
    let case = Case::all().find(|case| case.to_string() == name);
    Ok(case.ok_or_else(|| format!("there is no case {name}"))?)
}

/// Returns the processor time of this process.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Returns the median time of each step in nanoseconds. The steps take turns, so that whatever else the machine does
/// slows all.
fn medians(steps: Vec<(&str, Steps)>) -> Outcome<Vec<(&str, f64)>> {
    let warm = |(name, mut steps): (_, Steps)| {
        let (mut count, since) = (0, processor_time());
        while processor_time() - since < WARM_UP {
            steps(100)?;
            count += 100;
        }
        let share = ROUND.as_secs_f64() / WARM_UP.as_secs_f64();
        let per_round = ((f64::from(count) * share) as u32).max(1);
        Ok((name, steps, per_round, Vec::new()))
    };
    let mut steps = steps.into_iter().map(warm).collect::<Outcome<Vec<_>>>()?;
    for _ in 0..ROUNDS {
        for (_, steps, per_round, times) in &mut steps {
            let since = processor_time();
            steps(u64::from(*per_round))?;
            let time = processor_time() - since;
            times.push(time.as_secs_f64() * 1e9 / f64::from(*per_round));
        }
    }
    let median = |(name, _, _, mut times): (_, _, _, Vec<f64>)| {
        times.sort_unstable_by(f64::total_cmp);
        (name, times.get(ROUNDS / 2).copied().unwrap_or(f64::NAN))
    };
    Ok(steps.into_iter().map(median).collect())
}
