//! What a step needs on the machine.

use anyhow::Result;

use crate::apt;
use crate::tool;
use crate::workspace::Workspace;

/// System packages, or a program of the Rust world.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    /// A group of `packages.txt`.
    Packages(&'static str),
    /// A program of `tools.txt`.
    Tool(&'static str),
}

pub(crate) const NEXTEST: Need = Need::Tool("cargo-nextest");
pub(crate) const TYPOS: Need = Need::Tool("typos");
pub(crate) const DENY: Need = Need::Tool("cargo-deny");
pub(crate) const HACK: Need = Need::Tool("cargo-hack");
pub(crate) const HYPERFINE: Need = Need::Tool("hyperfine");
/// There is no wheel of it: it takes two minutes to build, once.
pub(crate) const MDBOOK: Need = Need::Tool("mdbook");
/// There is no wheel of it: it takes minutes to build, once.
pub(crate) const SEMVER_CHECKS: Need = Need::Tool("cargo-semver-checks");

/// The needs of building with every feature.
pub(crate) const BUILD: [Need; 2] = [Need::Packages("compiler"), Need::Packages("clients")];

/// The same, and what the tests start.
pub(crate) const SERVERS: [Need; 9] = [
    BUILD[0],
    BUILD[1],
    Need::Packages("postgres"),
    Need::Packages("pgbouncer"),
    Need::Packages("haproxy"),
    Need::Packages("pgpool"),
    Need::Packages("mariadb"),
    Need::Packages("redis"),
    Need::Packages("patroni"),
];

/// The programs that the bench `peers` starts.
pub(crate) const PEERS: [Need; 4] = [
    Need::Packages("postgres"),
    Need::Packages("pgbouncer"),
    Need::Packages("haproxy"),
    Need::Packages("pgpool"),
];

/// The programs that it starts with `--servers mariadb`.
pub(crate) const PEERS_ON_MARIADB: [Need; 2] =
    [Need::Packages("mariadb"), Need::Packages("haproxy")];

/// Installs what is not there yet.
pub(crate) fn satisfy<'a>(
    workspace: &Workspace,
    needs: impl IntoIterator<Item = &'a Need>,
) -> Result<()> {
    let (mut groups, mut tools) = (Vec::new(), Vec::new());
    for need in needs {
        match need {
            Need::Packages(group) => groups.push(*group),
            Need::Tool(tool) => tools.push(*tool),
        }
    }
    apt::install(workspace, &groups)?;
    tool::install(workspace, tools)
}
