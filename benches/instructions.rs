//! Instructions of each case, counted by valgrind, against the same work on Diesel's own
//! connection. Fails when a sync read through a handle costs more than it may.
//!
//! A case runs in a process of its own, twice, with a different number of steps. The difference is
//! what the steps cost, on every thread: start-up, the first inspection of a statement and
//! everything else that happens once is in both runs.

#![expect(clippy::print_stdout, reason = "the table is the result")]

#[path = "support/postgres/mod.rs"]
mod postgres;
mod support;

use std::process::{Command, ExitCode};

use postgres::{Placed, Servers};
use support::{Api, Case, Outcome, Through, Work};

/// The most that the ratio of a sync read may be.
const MOST: f64 = 1.01;

/// Steps of the shorter run: enough to warm every cache.
const WARM_UP: u64 = 50;

/// First argument of the process that valgrind runs.
const STEPS: &str = "--steps";

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [STEPS, name, times] = *arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        let case = Placed::all()
            .find(|case| case.to_string() == name)
            .ok_or("no such case")?;
        case.steps()?(times.parse()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));

    let servers = Servers::start()?;
    println!("{:<46} {:>12} {:>8}", "instructions per step", "", "ratio");
    let (mut raw, mut plain) = (None, None);
    let mut within = true;
    for case in Placed::all() {
        if filter.is_some_and(|filter| !case.raw().to_string().starts_with(filter.as_str())) {
            continue;
        }
        let count = per_step(case, &servers)?;
        if case == case.raw() {
            println!("{case:<46} {count:>12.1}");
            raw = Some(count);
            continue;
        }
        if case.case.through == Through::Plain {
            plain = Some(count);
        }
        // An annotated function is compared with the same one without.
        let annotated = case.case.through == Through::Annotated;
        let base = if annotated { plain } else { raw };
        let ratio = count / base.ok_or("nothing to compare with")?;
        let limited = annotated || case.case.api == Api::Sync && is_limited(case.case);
        let verdict = if limited && ratio > MOST {
            within = false;
            "  MORE THAN 1.01"
        } else {
            ""
        };
        println!("{case:<46} {count:>12.1} {ratio:>8.4}{verdict}");
    }
    Ok(if within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns whether the case has a limit. `WriteConn` has none in the cheapest read: it follows what its session writes, too.
fn is_limited(case: Case) -> bool {
    match case.work {
        Work::First | Work::Load => true,
        Work::Find => !matches!(case.through, Through::Write | Through::Plain),
        Work::Boxed | Work::Insert | Work::Checkout => false,
    }
}

fn per_step(case: Placed, servers: &Servers) -> Outcome<f64> {
    let steps = match case.case.work {
        Work::Load => 100,
        _ => 1000,
    };
    // How threads meet differs from run to run, and only ever adds to what the steps cost.
    let rounds = match case.case.api {
        Api::Sync => 1,
        Api::Async => 5,
    };
    let least = |steps| {
        let counts = (0..rounds).map(|_| instructions(case, steps, servers));
        counts
            .collect::<Outcome<Vec<_>>>()
            .map(|counts| counts.into_iter().min().unwrap_or(0))
    };
    let (once, more) = (least(WARM_UP)?, least(WARM_UP + steps)?);
    Ok((more as f64 - once as f64) / steps as f64)
}

/// Counts all instructions of a process that takes this many steps.
fn instructions(case: Placed, steps: u64, servers: &Servers) -> Outcome<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .envs([servers.variable()])
        .args([STEPS, &case.to_string(), &steps.to_string()])
        // glibc: what an allocation costs must not hang on what was allocated before.
        .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=65535")
        .output()
        .map_err(|error| format!("valgrind could not be run, is it installed? {error}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{case} failed under valgrind ({}):\n{log}", output.status).into());
    }
    let total = log.lines().find_map(|line| line.split_once("Collected :"));
    let (_, total) = total.ok_or_else(|| format!("valgrind printed no total:\n{log}"))?;
    Ok(total.trim().parse()?)
}
