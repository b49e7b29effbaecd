//! Carries steps out, one after the other.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::invocation::Invocation;
use crate::need;
use crate::report::{Outcome, Report};
use crate::step::{Action, Step, Verdict};
use crate::tally::Tally;
use crate::workspace::Workspace;

/// Install what the steps need, run them in order, and report.
///
/// A step that fails does not keep the others from running, unless `fail_fast`.
pub(crate) fn run(
    chore: &str,
    workspace: &Workspace,
    steps: Vec<Step>,
    fail_fast: bool,
) -> Result<Report> {
    let mut report = Report::new(chore);
    let started = Instant::now();
    let missing = need::satisfy(workspace, steps.iter().flat_map(|step| &step.needs))?;
    report.add("set-up", Outcome::Passed, started.elapsed());

    let mut failed = false;
    for step in steps {
        if failed && fail_fast {
            let reason = "an earlier step failed".to_owned();
            report.add(step.name, Outcome::LeftOut(reason), Default::default());
            continue;
        }
        println!("\n==> {}: {}\n    $ {}", step.name, step.why, step.action);
        let started = Instant::now();
        let outcome = match perform(workspace, &step, &missing, &mut report) {
            Ok(outcome) => outcome,
            Err(error) => {
                failed = true;
                println!("{}: {error:#}", step.name);
                Outcome::Failed
            }
        };
        report.add(step.name, outcome, started.elapsed());
    }
    Ok(report)
}

fn perform(
    workspace: &Workspace,
    step: &Step,
    missing: &BTreeSet<&'static str>,
    report: &mut Report,
) -> Result<Outcome> {
    match &step.action {
        Action::Run(invocation) => invocation.run(workspace).map(|()| Outcome::Passed),
        Action::Test {
            invocation,
            without,
        } => {
            let invocation = match without {
                Some((tool, otherwise)) if missing.contains(tool.binary) => {
                    let used = format!(
                        "{}: {} is not to be had, ran `{otherwise}`",
                        step.name, tool.binary
                    );
                    report.left_out(used);
                    otherwise
                }
                _ => invocation,
            };
            let tally = run_tallied(workspace, invocation, report.tally())?;
            ensure!(tally > 0, "it ran no test");
            Ok(Outcome::Passed)
        }
        Action::Check(check) => match check(workspace)? {
            Verdict::LeftOut(reason) => Ok(Outcome::LeftOut(reason)),
            Verdict::Passed { notes } => {
                notes.iter().for_each(|note| println!("note: {note}"));
                Ok(Outcome::Passed)
            }
        },
        Action::LeftOut(reason) => Ok(Outcome::LeftOut((*reason).to_owned())),
    }
}

/// Run a test runner, pass its output on as it comes, and count what its summary lines say.
///
/// Returns how many tests ran; the total grows in `total` also when the command fails.
fn run_tallied(workspace: &Workspace, invocation: &Invocation, total: &mut Tally) -> Result<u64> {
    let mut child = invocation
        .command(workspace)?
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| invocation.not_started())?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        bail!("`{invocation}` has no output to read");
    };
    let on_stderr = thread::spawn(move || pass_on(stderr, &mut std::io::stderr()));
    let mut tally = pass_on(stdout, &mut std::io::stdout())?;
    let Ok(on_stderr) = on_stderr.join() else {
        bail!("reading the output of `{invocation}` panicked")
    };
    tally += on_stderr?;
    *total += tally;
    let status = child
        .wait()
        .with_context(|| format!("`{invocation}` was lost"))?;
    ensure!(status.success(), "`{invocation}` ended with {status}");
    Ok(tally.ran())
}

fn pass_on(from: impl Read, to: &mut impl Write) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from
        .read_until(b'\n', &mut line)
        .context("a test runner's output could not be read")?
        > 0
    {
        to.write_all(&line)
            .and_then(|()| to.flush())
            .context("the output could not be passed on")?;
        tally.read_line(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_steps(steps: Vec<Step>, fail_fast: bool) -> String {
        let workspace = Workspace::load().unwrap();
        run("tidy", &workspace, steps, fail_fast)
            .unwrap()
            .to_string()
    }

    fn succeeding(name: &str) -> Step {
        Step::run(name, "it can", Invocation::new("true"))
    }

    fn failing(name: &str) -> Step {
        Step::run(name, "it can't", Invocation::new("false").args(["--why"]))
    }

    #[test]
    fn a_failing_step_is_named_with_its_command_and_the_next_one_still_runs() {
        let report = run_steps(vec![failing("first"), succeeding("second")], false);
        assert!(
            report.contains("failed: first, repeat it with: cargo xtask tidy --only first"),
            "{report}"
        );
        assert!(report.contains("left out: 0"), "{report}");
    }

    #[test]
    fn failing_fast_counts_what_it_left_out() {
        let report = run_steps(vec![failing("first"), succeeding("second")], true);
        assert!(report.contains("left out: 1"), "{report}");
    }

    #[test]
    fn a_test_step_that_runs_no_test_fails() {
        let silent = Step::test("silent", "it tests nothing", Invocation::new("true"));
        assert!(run_steps(vec![silent], false).contains("failed: silent"));
    }

    #[test]
    fn a_runner_s_output_is_passed_on_unchanged_and_counted() {
        let output = "running 4 tests\n\ntest result: ok. 3 passed; 0 failed; 1 ignored";
        let mut passed_on = Vec::new();
        let tally = pass_on(output.as_bytes(), &mut passed_on).unwrap();
        assert_eq!(passed_on, output.as_bytes());
        assert_eq!(tally.to_string(), "3 passed, 0 failed, 1 skipped");
    }
}
