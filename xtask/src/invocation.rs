//! A command as a value: it can be shown, repeated by hand, and run.

use std::fmt;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// A program with its arguments and the environment it needs.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    program: String,
    args: Vec<String>,
    envs: Vec<(&'static str, String)>,
    dir: Option<PathBuf>,
}

impl Invocation {
    pub(crate) fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            envs: Vec::new(),
            dir: None,
        }
    }

    /// A cargo command, its words separated by spaces.
    pub(crate) fn cargo(words: &str) -> Self {
        Self::new("cargo").args(words.split_whitespace())
    }

    pub(crate) fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.envs.push((name, value.into()));
        self
    }

    /// Run there, not in the workspace's root.
    pub(crate) fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// The command, ready to spawn.
    pub(crate) fn command(&self, workspace: &Workspace) -> Result<Command> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .current_dir(self.dir.as_deref().unwrap_or(workspace.root()))
            .env("PATH", workspace.search_path()?);
        // A step whose output we read along gets a pipe; it should look as it would without us.
        if std::env::var_os("CARGO_TERM_COLOR").is_none() && std::io::stdout().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        command.envs(self.envs.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// Run to the end with our own standard streams; anything but success is an error.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<()> {
        let status = self
            .command(workspace)?
            .status()
            .with_context(|| self.not_started())?;
        ensure!(status.success(), "`{self}` ended with {status}");
        Ok(())
    }

    /// Run to the end and return what it wrote to stdout; stderr is shown when it fails.
    pub(crate) fn read(&self, workspace: &Workspace) -> Result<String> {
        let output = self
            .command(workspace)?
            .output()
            .with_context(|| self.not_started())?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "`{self}` ended with {}\n{}",
            output.status,
            errors.trim_end()
        );
        String::from_utf8(output.stdout).with_context(|| format!("`{self}` wrote no UTF-8"))
    }

    pub(crate) fn not_started(&self) -> String {
        format!("`{}` could not be started; is it installed?", self.program)
    }
}

/// As one would type it in the workspace's root.
impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote =
            |word: &str| shlex::try_quote(word).map_or_else(|_| word.to_owned(), Into::into);
        for (name, value) in &self.envs {
            write!(f, "{name}={} ", quote(value))?;
        }
        f.write_str(&quote(&self.program))?;
        self.args
            .iter()
            .try_for_each(|arg| write!(f, " {}", quote(arg)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_as_a_shell_takes_it() {
        let invocation = Invocation::cargo("doc --no-deps")
            .env("RUSTDOCFLAGS", "-D warnings")
            .args(["a b"]);
        assert_eq!(
            invocation.to_string(),
            "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'a b'"
        );
    }
}
