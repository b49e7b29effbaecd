//! `cargo xtask test`.

use cargo_metadata::TargetKind;

use crate::apt;
use crate::check_consistency;
use crate::invocation::Invocation;
use crate::need::Need;
use crate::step::Step;
use crate::tool;
use crate::workspace::Workspace;

/// What building with every feature takes, and what the tests start.
pub(crate) const NEEDS: [Need; 6] = [
    Need::Package(&apt::C_COMPILER),
    Need::Package(&apt::PKG_CONFIG),
    Need::Package(&apt::LIBPQ),
    Need::Package(&apt::LIBMARIADB),
    Need::Package(&apt::POSTGRESQL),
    Need::Package(&apt::MARIADB),
];

pub(crate) fn steps(workspace: &Workspace) -> Vec<Step> {
    vec![
        quickstart(workspace),
        check_consistency::step(),
        doctests(),
        tests(),
    ]
}

/// The README's first command; it fails when a session read was stale.
fn quickstart(workspace: &Workspace) -> Step {
    let why = "the README's first command keeps its promise";
    let examples = workspace.targets(&TargetKind::Example);
    if examples.iter().any(|example| example.name == "quickstart") {
        let invocation = Invocation::cargo("run --locked --quiet --example quickstart");
        Step::run("quickstart", why, invocation).needs([Need::Package(&apt::C_COMPILER)])
    } else {
        Step::left_out("quickstart", why, "there is no example of that name")
    }
}

fn doctests() -> Step {
    let invocation = Invocation::cargo("test --workspace --all-features --locked --doc");
    Step::test("doctests", "the examples in the docs run", invocation).needs(NEEDS)
}

/// Everything else, ui cases included.
fn tests() -> Step {
    let invocation = Invocation::cargo("nextest run --workspace --all-features --locked");
    let plain = Invocation::cargo(
        "test --workspace --all-features --locked --no-fail-fast --lib --bins --tests",
    );
    Step::test("tests", "unit, integration and ui tests pass", invocation)
        .needs(NEEDS)
        .needs([Need::Tool(&tool::NEXTEST)])
        .without(&tool::NEXTEST, plain)
}
