//! `cargo xtask watch`: the instructions of the hot paths beside those in `benches/baselines.txt`.

mod baselines;

use anyhow::{Context, Result, bail};
use clap::Args;
use xshell::cmd;

use crate::need::{BUILD, Need};
use crate::runner::Selection;
use crate::step::Step;
use crate::workspace::Workspace;
use baselines::{Baselines, Environment};

/// The file of the counts that others are compared with.
const FILE: &str = "benches/baselines.txt";

/// What `cargo xtask watch` can be asked for.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Write what is counted now to benches/baselines.txt, for the next comparisons.
    ///
    /// Say in the commit why a path takes more, or with which compiler it was counted.
    #[arg(long)]
    renew: bool,
}

impl Options {
    /// Returns how to ask for the same steps again, and the steps.
    pub(crate) fn steps<'a>(&self, workspace: &'a Workspace) -> (String, Vec<Step<'a>>) {
        if self.renew {
            let why = "counts the instructions of the hot paths anew";
            let step = counting("watch", why).check(renew);
            return ("watch --renew".to_owned(), vec![step]);
        }
        ("watch".to_owned(), vec![step(workspace)])
    }
}

pub(crate) fn step(_: &Workspace) -> Step<'_> {
    counting(
        "watch",
        "no hot path takes 2 % more instructions than before, and no async one 5 %",
    )
    .check(compare)
}

fn counting<'a>(name: &str, why: &'static str) -> Step<'a> {
    Step::new(name, why)
        .needs(BUILD)
        .needs([Need::Packages("valgrind"), Need::Packages("sqlite")])
}

fn compare(workspace: &Workspace) -> Result<Option<String>> {
    let before = Baselines::parse(&workspace.sh.read_file(FILE)?).with_context(|| {
        format!("{FILE} can't be read; write it anew: cargo xtask watch --renew")
    })?;
    let here = environment(workspace)?;
    if before.environment.target != here.target {
        return Ok(Some(format!(
            "{FILE} is for {}, and this is {}",
            before.environment.target, here.target
        )));
    }
    let now = count(workspace, here)?;
    let comparison = before.compare(&now);
    println!("{comparison}");
    if comparison.is_within() {
        return Ok(None);
    }
    bail!(
        "a hot path takes more instructions than {FILE} allows, or is not in it; if that is meant: cargo xtask watch --renew"
    )
}

fn renew(workspace: &Workspace) -> Result<Option<String>> {
    let now = count(workspace, environment(workspace)?)?;
    workspace.sh.write_file(FILE, now.to_string())?;
    println!("{now}");
    Ok(None)
}

/// Builds the paths, and counts.
fn count(workspace: &Workspace, environment: Environment) -> Result<Baselines> {
    let sh = &workspace.sh;
    // Incremental code is cut into other units, which are optimised each for itself.
    let lines = cmd!(sh, "cargo run --locked --profile watch --package watch")
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .quiet()
        .read()?;
    Ok(Baselines {
        environment,
        counts: baselines::counts(lines.lines())?,
    })
}

/// Returns what the counts hang on besides the code.
fn environment(workspace: &Workspace) -> Result<Environment> {
    let sh = &workspace.sh;
    let rustc = cmd!(sh, "rustc --version --verbose").quiet().read()?;
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(Environment {
        target: host.context("rustc does not name its host")?.to_owned(),
        rustc: rustc.lines().next().unwrap_or_default().to_owned(),
        libc: cmd!(sh, "getconf GNU_LIBC_VERSION").quiet().read()?,
        valgrind: cmd!(sh, "valgrind --version").quiet().read()?,
        processor: processor(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
    })
}

/// Returns the kind of the first processor in `cpuinfo`, as far as Linux tells it.
fn processor(cpuinfo: &str) -> String {
    let fields = ["vendor_id", "cpu family", "model", "model name"];
    let values = fields.iter().filter_map(|field| {
        let mut lines = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(name, _)| name.trim() == *field)?;
        Some(value.trim())
    });
    values.collect::<Vec<_>>().join(" ")
}
