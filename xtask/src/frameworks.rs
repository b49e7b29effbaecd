//! The workspace of what is made for frameworks: `cargo xtask test --frameworks`, and its part of `tidy`.

use xshell::{Cmd, cmd};

use crate::need::{BUILD, HACK, NEXTEST};
use crate::project::{FRAMEWORKS, FRAMEWORKS_DENY, FRAMEWORKS_LIBRARIES};
use crate::step::Step;
use crate::workspace::Workspace;

pub(crate) fn steps(workspace: &Workspace) -> Vec<Step<'_>> {
    let sh = &workspace.sh;
    // In the directory of the main workspace: they have most dependencies in common.
    let target = workspace.target("");
    vec![
        Step::new("frameworks", "users see what they have written, on each framework")
            .needs(BUILD)
            .needs([NEXTEST])
            .test(cmd!(
                sh,
                "cargo nextest run --manifest-path {FRAMEWORKS} --target-dir {target} --workspace --locked"
            )),
        Step::new("frameworks-doctests", "the examples in the docs for frameworks run")
            .needs(BUILD)
            .test(cmd!(
                sh,
                "cargo test --manifest-path {FRAMEWORKS} --target-dir {target} --workspace --locked --doc"
            )),
        Step::new("frameworks-clippy", "no warning in any target").needs(BUILD).run(cmd!(
            sh,
            "cargo clippy --manifest-path {FRAMEWORKS} --target-dir {target} --workspace --all-targets --locked -- -D warnings"
        )),
        Step::new("frameworks-docs", "no broken link, no item without docs").needs(BUILD).run(cmd!(
            sh,
            "env RUSTDOCFLAGS=-Dwarnings cargo doc --manifest-path {FRAMEWORKS} --target-dir {target} --workspace --lib --no-deps --locked"
        )),
        Step::new("frameworks-msrv", "the published ones build with the oldest Rust we promise")
            .needs(BUILD)
            .needs([HACK])
            .check(crate::tidy::install_oldest_toolchain)
            .run(
                cmd!(sh, "cargo hack check --rust-version --manifest-path {FRAMEWORKS} --target-dir {target} --lib --locked")
                    .args(FRAMEWORKS_LIBRARIES.split(' ')),
            ),
    ]
}

pub(crate) fn fmt(workspace: &Workspace) -> Cmd<'_> {
    cmd!(
        workspace.sh,
        "cargo fmt --manifest-path {FRAMEWORKS} --all --check"
    )
}

/// Returns the check of its dependencies, by rules of its own.
pub(crate) fn deny(workspace: &Workspace) -> Cmd<'_> {
    cmd!(
        workspace.sh,
        "cargo deny --manifest-path {FRAMEWORKS} --workspace --all-features --locked --config {FRAMEWORKS_DENY} check"
    )
}
