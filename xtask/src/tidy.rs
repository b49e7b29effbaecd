//! `cargo xtask tidy`.

use anyhow::Result;

use crate::apt;
use crate::compose_check;
use crate::invocation::Invocation;
use crate::msrv;
use crate::need::Need;
use crate::sources;
use crate::step::{Step, Verdict};
use crate::tool;
use crate::workspace::Workspace;

/// What checking with every feature takes.
const NEEDS: [Need; 4] = [
    Need::Package(&apt::C_COMPILER),
    Need::Package(&apt::PKG_CONFIG),
    Need::Package(&apt::LIBPQ),
    Need::Package(&apt::LIBMARIADB),
];

/// The quick ones first: most mistakes are found in seconds.
pub(crate) fn steps() -> Vec<Step> {
    let mut steps = quick();
    steps.extend(lints());
    steps
}

fn quick() -> Vec<Step> {
    vec![
        Step::run(
            "fmt",
            "one way to lay out code",
            Invocation::cargo("fmt --all --check"),
        ),
        Step::check(
            "sources",
            "nothing left over in the files git tracks",
            sources::check,
        ),
        Step::run(
            "spelling",
            "no typing errors in code, docs and messages",
            Invocation::new("typos"),
        )
        .needs([Need::Tool(&tool::TYPOS)]),
        Step::run(
            "deny",
            "licences, banned crates and sources of the dependencies",
            Invocation::cargo(
                "deny --workspace --all-features --locked check licenses bans sources",
            ),
        )
        .needs([Need::Tool(&tool::DENY)]),
        Step::check("advisories", "no dependency with a known hole", advisories)
            .needs([Need::Tool(&tool::DENY)]),
        Step::check(
            "msrv",
            "no dependency wants a newer Rust than we promise",
            msrv::check,
        ),
        compose_check::step(),
    ]
}

fn lints() -> Vec<Step> {
    let steps = vec![
        Step::run(
            "clippy",
            "no warning in any target, with every feature",
            Invocation::cargo(
                "clippy --workspace --all-targets --all-features --locked -- -D warnings",
            ),
        ),
        Step::run(
            "docs",
            "no broken link, no item without docs",
            // With the examples, for which dependencies have the features that Clippy has just seen them with.
            Invocation::cargo("doc --workspace --lib --examples --all-features --no-deps --locked")
                .env("RUSTDOCFLAGS", "-D warnings"),
        ),
        // Both with the compiler's own check: half of Clippy's time, and the one that knows of `cfg`.
        Step::run(
            "features",
            "each feature alone, and the default ones, build without a warning",
            hack("--each-feature --package diesel-routing-testkit", HIDDEN).args(DENY_WARNINGS),
        )
        .needs([Need::Tool(&tool::HACK)]),
        Step::run(
            "feature-pairs",
            "each pair of features builds without a warning; those of a kind count as one",
            // With the same Diesel and tokio for all, which take longer than ours, and without Docker's client, which
            // takes longest; each feature alone has been built with its own.
            hack("--feature-powerset --depth 2", &format!("default,{HIDDEN}"))
                .args(["--features", SHARED])
                .args(["--group-features", "bb8,deadpool"])
                .args(["--group-features", "postgres,mysql"])
                .args(["--group-features", "sync-postgres,sync-mysql"])
                .args(["--group-features", "edge,tower,axum,moka,redis"])
                .args(["--group-features", "serde,test-util"])
                .args(DENY_WARNINGS),
        )
        .needs([Need::Tool(&tool::HACK)]),
    ];
    steps.into_iter().map(|step| step.needs(NEEDS)).collect()
}

/// What the others stand on.
const HIDDEN: &str = "__async,__bench,__servers";
/// Every backend, without our own features for them; cargo-hack warns that it does not know them.
const SHARED: &str = "diesel/postgres,diesel/mysql,diesel/sqlite,diesel/r2d2,\
    diesel-async?/postgres,diesel-async?/mysql,diesel-async?/sqlite,tokio/full";
const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

fn hack(which: &str, excluded: &str) -> Invocation {
    let words = format!(
        "hack rustc --profile check {which} --package diesel-routing --lib --locked --exclude-features {excluded}"
    );
    Invocation::cargo(&words)
}

/// The database of advisories comes from the network, which not every machine has.
fn advisories(workspace: &Workspace) -> Result<Verdict> {
    if Invocation::cargo("deny --locked fetch db")
        .read(workspace)
        .is_err()
    {
        return Ok(Verdict::LeftOut(
            "the RustSec database could not be fetched".to_owned(),
        ));
    }
    let check = Invocation::cargo(
        "deny --workspace --all-features --locked check advisories --disable-fetch",
    );
    check
        .run(workspace)
        .map(|()| Verdict::Passed { notes: Vec::new() })
}
