//! `cargo xtask bench`.

use cargo_metadata::TargetKind;

use crate::apt;
use crate::invocation::Invocation;
use crate::need::Need;
use crate::step::Step;
use crate::workspace::Workspace;

/// A bench whose name starts so counts instructions instead of time.
const COUNTS_INSTRUCTIONS: &str = "instructions";

pub(crate) fn steps(workspace: &Workspace) -> Vec<Step> {
    let benches = workspace.targets(&TargetKind::Bench);
    let names: Vec<_> = benches.iter().map(|bench| bench.name.as_str()).collect();
    if names.is_empty() {
        let reason = "the root package has no bench target";
        return vec![Step::left_out("benches", "speed is measured", reason)];
    }
    let benches = names.into_iter().map(bench);
    benches.chain([load()]).collect()
}

fn bench(name: &str) -> Step {
    let invocation = Invocation::cargo("bench --locked --all-features --bench").args([name]);
    let needs = [
        &apt::C_COMPILER,
        &apt::PKG_CONFIG,
        &apt::LIBPQ,
        &apt::LIBMARIADB,
        &apt::POSTGRESQL,
    ]
    .map(Need::Package);
    if name.starts_with(COUNTS_INSTRUCTIONS) {
        let step = Step::run(name, "instructions, the same on every run", invocation);
        step.needs(needs).needs([Need::Package(&apt::VALGRIND)])
    } else {
        let why = match name {
            "capture" => "what it costs a write to be remembered",
            "offload" => "reads kept off the primary, and stale ones, by strategy",
            _ => "time, on this machine",
        };
        Step::run(name, why, invocation).needs(needs)
    }
}

/// Of a package of its own.
fn load() -> Step {
    let why = "a whole service with sessions and without: time, stale pages, memory";
    let invocation = Invocation::cargo("bench --locked --package profile --bench load");
    Step::run("load", why, invocation).needs([Need::Package(&apt::POSTGRESQL)])
}
