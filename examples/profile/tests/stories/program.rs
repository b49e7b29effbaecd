//! `Program`: a server of a test's own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// Runs until the program is dropped, or this process ends: the shell then reads the end of its input. What the
/// program started, and did not end itself, is known by the directory in its arguments.
const SCRIPT: &str = r#"
    "$@" </dev/null &
    cat >/dev/null
    kill $!
    wait
    for process in $(grep -lF -- "$DIR" /proc/[0-9]*/cmdline); do
        id=${process#/proc/}
        id=${id%/cmdline}
        [ "$id" = $$ ] || kill -9 "$id"
    done
    rm -rf "$DIR"
"#;

#[derive(Debug)]
pub(crate) struct Program {
    shell: Child,
    /// The shell removes it, too: nobody else does for a process that was killed.
    dir: TempDir,
}

impl Program {
    /// Starts the first of these programs that is installed, with a directory for its files.
    pub(crate) fn start(names: &[&str], arguments: impl Fn(&Path) -> Vec<String>) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(find(names))
            .args(arguments(dir.path()))
            .env("DIR", dir.path())
            .env("TMPDIR", dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        Self { shell, dir }
    }

    /// The directory for its files.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The first line it says for which `of` has an answer.
    pub(crate) fn said<T>(&mut self, of: impl Fn(&str) -> Option<T>) -> T {
        let lines = BufReader::new(self.output()).lines();
        let mut answers = lines.map_while(Result::ok).filter_map(|line| of(&line));
        answers.next().expect("it ends without saying so")
    }

    fn output(&mut self) -> &mut ChildStdout {
        self.shell.stdout.as_mut().expect("its output")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Else it may wait for someone to read what it says.
        drop(self.shell.stdout.take());
        let _ = self.shell.wait();
    }
}

fn find(names: &[&str]) -> PathBuf {
    let program = names.iter().find_map(|name| which::which(name).ok());
    program.unwrap_or_else(|| {
        panic!("install {}, or run `cargo xtask test`", names.join(" or "));
    })
}
