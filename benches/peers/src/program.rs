//! A peer's program: started with a configuration, and gone with what it belongs to.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// Runs until it is dropped, or until this process ends, however that comes: the shell then reads the end of its input, and
/// ends all that the program has started, which is in the shell's own process group. First it asks: Pgpool-II, for one, would
/// leave its shared memory behind, 135 MB a time.
const SCRIPT: &str = "dir=$1; signal=$2; shift 2; { \"$@\" </dev/null & echo $! >\"$dir/pid\"; wait $!; echo >\"$dir/ended\"; } & \
                      cat >/dev/null; kill -s \"$signal\" \"$(cat \"$dir/pid\")\" 2>/dev/null; \
                      tries=0; while [ ! -e \"$dir/ended\" ] && [ $tries -lt 30 ]; do sleep 0.1; tries=$((tries + 1)); done; \
                      rm -rf \"$dir\"; kill -9 0";

/// The longest that a program may take until it accepts connections.
const START: Duration = Duration::from_secs(20);

/// A running program.
#[derive(Debug)]
pub(crate) struct Program {
    shell: Child,
    dir: TempDir,
}

/// A directory with a program's configuration, before its start.
#[derive(Debug)]
pub(crate) struct Setup {
    dir: TempDir,
    owner: (u32, u32),
}

impl Setup {
    /// Creates a directory that belongs to who owns `like`: these programs refuse to run as root, or should not.
    pub(crate) fn new(like: &Path) -> Result<Self> {
        let owner = fs::metadata(like)?;
        let this = Self {
            dir: tempfile::Builder::new().prefix("peers-").tempdir()?,
            owner: (owner.uid(), owner.gid()),
        };
        this.give(this.path(), 0o755)?;
        Ok(this)
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file; `{name}` in `text` is replaced by that name's value.
    pub(crate) fn write(
        &self,
        name: &str,
        text: &str,
        values: &[(&str, String)],
    ) -> Result<PathBuf> {
        let path = self.path().join(name);
        fs::write(&path, filled(text, values))?;
        self.give(&path, 0o600)?;
        Ok(path)
    }

    /// Starts a program, and waits until it accepts connections at `place`.
    pub(crate) fn start(self, program: &Path, args: &[&str], place: SocketAddr) -> Result<Program> {
        self.start_until("TERM", program, args, place)
    }

    /// Starts a program that the signal `stop` ends at once.
    pub(crate) fn start_until(
        self,
        stop: &str,
        program: &Path,
        args: &[&str],
        place: SocketAddr,
    ) -> Result<Program> {
        let log = self.path().join("output");
        let output = fs::File::create(&log)?;
        let mut command = Command::new("sh");
        if self.owner.0 != fs::metadata("/proc/self")?.uid() {
            command.uid(self.owner.0).gid(self.owner.1);
        }
        let shell = command
            .args(["-c", SCRIPT, "sh"])
            .arg(self.path())
            .arg(stop)
            .arg(program)
            .args(args)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("could not start a shell")?;
        let this = Program {
            shell,
            dir: self.dir,
        };
        let since = Instant::now();
        while TcpStream::connect(place).is_err() {
            if since.elapsed() > START || !this.is_running() {
                let said = fs::read_to_string(&log).unwrap_or_default();
                let last = said.lines().rev().find(|line| !line.trim().is_empty());
                bail!(
                    "{} did not start: {}",
                    program.display(),
                    last.unwrap_or("it said nothing")
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(this)
    }

    fn give(&self, path: &Path, mode: u32) -> Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        if fs::metadata(path)?.uid() != self.owner.0 {
            chown(path, Some(self.owner.0), Some(self.owner.1))?;
        }
        Ok(())
    }
}

impl Program {
    /// Returns the process whose descendants are the program's processes.
    pub(crate) fn pid(&self) -> u32 {
        self.shell.id()
    }

    fn is_running(&self) -> bool {
        !self.dir.path().join("ended").exists()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
        // The shell has removed what is in it; the directory's own parent is not the program's.
        let _ = fs::remove_dir_all(self.dir.path());
    }
}

/// Finds a program of Debian's, which may be where not everybody's PATH leads.
pub(crate) fn find(name: &str) -> Result<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let dirs = format!("{path}:/usr/sbin:/usr/local/sbin");
    which::which_in(name, Some(dirs), "/").with_context(|| format!("{name} is not installed"))
}

fn filled(text: &str, values: &[(&str, String)]) -> String {
    let mut text = text.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits until something is so; returns whether that came in time.
    fn comes_true(is_so: impl Fn() -> bool) -> bool {
        let since = Instant::now();
        while !is_so() {
            if since.elapsed() > START {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    #[test]
    fn names_in_braces_become_values_and_other_braces_stay() {
        let text = filled(
            "host={host} port={port} {other}",
            &[("host", "127.0.0.1".into()), ("port", "1".into())],
        );
        assert_eq!(text, "host=127.0.0.1 port=1 {other}");
    }

    #[test]
    fn a_program_that_ends_at_once_is_named_with_what_it_said() {
        let place = "127.0.0.1:1".parse().unwrap();
        let setup = Setup::new(&std::env::temp_dir()).unwrap();
        let error = setup
            .start(
                Path::new("/bin/sh"),
                &["-c", "echo no such option >&2"],
                place,
            )
            .unwrap_err();
        assert!(error.to_string().contains("no such option"), "{error}");
    }

    #[test]
    fn a_program_is_asked_to_end_and_has_the_time_to_clean_up() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let left = tempfile::NamedTempFile::new().unwrap();
        let script = format!(
            "trap 'sleep 0.2; echo cleaned >{0}; exit' TERM; echo ready >{0}; while :; do sleep 0.05; done",
            left.path().display()
        );
        let said = || fs::read_to_string(left.path()).unwrap();
        let setup = Setup::new(&std::env::temp_dir()).unwrap();
        let place = listener.local_addr().unwrap();
        let program = setup
            .start(Path::new("/bin/sh"), &["-c", &script], place)
            .unwrap();
        assert!(comes_true(|| said() == "ready\n"));
        drop(program);
        assert_eq!(said(), "cleaned\n");
    }

    #[test]
    fn a_dropped_program_takes_its_children_and_its_files_with_it() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let setup = Setup::new(&std::env::temp_dir()).unwrap();
        let dir = setup.path().to_owned();
        let program = setup
            .start(
                Path::new("/bin/sh"),
                &["-c", "sleep 1000 & wait"],
                listener.local_addr().unwrap(),
            )
            .unwrap();
        let group = program.pid().to_string();
        drop(program);
        assert!(!dir.exists());
        // What was killed is gone a moment later.
        assert!(comes_true(|| {
            let left = procfs::process::all_processes().unwrap().flatten();
            let mut left = left.filter_map(|process| process.stat().ok());
            !left.any(|stat| stat.pgrp.to_string() == group && stat.state != 'Z')
        }));
    }
}
