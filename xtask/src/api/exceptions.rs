//! Items that need not keep a rule, each with its reason.

use anyhow::{Context, Result, ensure};

use super::DIR;
use crate::workspace::Workspace;

/// The lines of `exceptions.txt`.
#[derive(Debug)]
pub(super) struct Exceptions(Vec<Exception>);

#[derive(Debug)]
struct Exception {
    rule: String,
    pattern: String,
    is_used: bool,
}

impl Exceptions {
    pub(super) fn read(workspace: &Workspace) -> Result<Self> {
        Self::parse(&workspace.sh.read_file(format!("{DIR}/exceptions.txt"))?)
    }

    fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(Exception::parse).collect::<Result<_>>().map(Self)
    }

    /// Returns whether a line says so, and notes that it was of use.
    pub(super) fn allow(&mut self, rule: &str, path: &str) -> bool {
        let Self(lines) = self;
        let line = lines
            .iter_mut()
            .find(|line| line.rule == rule && matches(&line.pattern, path));
        line.is_some_and(|line| {
            line.is_used = true;
            true
        })
    }

    /// Returns what to say of lines that no item needed.
    pub(super) fn unused(self) -> Vec<String> {
        let unused = self.0.into_iter().filter(|line| !line.is_used);
        unused
            .map(|line| {
                let Exception { rule, pattern, .. } = line;
                format!("  {DIR}/exceptions.txt: no item needs `{rule} | {pattern}` any more")
            })
            .collect()
    }
}

impl Exception {
    fn parse(line: &str) -> Result<Self> {
        let mut parts = line.splitn(3, '|').map(str::trim);
        let mut part = || parts.next().filter(|part| !part.is_empty());
        let fields = part().zip(part()).zip(part());
        let ((rule, pattern), _reason) =
            fields.with_context(|| format!("`{line}` is not `rule | pattern | reason`"))?;
        ensure!(
            pattern.len() > 1,
            "`{line}` would be an exception for every item"
        );
        Ok(Self {
            rule: rule.to_owned(),
            pattern: pattern.to_owned(),
            is_used: false,
        })
    }
}

/// Returns whether a path is of a pattern, in which `*` stands for any text.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == path;
    };
    let Some(path) = path.strip_prefix(start) else {
        return false;
    };
    (0..=path.len()).any(|at| path.is_char_boundary(at) && matches(rest, &path[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, path) in [
            ("a::B", "a::B"),
            ("a::*", "a::B::c"),
            ("*::code", "a::code"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("a::B", "a::Bc"),
            ("*::code", "a::codes"),
            ("a::*::d", "a::d"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn a_line_without_a_reason_is_refused_and_one_without_use_is_named() {
        assert!(Exceptions::parse("example | a::B |").is_err());
        let mut exceptions = Exceptions::parse("# why\nsend | a::* | one thread's").unwrap();
        assert!(!exceptions.allow("sync", "a::B"));
        assert_eq!(exceptions.unused().len(), 1);
        exceptions = Exceptions::parse("send | a::* | one thread's").unwrap();
        assert!(exceptions.allow("send", "a::B"));
        assert!(exceptions.unused().is_empty());
    }
}
