//! What the published libraries show: their public items, held against the lists in `docs/api`.
//!
//! rustdoc writes what it knows as JSON, in the run that checks the docs; its format depends on the compiler.

mod examples;
mod exceptions;
mod items;
mod lists;
mod traits;

use std::env;
use std::fs::File;
use std::io::BufReader;

use anyhow::{Context, Result, ensure};
use rustdoc_types::Crate;
use xshell::cmd;

use self::exceptions::Exceptions;
use self::items::PublicItem;
use crate::project::{DOCTESTED_PAGES, LISTED_BY, LISTED_LIBRARIES};
use crate::workspace::Workspace;

/// The directory of the lists.
const DIR: &str = "docs/api";

/// The environment variable that has the lists written anew.
const OVERWRITE: &str = "API_LISTS";

/// Returns why the lists can't be compared on this machine: each compiler has its own words for some items.
pub(crate) fn is_readable(workspace: &Workspace) -> Result<Option<String>> {
    let version = cmd!(workspace.sh, "rustc --version").quiet().read()?;
    let known = version.starts_with(&format!("rustc {LISTED_BY}."));
    Ok((!known).then(|| format!("the lists are by Rust {LISTED_BY}, and this is {version}")))
}

/// Compares the public items with the lists, and holds each to our rules.
///
/// # Errors
///
/// Names the lists that are not current, and the items that break a rule.
pub(crate) fn check(workspace: &Workspace) -> Result<Option<String>> {
    let mut exceptions = Exceptions::read(workspace)?;
    let pages = DOCTESTED_PAGES.map(|page| workspace.sh.read_file(page));
    let pages = pages.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (mut stale, mut faults) = (Vec::new(), Vec::new());
    for package in LISTED_LIBRARIES {
        let docs = read(workspace, package)?;
        let items = items::public(&docs);
        for (name, list) in lists::of(workspace, package, &docs, &items)? {
            stale.extend(compare(workspace, &name, &list)?);
        }
        faults.extend(breaches(&docs, &items, &pages, &mut exceptions));
    }
    faults.extend(exceptions.unused());
    ensure!(
        faults.is_empty(),
        "{} of the public items break a rule of {DIR}/README.md:\n{}",
        faults.len(),
        faults.join("\n")
    );
    ensure!(
        stale.is_empty(),
        "the public API is not as listed: review what changed, then write the lists anew with \
         `{OVERWRITE}=overwrite cargo xtask tidy --only api`\n{}",
        stale.join("\n")
    );
    Ok(None)
}

/// Returns the path of the file that rustdoc wrote of a package.
pub(crate) fn json(workspace: &Workspace, package: &str) -> std::path::PathBuf {
    workspace.target(&format!("doc/{}.json", package.replace('-', "_")))
}

fn read(workspace: &Workspace, package: &str) -> Result<Crate> {
    let path = json(workspace, package);
    let file = File::open(&path).with_context(|| format!("{} is not there", path.display()))?;
    serde_json::from_reader(BufReader::new(file))
        .with_context(|| format!("{} could not be read", path.display()))
}

/// Returns the first lines in which a list differs from its file; writes the file instead when asked to.
fn compare(workspace: &Workspace, name: &str, list: &str) -> Result<Option<String>> {
    let path = format!("{DIR}/{name}");
    let old = workspace.sh.read_file(&path).unwrap_or_default();
    if old == list {
        return Ok(None);
    }
    if env::var(OVERWRITE).is_ok_and(|wish| wish == "overwrite") {
        workspace.sh.write_file(&path, list)?;
        println!("{path} is written anew");
        return Ok(None);
    }
    let only_in = |these: &str, those: &str, sign: &str| {
        let those: std::collections::HashSet<_> = those.lines().collect();
        let lines = these.lines().filter(|line| !those.contains(line));
        lines
            .take(20)
            .map(|line| format!("\n  {sign} {line}"))
            .collect::<String>()
    };
    let (gone, new) = (only_in(&old, list, "-"), only_in(list, &old, "+"));
    Ok(Some(format!("{path}:{gone}{new}")))
}

fn breaches(
    docs: &Crate,
    items: &[PublicItem<'_>],
    pages: &[String],
    exceptions: &mut Exceptions,
) -> Vec<String> {
    let examples = examples::Examples::of(docs, items, pages);
    let mut faults = Vec::new();
    for item in items {
        let mut require = |holds: bool, rule: &str, words: &str| {
            if !holds && !exceptions.allow(rule, &item.path) {
                faults.push(format!("  {rule}: {} {words}", item.path));
            }
        };
        require(
            examples.show(item),
            "example",
            "has no example, and none of the package's examples shows it",
        );
        require(
            item.gates.is_empty() || !item.labels().is_empty(),
            "label",
            "is there with an internal feature: say with `doc(cfg(..))` which public ones bring it",
        );
        if item.is_type() {
            let traits = traits::of(docs, item.item);
            for (rule, name) in [("send", "Send"), ("sync", "Sync"), ("debug", "Debug")] {
                let has = traits
                    .iter()
                    .any(|known| known.trim_end_matches('?') == name);
                require(has, rule, "does not implement it");
            }
        }
    }
    faults
}
