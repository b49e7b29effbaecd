//! Does every session see what it wrote, and never less than it has seen, whatever fails?
//!
//! ```text
//! cargo xtask check-consistency --seconds 30 --seed 1
//! cargo xtask check-consistency --help
//! ```
//!
//! Starts a primary and two standbys, PostgreSQL's or MariaDB's, and three routers to them that share
//! token keys, as three processes of one service would. They know the nodes by names of their own, or by
//! addresses that lead to several (`--topology`). Sessions write and read at random and move between the
//! routers by token, while servers and the network fail by a schedule that the seed gives. What every
//! session wrote and read is then checked, with pure code: see `diesel-routing-verify/src/oracle/check.rs` for the rules.
//!
//! What talks to servers is one file each in `backend/`, compiled once per backend: the backend's module
//! brings the types.
//!
//! The last line and the exit code say how it ended: see `verdict.rs`.

#![expect(
    clippy::duplicate_mod,
    reason = "what differs by backend are its types"
)]

mod act;
mod client;
mod mariadb;
mod network;
mod options;
mod outcome;
mod postgres;
mod progress;
mod report;
mod schedule;
mod story;
mod table;
mod verdict;

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use diesel_routing_verify::oracle;

use options::{Backend, Options, Strategy};
use outcome::Outcome;
use schedule::Episode;
use verdict::Verdict;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args_os()) {
        Ok(options) => options,
        Err((0, help)) => return say(0, stdout(), &help),
        Err((code, why)) => return say(code, stderr(), &why),
    };
    let verdict = work(&options).unwrap_or_else(|error| {
        let seed = options.seed();
        Verdict::Failed(error.context(format!("seed {seed}")))
    });
    let (code, text) = (verdict.code(), format!("{verdict}\n"));
    match verdict {
        Verdict::Held(_) | Verdict::Violated(_) => say(code, stdout(), &text),
        Verdict::Failed(_) | Verdict::Interrupted => say(code, stderr(), &text),
    }
}

fn say(code: u8, mut out: impl Write, text: &str) -> ExitCode {
    // Nothing is left to be done if the terminal is gone.
    let _ = out.write_all(text.as_bytes());
    ExitCode::from(code)
}

fn work(options: &Options) -> Result<Verdict> {
    let stop = Arc::new(AtomicBool::new(false));
    let on_signal = Arc::clone(&stop);
    ctrlc::set_handler(move || on_signal.store(true, Ordering::Relaxed))
        .context("could not watch Ctrl-C")?;

    let mut out = stdout();
    report::introduce(&mut out, options)?;
    // Without positions, roles are as configured.
    let follows = options.strategy != Strategy::Window;
    let episodes = schedule::draw(options.seed(), options.length(), follows);
    let Some(outcome) = run(options, &episodes, &stop)? else {
        return Ok(Verdict::Interrupted);
    };
    writeln!(out, "checking {} events", outcome.records.len())?;
    let found = oracle::check(&outcome.records, &outcome.kept);
    report::summary(&mut out, &outcome, &found)?;
    let violations = found.violations;
    if let Some(first) = violations.first() {
        report::by_guarantee(&mut out, &violations)?;
        story::tell(&mut out, options, &outcome, first)?;
        return Ok(Verdict::Violated(violations.len()));
    }
    match report::is_void(&outcome) {
        Some(why) => bail!("nothing was checked: {why}"),
        None => Ok(Verdict::Held(report::promised(&outcome))),
    }
}

/// Runs the episodes; `None` if a signal ended it.
fn run(options: &Options, episodes: &[Episode], stop: &Arc<AtomicBool>) -> Result<Option<Outcome>> {
    match options.backend {
        Backend::Postgres => postgres::run(options, episodes, stop),
        Backend::Mariadb => mariadb::run(options, episodes, stop),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;
    use oracle::Guarantee;
    use schedule::OnStandby;

    /// What is violated under this strategy and topology while one standby is ahead of the other.
    fn violated(backend: &str, strategy: &str, topology: &str) -> BTreeSet<Guarantee> {
        let args = [
            "it",
            "--seconds",
            "3",
            "--seed",
            "1",
            "--strategy",
            strategy,
            "--topology",
            topology,
            "--backend",
            backend,
        ];
        let options = Options::read(args.map(Into::into)).unwrap();
        let paused = Episode {
            from: Duration::ZERO,
            lasts: options.length(),
            standbys: [Some(OnStandby::Pause), None],
            primary: None,
            network: None,
        };
        let outcome = run(&options, &[paused], &Arc::default());
        let outcome = outcome.unwrap().unwrap();
        let violations = oracle::check(&outcome.records, &outcome.kept).violations;
        if let Some(first) = violations.first() {
            let mut told = Vec::new();
            story::tell(&mut told, &options, &outcome, first).unwrap();
            let told = String::from_utf8(told).unwrap();
            assert!(told.contains("--seed 1 "), "{told}");
            assert!(told.contains(&format!("--backend {backend} ")), "{told}");
        }
        violations.iter().map(|found| found.guarantee).collect()
    }

    fn reads_from_random_replicas_violate_every_guarantee(backend: &str) {
        use Guarantee::{MonotonicReads, MonotonicWrites, ReadYourWrites, WritesFollowReads};
        let found = violated(backend, "random", "direct");
        for guarantee in [
            ReadYourWrites,
            MonotonicReads,
            MonotonicWrites,
            WritesFollowReads,
        ] {
            assert!(found.contains(&guarantee), "{found:?}");
        }
    }

    fn a_window_shorter_than_the_lag_violates_guarantees(backend: &str) {
        assert!(!violated(backend, "window", "direct").is_empty());
    }

    fn sessions_violate_none(backend: &str) {
        assert_eq!(violated(backend, "session", "direct"), BTreeSet::new());
    }

    fn sessions_violate_none_by_names_that_lead_to_both(backend: &str) {
        assert_eq!(violated(backend, "session", "addresses"), BTreeSet::new());
    }

    /// Each of these on a cluster of this backend.
    macro_rules! on {
        ($($backend:ident),+) => {$(
            mod $backend {
                on!($backend: reads_from_random_replicas_violate_every_guarantee,
                    a_window_shorter_than_the_lag_violates_guarantees, sessions_violate_none,
                    sessions_violate_none_by_names_that_lead_to_both);
            }
        )+};
        ($backend:ident: $($test:ident),+) => {$(
            #[test]
            fn $test() {
                super::$test(stringify!($backend));
            }
        )+};
    }

    on!(postgres, mariadb);
}
