//! `cargo xtask completion`: does rust-analyzer complete in bodies under `#[consistency(..)]`, as they are while being written?

mod server;

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use self::server::Server;
use crate::step::Step;
use crate::workspace::Workspace;

/// A crate in which each comment after a dot stands at a cursor, and has the words that must be among the completions there.
const SAMPLE: &str = include_str!("../sample/completion.txt");

const MANIFEST: &str = r#"[package]
name = "completion"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
diesel = { version = "~2.3.9", default-features = false }
diesel-async = { version = "~0.9.2", default-features = false }
diesel-routing = { path = '{root}' }

[workspace]
"#;

pub(crate) fn step<'a>() -> Step<'a> {
    Step::new(
        "completion",
        "rust-analyzer completes in annotated bodies, whatever is missing there",
    )
    .check(check)
}

/// A place where a user would ask.
#[derive(Debug, PartialEq, Eq)]
struct Cursor<'a> {
    line: usize,
    column: usize,
    expected: Vec<&'a str>,
}

fn check(workspace: &Workspace) -> Result<Option<String>> {
    let sh = &workspace.sh;
    let version = cmd!(sh, "rust-analyzer --version").quiet();
    if version.ignore_stdout().ignore_stderr().run().is_err() {
        let remedy = "rust-analyzer is not installed: `rustup component add rust-analyzer` does it";
        return Ok(Some(remedy.to_owned()));
    }
    // Where there is none, it would install the component, with which the compiler's messages quote std.
    let Some(sources) = std_sources(workspace)? else {
        let remedy = "the sources of std are neither in the toolchain (`rustup component add rust-src`) nor at RUST_SRC_PATH";
        return Ok(Some(remedy.to_owned()));
    };
    let dir = workspace.target("completion");
    let root = workspace.root().display().to_string();
    sh.write_file(dir.join("Cargo.toml"), MANIFEST.replace("{root}", &root))?;
    sh.copy_file(workspace.root().join("Cargo.lock"), dir.join("Cargo.lock"))?;
    sh.write_file(dir.join("src/lib.rs"), SAMPLE)?;
    let mut server = Server::start(&dir, &workspace.target("rust-analyzer"), &sources)?;
    server.open(&dir.join("src/lib.rs"), SAMPLE)?;
    let mut missing = Vec::new();
    for cursor in cursors(SAMPLE) {
        let found = server.complete(cursor.line, cursor.column)?;
        let lacks = |word: &&&str| !found.iter().any(|label| label == **word);
        let lacking: Vec<_> = cursor.expected.iter().filter(lacks).collect();
        println!("line {}: {} completions", cursor.line + 1, found.len());
        if !lacking.is_empty() {
            missing.push(format!(
                "line {}: {lacking:?} of {found:?}",
                cursor.line + 1
            ));
        }
    }
    ensure!(
        missing.is_empty(),
        "completions are missing:\n{}",
        missing.join("\n")
    );
    Ok(None)
}

/// Returns the directory `library` of Rust's sources.
fn std_sources(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let sysroot = cmd!(workspace.sh, "rustc --print sysroot").quiet().read()?;
    let installed = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    let mut candidates = env::var_os("RUST_SRC_PATH")
        .map(PathBuf::from)
        .into_iter()
        .chain([installed]);
    Ok(candidates.find(|dir| dir.join("core").is_dir()))
}

fn cursors(text: &str) -> Vec<Cursor<'_>> {
    let lines = text.lines().enumerate();
    let cursors = lines.filter_map(|(line, text)| {
        let (before, rest) = text.split_once("/*")?;
        let (words, _) = rest.split_once("*/")?;
        let (column, expected) = (before.len(), words.split(' ').collect());
        Some(Cursor {
            line,
            column,
            expected,
        })
    });
    cursors.collect()
}

/// Returns the name of a completion, without what is said of it: `load(as RunQueryDsl)`.
fn name(label: &str) -> &str {
    label.split(['(', ' ']).next().unwrap_or(label)
}

/// Returns a path as a URI.
fn uri(path: &Path) -> Result<String> {
    let path = path
        .to_str()
        .context("the target directory's name is no Unicode")?;
    Ok(format!(
        "file://{}",
        path.replace('%', "%25").replace(' ', "%20")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comment_is_a_cursor_with_its_words() {
        let expected = vec!["route", "snapshot"];
        let cursor = Cursor {
            line: 1,
            column: 9,
            expected,
        };
        assert_eq!(
            cursors("fn a() {\n    conn./*route snapshot*/\n}"),
            [cursor]
        );
        assert_eq!(cursors(SAMPLE).len(), 7);
    }

    #[test]
    fn a_completion_s_name_is_its_first_word() {
        assert_eq!(name("filter(alias where) (as QueryDsl)"), "filter");
        assert_eq!(name("route"), "route");
    }
}
