//! The docs as docs.rs builds them: with every feature, and labels that say which items need one.

use anyhow::{Result, ensure};
use xshell::{Cmd, cmd};

use crate::need::BUILD;
use crate::project::{LABELS, LISTED_LIBRARIES};
use crate::step::Step;
use crate::workspace::Workspace;

/// Builds the docs of the workspace, those of the packages in `json` as data.
///
/// With the examples, for which dependencies have the features that Clippy has just seen them with.
pub(crate) fn command<'a>(workspace: &'a Workspace, json: &[&str]) -> Cmd<'a> {
    let command = cmd!(
        workspace.sh,
        "cargo doc --workspace --lib --examples --all-features --no-deps --locked"
    );
    with_rustdoc(workspace, command, json)
}

/// Has it build with our `rustdoc.sh`, which alone sees unstable options: for the compiler, dependencies stay what they are.
fn with_rustdoc<'a>(workspace: &Workspace, command: Cmd<'a>, json: &[&str]) -> Cmd<'a> {
    let json: Vec<_> = json.iter().map(|name| name.replace('-', "_")).collect();
    command
        .env("RUSTDOC", workspace.root().join("xtask/rustdoc.sh"))
        .env("RUSTDOCFLAGS", "-Dwarnings -Zunstable-options --cfg docsrs")
        .env("XTASK_JSON", json.join(" "))
}

/// Returns the step of `cargo xtask docs-rs`.
pub(crate) fn as_docs_rs(workspace: &Workspace) -> Step<'_> {
    let packages = LISTED_LIBRARIES
        .iter()
        .flat_map(|package| ["--package", package]);
    let command = cmd!(
        workspace.sh,
        "cargo doc --lib --all-features --no-deps --locked"
    );
    Step::new("docs-rs", "items that need a feature say so")
        .needs(BUILD)
        .check(forget)
        .run(with_rustdoc(workspace, command.args(packages), &[]))
        .review(review)
}

/// Removes the pages: the same command may have made data of them, and cargo would take that for the result.
fn forget(workspace: &Workspace) -> Result<Option<String>> {
    for package in LISTED_LIBRARIES {
        let pages = workspace.target(&format!("doc/{}", package.replace('-', "_")));
        workspace.sh.remove_path(pages)?;
    }
    Ok(None)
}

fn review(workspace: &Workspace) -> Result<Option<String>> {
    let mut missing = Vec::new();
    for (page, label) in LABELS {
        let html = workspace
            .sh
            .read_file(workspace.target(&format!("doc/{page}")))?;
        if !labels(&html).contains(&label.to_owned()) {
            missing.push(format!("{page}: {label}, of {:?}", labels(&html)));
        }
    }
    ensure!(
        missing.is_empty(),
        "labels are missing:\n{}",
        missing.join("\n")
    );
    Ok(None)
}

/// Returns the conditions of a page and of the items on it, as readers see them.
fn labels(html: &str) -> Vec<String> {
    let labels = html.split("Available on <strong>").skip(1);
    let labels = labels.filter_map(|rest| rest.split_once("</strong>"));
    labels
        .map(|(label, _)| label.split('<').map(after_tag).collect())
        .collect()
}

fn after_tag(text: &str) -> &str {
    text.split_once('>').map_or(text, |(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_without_their_markup() {
        let html = "<p>Available on <strong>crate features <code>edge</code> and <code>tower</code></strong> only.</p>";
        assert_eq!(labels(html), ["crate features edge and tower"]);
    }
}
