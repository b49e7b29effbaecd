use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Deadline;
use super::process_table::{children, find, is_stopped, is_zombie};

/// A process of this machine and the children it forks.
#[derive(Debug)]
pub(crate) struct LocalProcess {
    child: Child,
    pid: Pid,
}

impl LocalProcess {
    /// Starts `command` with its output appended to `log`.
    pub(super) fn spawn(mut command: Command, log: &Path) -> io::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let errors = output.try_clone()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()?;
        let pid = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        Ok(Self { child, pid })
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Returns how it ended, if it did.
    pub(super) fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        send(self.pid, signal)
    }

    /// Stops the server and all its children. False when the time was up first.
    pub(super) fn freeze(&self, deadline: Deadline) -> io::Result<bool> {
        // The server first: a stopped one forks no more children.
        if !freeze(self.pid, deadline)? {
            return Ok(false);
        }
        for child in children(self.pid) {
            if !freeze(child, deadline)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Lets the server and all its children go on.
    pub(super) fn thaw(&self) -> io::Result<()> {
        for child in children(self.pid) {
            send(child, Signal::SIGCONT)?;
        }
        send(self.pid, Signal::SIGCONT)
    }

    /// Kills the server and all its children at once, as a power cut would. False when they
    /// were not gone in time.
    pub(super) fn kill(&mut self, deadline: Deadline) -> io::Result<bool> {
        if !freeze(self.pid, deadline)? {
            return Ok(false);
        }
        let all = children(self.pid);
        for &child in &all {
            send(child, Signal::SIGKILL)?;
        }
        send(self.pid, Signal::SIGKILL)?;
        self.child.wait()?;
        let gone = deadline.poll(|| {
            let mut left = all.iter().filter_map(|&pid| find(pid));
            io::Result::Ok(left.all(|process| is_zombie(&process)).then_some(()))
        })?;
        Ok(gone.is_some())
    }
}

impl Drop for LocalProcess {
    fn drop(&mut self) {
        // Usually it has ended, and this asks for its status, so that no zombie stays.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stops one process and waits until it has stopped or ended.
pub(super) fn freeze(pid: Pid, deadline: Deadline) -> io::Result<bool> {
    send(pid, Signal::SIGSTOP)?;
    let stopped = deadline.poll(|| {
        let settled = find(pid).is_none_or(|process| is_stopped(&process) || is_zombie(&process));
        io::Result::Ok(settled.then_some(()))
    })?;
    Ok(stopped.is_some())
}

/// Sends a signal; a process that has ended in the meantime is no error.
fn send(pid: Pid, signal: Signal) -> io::Result<()> {
    match kill(pid, signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
