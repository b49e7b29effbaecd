//! Carries steps out, one after the other, and reports.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use xshell::Cmd;

use crate::need;
use crate::report::{Outcome, Report};
use crate::step::{self, Step};
use crate::tally::Tally;
use crate::workspace::Workspace;

/// Which of a command's steps to run, and how.
#[derive(Debug, Default, Args)]
pub(crate) struct Selection {
    /// Run only these steps (see `--list`).
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    only: Vec<String>,
    /// Stop at the first step that fails; by default the others still run.
    #[arg(long)]
    fail_fast: bool,
    /// Fail also when a step is left out because this machine lacks something.
    #[arg(long)]
    strict: bool,
    /// Print the steps and their commands, and run nothing.
    #[arg(long)]
    list: bool,
}

impl Selection {
    /// Runs or lists the steps of `cargo xtask COMMAND`.
    pub(crate) fn carry_out(
        &self,
        command: &str,
        workspace: &Workspace,
        steps: Vec<Step<'_>>,
    ) -> Result<ExitCode> {
        let steps = step::select(steps, &self.only)?;
        if self.list {
            for step in &steps {
                println!("{:<20} {}", step.name, step.why);
                if step.check.is_some() {
                    println!("{:<20} (a check in xtask)", "");
                }
                for command in &step.commands {
                    println!("{:<20} $ {command}", "");
                }
                if step.review.is_some() {
                    println!("{:<20} (a review in xtask)", "");
                }
            }
            return Ok(ExitCode::SUCCESS);
        }
        let report = self.run(command, workspace, steps)?;
        print!("{report}");
        let is_red = report.has_failed() || (self.strict && report.left_out() > 0);
        Ok(ExitCode::from(u8::from(is_red)))
    }

    fn run(&self, command: &str, workspace: &Workspace, steps: Vec<Step<'_>>) -> Result<Report> {
        let mut report = Report::new(command);
        let started = Instant::now();
        need::satisfy(workspace, steps.iter().flat_map(|step| &step.needs))?;
        report.add("set-up", Outcome::Passed, started.elapsed());
        for step in steps {
            if self.fail_fast && report.has_failed() {
                let reason = "an earlier step failed".to_owned();
                report.add(step.name, Outcome::LeftOut(reason), Duration::ZERO);
                continue;
            }
            println!("\n==> {}: {}", step.name, step.why);
            let started = Instant::now();
            let name = step.name.clone();
            let outcome = perform(workspace, step, &mut report.tally).unwrap_or_else(|error| {
                println!("{name}: {error:#}");
                Outcome::Failed
            });
            report.add(name, outcome, started.elapsed());
        }
        Ok(report)
    }
}

fn perform(workspace: &Workspace, step: Step<'_>, tally: &mut Tally) -> Result<Outcome> {
    let before = tally.ran();
    if let Some(check) = step.check
        && let Some(reason) = check(workspace)?
    {
        return Ok(Outcome::LeftOut(reason));
    }
    for command in step.commands {
        println!("    $ {command}");
        if step.tests {
            run_counted(command, tally)?;
        } else {
            command.run()?;
        }
    }
    if let Some(review) = step.review
        && let Some(reason) = review(workspace)?
    {
        return Ok(Outcome::LeftOut(reason));
    }
    ensure!(!step.tests || tally.ran() > before, "it ran no test");
    Ok(Outcome::Passed)
}

/// Runs a test runner, passes its output on as it comes, and counts what its summary lines say.
fn run_counted(command: Cmd<'_>, tally: &mut Tally) -> Result<()> {
    let shown = command.to_string();
    let (output, input) = std::io::pipe().context("no pipe could be made")?;
    let mut child = Command::from(command)
        .stdout(input.try_clone().context("no pipe could be made")?)
        .stderr(input)
        .spawn()
        .with_context(|| format!("`{shown}` could not be started"))?;
    pass_on(output, &mut std::io::stdout(), tally).context("the output could not be passed on")?;
    let status = child.wait().context("the test runner was lost")?;
    ensure!(status.success(), "`{shown}` ended with {status}");
    Ok(())
}

fn pass_on(from: impl Read, to: &mut impl Write, tally: &mut Tally) -> std::io::Result<()> {
    let (mut from, mut line) = (BufReader::new(from), Vec::new());
    while from.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        tally.read_line(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use xshell::cmd;

    use super::*;

    /// Runs a step that fails, one that succeeds, and one that is said to test and does not.
    fn run(fail_fast: bool) -> String {
        let workspace = Workspace::load().unwrap();
        let sh = &workspace.sh;
        let steps = vec![
            Step::new("first", "it can't").run(cmd!(sh, "false --why")),
            Step::new("second", "it can").run(cmd!(sh, "true")),
            Step::new("silent", "it tests nothing").test(cmd!(sh, "true")),
        ];
        let selection = Selection {
            fail_fast,
            ..Selection::default()
        };
        let report = selection.run("tidy", &workspace, steps).unwrap();
        report.to_string()
    }

    #[test]
    fn failing_steps_are_named_with_their_commands_and_the_others_still_run() {
        let report = run(false);
        for name in ["first", "silent"] {
            let repeat = format!("failed: {name}, repeat it with: cargo xtask tidy --only {name}");
            assert!(report.contains(&repeat), "{report}");
        }
        assert!(!report.contains("failed: second"), "{report}");
        assert!(report.contains("left out: 0"), "{report}");
    }

    #[test]
    fn failing_fast_counts_what_it_left_out() {
        let report = run(true);
        assert!(report.contains("left out: 2\n"), "{report}");
        assert!(report.contains("an earlier step failed"), "{report}");
    }

    #[test]
    fn a_runner_s_output_is_passed_on_unchanged_and_counted() {
        let output = "running 4 tests\n\ntest result: ok. 3 passed; 0 failed; 1 ignored";
        let (mut passed_on, mut tally) = (Vec::new(), Tally::default());
        pass_on(output.as_bytes(), &mut passed_on, &mut tally).unwrap();
        assert_eq!(passed_on, output.as_bytes());
        assert_eq!(tally.to_string(), "3 passed, 0 failed, 1 skipped");
    }
}
