//! `cargo xtask test --docker`: the test kits' servers in containers.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::invocation::Invocation;
use crate::need::Need;
use crate::step::{Step, Verdict};
use crate::tool;
use crate::workspace::Workspace;

/// The official images, and what the tests call whatever stands for them.
const IMAGES: [(&str, &str); 2] = [
    ("postgres:17", "diesel-routing-testkit-postgres:local"),
    ("mariadb:11.8", "diesel-routing-testkit-mariadb:local"),
];

/// What the stand-in is built on, and what it is called where it has to be made.
const BASE: &str = "debian:bookworm-slim";
const OWN_BASE: &str = "diesel-routing-testkit-base:local";
const STAND_IN: &str = "diesel-routing-testkit:local";

const BINARIES: &str = "-p diesel-routing -p diesel-routing-testkit --all-features --locked --test docker \
                        --test postgres --test mariadb --test positions";

pub(crate) fn steps() -> Vec<Step> {
    let run = |words: &str| {
        let [(_, postgres), (_, mariadb)] = IMAGES;
        Invocation::cargo(words)
            .args(BINARIES.split_whitespace())
            .env("DIESEL_ROUTING_TESTKIT", "docker")
            .env("DIESEL_ROUTING_POSTGRES_IMAGE", postgres)
            .env("DIESEL_ROUTING_MARIADB_IMAGE", mariadb)
    };
    let nextest = run("nextest run --run-ignored all");
    vec![
        Step::check(
            "images",
            "the servers' images are on this machine: the official ones, else stand-ins built here",
            images,
        ),
        Step::test(
            "containers",
            "replication, lag and faults are the same in containers",
            nextest,
        )
        .needs([
            Need::Package(&apt::C_COMPILER),
            Need::Package(&apt::PKG_CONFIG),
            Need::Package(&apt::LIBPQ),
            Need::Package(&apt::LIBMARIADB),
            Need::Package(&apt::PGBOUNCER),
            Need::Tool(&tool::NEXTEST),
        ])
        .without(&tool::NEXTEST, run("test --no-fail-fast")),
    ]
}

fn images(workspace: &Workspace) -> Result<Verdict> {
    docker("version").read(workspace).context(
        "no container engine answers; install Docker, start it, and see that `docker version` works",
    )?;
    let mut notes = Vec::new();
    for (official, local) in IMAGES {
        let image = if is_here(workspace, official) || pull(workspace, official) {
            official
        } else {
            build_stand_in(workspace)?;
            notes.push(format!(
                "{official} could not be pulled; {STAND_IN} stands in for it"
            ));
            STAND_IN
        };
        docker("tag").args([image, local]).run(workspace)?;
    }
    Ok(Verdict::Passed { notes })
}

fn build_stand_in(workspace: &Workspace) -> Result<()> {
    let base = if is_here(workspace, OWN_BASE) {
        OWN_BASE
    } else if is_here(workspace, BASE) || pull(workspace, BASE) {
        BASE
    } else {
        make_base(workspace)?;
        OWN_BASE
    };
    docker("build --network host --tag")
        .args([
            STAND_IN,
            "--build-arg",
            &format!("BASE={base}"),
            "docker/testkit",
        ])
        .run(workspace)
}

/// Debian itself, from its package archive.
fn make_base(workspace: &Workspace) -> Result<()> {
    if !apt::is_root() {
        bail!("{BASE} could not be pulled, and only root can make one like it (debootstrap)");
    }
    apt::install_missing(workspace, &[&apt::DEBOOTSTRAP])?;
    let root = workspace.target_dir().join("testkit-base");
    if root.exists() {
        fs::remove_dir_all(&root).context("an earlier try could not be removed")?;
    }
    let root = root.display().to_string();
    Invocation::new("debootstrap")
        .args(["--variant=minbase", "bookworm", &root])
        .run(workspace)?;
    Invocation::new("sh")
        .args([
            "-c",
            r#"tar --directory "$0" --create . | docker import - "$1""#,
        ])
        .args([root.as_str(), OWN_BASE])
        .run(workspace)?;
    fs::remove_dir_all(&root).context("the base's files could not be removed")
}

fn is_here(workspace: &Workspace, image: &str) -> bool {
    docker("image inspect")
        .args([image])
        .read(workspace)
        .is_ok()
}

fn pull(workspace: &Workspace, image: &str) -> bool {
    println!("pulling {image}");
    docker("pull --quiet").args([image]).read(workspace).is_ok()
}

fn docker(words: &str) -> Invocation {
    Invocation::new("docker").args(words.split(' '))
}
