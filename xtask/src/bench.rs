//! `cargo xtask bench`.

use anyhow::Result;
use cargo_metadata::TargetKind;
use clap::Args;
use xshell::cmd;

use crate::need::{BUILD, Need, PEERS, PEERS_ON_MARIADB};
use crate::orms;
use crate::runner::Selection;
use crate::step::Step;
use crate::workspace::Workspace;

/// What `cargo xtask bench` can be asked for.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Compare the decision with the routers of ORMs instead: the routing step alone, and what it guarantees.
    ///
    /// SQLAlchemy, Django, Sequelize, TypeORM, Drizzle, Active Record and Spring are installed in pinned versions into
    /// target/orms, or from Debian's packages. What can't be installed is named and left out.
    #[arg(long)]
    orms: bool,
}

impl Options {
    /// Returns how to ask for the same steps again, and the steps.
    pub(crate) fn steps<'a>(&self, workspace: &'a Workspace) -> Result<(String, Vec<Step<'a>>)> {
        if self.orms {
            return Ok(("bench --orms".to_owned(), orms::steps()));
        }
        Ok(("bench".to_owned(), steps(workspace)?))
    }
}

/// Returns the steps for the root package's benches, and for those of packages of their own.
fn steps(workspace: &Workspace) -> Result<Vec<Step<'_>>> {
    let sh = &workspace.sh;
    let targets = workspace.root_package()?.targets.iter();
    let benches = targets
        .filter(|target| target.kind.contains(&TargetKind::Bench) && target.name != orms::OURS)
        .map(|bench| {
            let name = bench.name.as_str();
            // A bench whose name starts so counts instructions.
            let counts = name.starts_with("instructions");
            let why = match name {
                "capture" => "what it costs a write to be remembered",
                "reads" => "a read beside one on a raw pool, with round trips that count",
                "question" => "what the question of a watcher costs a server",
                "scale" => "many nodes, routers and sessions: times, questions, bytes",
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
    let peers_on_mariadb = Step::new(
        "peers-mariadb",
        "the same on MariaDB; ProxySQL and MaxScale by path alone",
    )
    .needs(PEERS_ON_MARIADB)
    .run(cmd!(
        sh,
        "cargo bench --locked --package peers --bench peers -- --servers mariadb"
    ));
    Ok(benches.chain([load, peers, peers_on_mariadb]).collect())
}
