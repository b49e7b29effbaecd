//! Our own look at the files git tracks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::invocation::Invocation;
use crate::step::Verdict;
use crate::workspace::Workspace;

/// More lines than this and a file has more than one subject.
const MAX_LINES: usize = 500;

/// Macros that mark unfinished work; split, or this file would find itself.
const LEFTOVERS: [&str; 3] = [
    concat!("todo", "!("),
    concat!("dbg", "!("),
    concat!("unimplemented", "!("),
];

/// Directories that every machine has: a mention of them gives nothing away.
const COMMON_DIRS: [&str; 10] = [
    "/",
    "/tmp",
    "/var/tmp",
    "/home",
    "/usr",
    "/usr/src",
    "/usr/local",
    "/opt",
    "/srv",
    "/mnt",
];

/// Leftovers and paths of this machine are errors; long files are notes.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict> {
    let private = private_dirs(workspace.root(), std::env::home_dir());
    let listed = Invocation::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .read(workspace)?;

    let (mut errors, mut notes) = (Vec::new(), Vec::new());
    for name in listed.split_terminator('\0') {
        // Not text, a link to a directory, or deleted and not committed yet.
        let Ok(text) = fs::read_to_string(workspace.root().join(name)) else {
            continue;
        };
        let is_rust = name.ends_with(".rs");
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(found) = private.iter().find(|dir| mentions(line, dir)) {
                errors.push(format!("{name}:{number}: a path of this machine: {found}"));
            }
            if let Some(found) = LEFTOVERS
                .iter()
                .find(|leftover| is_rust && line.contains(**leftover))
            {
                errors.push(format!("{name}:{number}: left over: {found}..)"));
            }
        }
        let lines = text.lines().count();
        if is_rust && lines > MAX_LINES {
            notes.push(format!(
                "{name} has {lines} lines; {MAX_LINES} is the ceiling"
            ));
        }
    }
    if errors.is_empty() {
        Ok(Verdict::Passed { notes })
    } else {
        bail!("\n{}", errors.join("\n"))
    }
}

/// The checkout, the directory above it and the home directory.
fn private_dirs(root: &Path, home: Option<PathBuf>) -> Vec<String> {
    let dirs = [
        Some(root.to_owned()),
        root.parent().map(Path::to_owned),
        home,
    ];
    let dirs = dirs
        .into_iter()
        .flatten()
        .filter(|dir| !COMMON_DIRS.iter().any(|common| dir == Path::new(common)));
    dirs.map(|dir| dir.display().to_string()).collect()
}

/// Whether `line` names `dir` or something in it, and not a longer path that merely ends so.
fn mentions(line: &str, dir: &str) -> bool {
    line.match_indices(dir).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = &line[start + dir.len()..];
        !before.is_some_and(|c| c.is_alphanumeric() || "._-/".contains(c)) && after.starts_with('/')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_the_checkout_is_found() {
        assert!(mentions("see /ci/repo/src/lib.rs", "/ci/repo"));
        assert!(mentions("path = \"/ci/repo/\"", "/ci/repo"));
    }

    #[test]
    fn a_relative_path_with_the_same_words_is_not_one() {
        assert!(!mentions("see docs/ci/repo/src", "/ci/repo"));
        assert!(!mentions("/ci/repository/src", "/ci/repo"));
    }

    #[test]
    fn directories_that_every_machine_has_are_not_private() {
        let dirs = private_dirs(Path::new("/tmp/checkout"), Some(PathBuf::from("/")));
        assert_eq!(dirs, ["/tmp/checkout"]);
    }
}
