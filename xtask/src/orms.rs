//! `cargo xtask bench --orms`: the routing step of ORMs, beside the decision here, in one table.
//!
//! `benches/orms` counts the processor time of each router in a process of its own, in turns of random order: nothing here
//! waits, and what else the machine does changes that time least.

mod table;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::{Cmd, cmd};

use crate::apt;
use crate::need::BUILD;
use crate::step::Step;
use crate::workspace::Workspace;
use table::Table;

/// The bench that times what we do.
pub(crate) const OURS: &str = "orms";

const TURNS: usize = 7;

/// Where each router comes from, and the name of what times it in `benches/orms`.
const ROUTERS: [(&str, &str); 8] = [
    ("python", "sqlalchemy_get_bind"),
    ("python", "django_router"),
    ("node", "sequelize"),
    ("node", "typeorm"),
    ("node", "drizzle"),
    ("ruby", "connected_to"),
    ("ruby", "database_selector"),
    ("java", "Routing"),
];

/// Debian's, of Spring and what it stands on.
const JARS: &str = "/usr/share/java/spring3-jdbc.jar:/usr/share/java/spring3-transaction.jar:\
    /usr/share/java/spring3-context.jar:/usr/share/java/spring3-beans.jar:/usr/share/java/spring3-core.jar:\
    /usr/share/java/commons-logging.jar";

/// Returns a step for each source of routers, then the comparison of those that could be installed.
pub(crate) fn steps<'a>() -> Vec<Step<'a>> {
    vec![
        Step::new("python", "installs SQLAlchemy and Django")
            .check(|workspace| left_out(workspace, "python", install_python)),
        Step::new("node", "installs Sequelize, TypeORM and Drizzle")
            .check(|workspace| left_out(workspace, "node", install_node)),
        Step::new("ruby", "installs Active Record")
            .check(|workspace| left_out(workspace, "ruby", |_| Ok(()))),
        Step::new("java", "installs and compiles Spring's router")
            .check(|workspace| left_out(workspace, "java", compile_java)),
        Step::new(
            "table",
            "processor time of the routing step, and what it guarantees",
        )
        .needs(BUILD)
        .check(compare),
    ]
}

/// Installs the packages of `source`, then the rest, and returns why that can't be done here, if so.
fn left_out(
    workspace: &Workspace,
    source: &str,
    install: fn(&Workspace) -> Result<()>,
) -> Result<Option<String>> {
    let (sh, dir) = (&workspace.sh, dir(workspace, source));
    sh.create_dir(&dir)?;
    sh.remove_path(dir.join(READY))?;
    let installed = apt::install(workspace, &[source]).and_then(|()| install(workspace));
    if installed.is_ok() {
        sh.write_file(dir.join(READY), "")?;
    }
    Ok(installed.err().map(|error| format!("{error:#}")))
}

/// The file that says that a source's routers are installed.
const READY: &str = "ready";

fn dir(workspace: &Workspace, source: &str) -> PathBuf {
    workspace.target("orms").join(source)
}

fn install_python(workspace: &Workspace) -> Result<()> {
    let (sh, dir) = (&workspace.sh, dir(workspace, "python"));
    cmd!(sh, "python3 -m venv {dir}").run()?;
    let python = dir.join("bin/python");
    let pip = cmd!(
        sh,
        "{python} -m pip install --quiet --disable-pip-version-check --only-binary=:all: --require-hashes
            --requirement benches/orms/python/requirements.txt"
    );
    pip.run().context("SQLAlchemy and Django")
}

fn install_node(workspace: &Workspace) -> Result<()> {
    let (sh, dir) = (&workspace.sh, dir(workspace, "node"));
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        sh.copy_file(format!("benches/orms/node/{name}"), &dir)?;
    }
    let npm = cmd!(sh, "npm ci --prefix {dir} --no-audit --no-fund");
    npm.run().context("Sequelize, TypeORM and Drizzle")
}

fn compile_java(workspace: &Workspace) -> Result<()> {
    let (sh, dir) = (&workspace.sh, dir(workspace, "java"));
    let javac = cmd!(
        sh,
        "javac -d {dir} -classpath {JARS} benches/orms/java/Routing.java"
    );
    javac.run().context("Spring")
}

/// Times what is installed, and prints the table.
fn compare(workspace: &Workspace) -> Result<Option<String>> {
    let is_ready = |source: &str| dir(workspace, source).join(READY).is_file();
    let routers = ROUTERS.into_iter().filter(|(source, _)| is_ready(source));
    let sides: Vec<_> = [("rust", OURS)].into_iter().chain(routers).collect();
    if sides.len() == 1 {
        return Ok(Some("none of the routers could be installed".to_owned()));
    }
    let sh = &workspace.sh;
    let bench = cmd!(sh, "cargo bench --locked --all-features --bench {OURS}");
    bench.arg("--no-run").run()?;
    let mut table = Table::default();
    for turn in 1..=TURNS {
        println!("turn {turn} of {TURNS}");
        let order = RandomState::new();
        let mut turns: Vec<_> = sides.iter().enumerate().collect();
        turns.sort_by_cached_key(|(number, _)| order.hash_one(number));
        for (number, (source, name)) in turns {
            let output = command(workspace, source, name).quiet().read()?;
            output
                .lines()
                .try_for_each(|line| table.add(number, line))?;
        }
    }
    println!(
        "\nnanoseconds of processor time a call: medians of {TURNS} turns, and the least and the most\n\n{table}"
    );
    Ok(None)
}

fn command<'a>(workspace: &'a Workspace, source: &str, name: &str) -> Cmd<'a> {
    let (sh, dir) = (&workspace.sh, dir(workspace, source));
    match source {
        "python" => {
            let python = dir.join("bin/python");
            cmd!(sh, "{python} -B benches/orms/python/{name}.py")
        }
        "node" => {
            let modules = dir.join("node_modules");
            cmd!(sh, "node benches/orms/node/{name}.js").env("NODE_PATH", modules)
        }
        "ruby" => cmd!(sh, "ruby benches/orms/ruby/{name}.rb"),
        "java" => {
            let dir = dir.display().to_string();
            cmd!(sh, "java -classpath {dir}:{JARS} {name}")
        }
        _ => cmd!(
            sh,
            "cargo bench --quiet --locked --all-features --bench {name}"
        ),
    }
}
