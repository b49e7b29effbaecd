//! `cargo xtask bench`.

use anyhow::Result;
use cargo_metadata::TargetKind;
use xshell::cmd;

use crate::need::{BUILD, Need, PEERS};
use crate::step::Step;
use crate::workspace::Workspace;

/// The root package's benches, and those of packages of their own.
pub(crate) fn steps(workspace: &Workspace) -> Result<Vec<Step<'_>>> {
    let sh = &workspace.sh;
    let targets = workspace.root_package()?.targets.iter();
    let benches = targets
        .filter(|target| target.kind.contains(&TargetKind::Bench))
        .map(|bench| {
            let name = bench.name.as_str();
            // A bench whose name starts so counts instructions.
            let counts = name.starts_with("instructions");
            let why = match name {
                "capture" => "what it costs a write to be remembered",
                "reads" => "a read beside one on a raw pool, with round trips that count",
                "question" => "what the question of a watcher costs a server",
                "offload" => "reads kept off the primary, and stale ones, by strategy",
                _ if counts => "instructions, the same on every run",
                _ => "time, on this machine",
            };
            Step::new(name, why)
                .needs(BUILD)
                .needs([Need::Packages("postgres")])
                .needs(counts.then_some(Need::Packages("valgrind")))
                .run(cmd!(
                    sh,
                    "cargo bench --locked --all-features --bench {name}"
                ))
        });
    let load = Step::new(
        "load",
        "a whole service with sessions and without: time, stale pages, memory",
    )
    .needs([Need::Packages("postgres")])
    .run(cmd!(
        sh,
        "cargo bench --locked --package profile --bench load"
    ));
    let peers = Step::new(
        "peers",
        "side by side with pools, PgBouncer, HAProxy and Pgpool-II",
    )
    .needs(PEERS)
    .run(cmd!(
        sh,
        "cargo bench --locked --package peers --bench peers"
    ));
    Ok(benches.chain([load, peers]).collect())
}
