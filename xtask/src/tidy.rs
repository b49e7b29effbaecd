//! `cargo xtask tidy`, and the checks of its kind that are asked for alone.

use anyhow::{Context, Result};
use xshell::{Cmd, cmd};

use crate::frameworks;
use crate::need::{BUILD, DENY, HACK, MDBOOK, SEMVER_CHECKS, TYPOS};
use crate::project::{
    FEATURE_GROUPS, HIDDEN_FEATURES, LIBRARIES, LISTED_LIBRARIES, PROGRAM, ROOT_PACKAGE,
    SHARED_FEATURES, UNPAIRED_FEATURES,
};
use crate::sources;
use crate::step::Step;
use crate::workspace::Workspace;
use crate::{api, docs};

/// Returns the steps, the quick ones first: most mistakes are found in seconds.
pub(crate) fn steps(workspace: &Workspace) -> Vec<Step<'_>> {
    let sh = &workspace.sh;
    let each = format!("--workspace --ignore-private --exclude {PROGRAM} --each-feature");
    let deny = || cmd!(sh, "cargo deny --workspace --all-features --locked check");
    vec![
        Step::new("fmt", "one way to lay out code").run(cmd!(sh, "cargo fmt --all --check")).run(frameworks::fmt(workspace)),
        Step::new("sources", "no path of this machine, no file of more than 500 lines")
            .check(sources::check),
        Step::new("spelling", "no typing errors in code, docs and messages")
            .needs([TYPOS])
            .run(cmd!(sh, "typos")),
        Step::new("deny", "licences, banned crates and sources of the dependencies")
            .needs([DENY])
            .run(deny().args(["licenses", "bans", "sources"]))
            .run(frameworks::deny(workspace).args(["licenses", "bans", "sources"])),
        Step::new("advisories", "no dependency with a known hole")
            .needs([DENY])
            .check(fetch_advisories)
            .run(deny().args(["advisories", "--disable-fetch"]))
            .run(frameworks::deny(workspace).args(["advisories", "--disable-fetch"])),
        compose(workspace),
        // The toolchain's own cargo refuses dependencies that want a newer one.
        Step::new("msrv", "the published crates build with the oldest Rust we promise")
            .needs(BUILD)
            .needs([HACK])
            .check(install_oldest_toolchain)
            .run(cmd!(
                sh,
                "cargo hack check --rust-version --workspace --ignore-private --exclude {PROGRAM} --lib --all-features --locked"
            ))
            .run(cmd!(
                sh,
                "cargo hack check --rust-version --package {PROGRAM} --bins --all-features --locked"
            )),
        Step::new("clippy", "no warning in any target, with every feature").needs(BUILD).run(cmd!(
            sh,
            "cargo clippy --workspace --all-targets --all-features --locked -- -D warnings"
        )),
        Step::new("docs", "no broken link, no item without docs")
            .needs(BUILD)
            .run(docs::command(workspace, &LISTED_LIBRARIES)),
        // The same command: what it has just made is there.
        Step::new("api", "the public items are as listed, and keep our rules")
            .needs(BUILD)
            .check(api::is_readable)
            .run(docs::command(workspace, &LISTED_LIBRARIES))
            .review(api::check),
        // Both with the compiler's own check: half of Clippy's time, and the one that knows of `cfg`.
        Step::new("features", "each feature of each published crate builds alone, without a warning")
            .needs(BUILD)
            .needs([HACK])
            .run(hack(workspace, HIDDEN_FEATURES, &each))
            .run(cmd!(
                sh,
                "cargo hack rustc --profile check --bins --locked --package {PROGRAM} --each-feature --exclude-no-default-features -- -D warnings"
            )),
        feature_pairs(workspace),
    ]
}

fn feature_pairs(workspace: &Workspace) -> Step<'_> {
    let excluded = format!("{UNPAIRED_FEATURES},{HIDDEN_FEATURES}");
    let which = format!(
        "--package {ROOT_PACKAGE} --feature-powerset --depth 2 --features {SHARED_FEATURES} {FEATURE_GROUPS}"
    );
    let why = "each pair of features builds without a warning; those of a kind count as one";
    Step::new("feature-pairs", why)
        .needs(BUILD)
        .needs([HACK])
        .run(hack(workspace, &excluded, &which))
}

fn hack<'a>(workspace: &'a Workspace, excluded: &str, which: &str) -> Cmd<'a> {
    cmd!(
        workspace.sh,
        "cargo hack rustc --profile check --lib --locked"
    )
    .args(["--exclude-features", excluded])
    .args(which.split(' '))
    .args(["--", "-D", "warnings"])
}

/// Returns the step of `cargo xtask compose-check`.
pub(crate) fn compose(workspace: &Workspace) -> Step<'_> {
    Step::new("compose", "docker-compose.yml is valid; needs no engine")
        .check(|workspace| {
            let version = cmd!(workspace.sh, "docker compose version").quiet();
            let has_client = version.ignore_stdout().ignore_stderr().run().is_ok();
            Ok((!has_client).then(|| "`docker compose` is not installed".to_owned()))
        })
        .run(cmd!(workspace.sh, "docker compose config --quiet"))
}

/// Returns the step of `cargo xtask guide`: the book, in target/guide. Its programs and links are tests of the package `guide`.
pub(crate) fn guide(workspace: &Workspace) -> Step<'_> {
    Step::new("guide", "mdBook builds the guide")
        .needs([MDBOOK])
        .run(cmd!(workspace.sh, "mdbook build docs/guide"))
}

/// Returns the step of `cargo xtask semver-checks`: does the public API break what `baseline` promised?
pub(crate) fn semver_checks<'a>(workspace: &'a Workspace, baseline: &str) -> Step<'a> {
    let packages = LIBRARIES.iter().flat_map(|package| ["--package", package]);
    let check = cmd!(
        workspace.sh,
        "cargo semver-checks --baseline-rev {baseline}"
    );
    Step::new(
        "semver-checks",
        "the version says what changed in the public API",
    )
    .needs(BUILD)
    .needs([SEMVER_CHECKS])
    .run(check.args(packages))
}

/// Fetches the database of advisories from the network, which not every machine has.
fn fetch_advisories(workspace: &Workspace) -> Result<Option<String>> {
    let fetched = cmd!(workspace.sh, "cargo deny --locked fetch db").run();
    Ok(fetched
        .err()
        .map(|_| "the RustSec database could not be fetched".to_owned()))
}

pub(crate) fn install_oldest_toolchain(workspace: &Workspace) -> Result<Option<String>> {
    let sh = &workspace.sh;
    let promised = workspace.root_package()?.rust_version.as_ref();
    let promised = promised.context("Cargo.toml states no rust-version")?;
    let version = format!("{}.{}", promised.major, promised.minor);
    let rustc = cmd!(sh, "rustup run {version} rustc --version").quiet();
    let install = cmd!(
        sh,
        "rustup toolchain install {version} --profile minimal --no-self-update"
    );
    let is_there = rustc.ignore_stdout().ignore_stderr().run().is_ok() || install.run().is_ok();
    Ok((!is_there).then(|| format!("Rust {version} is not here, and rustup could not install it")))
}
