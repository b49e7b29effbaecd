use std::io;
use std::process::ExitStatus;

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::Deadline;
#[cfg(feature = "docker")]
use super::container::ContainerProcess;
use super::local::{self, LocalProcess};

/// A program that the kit has started: what the kit does to it, wherever it runs.
#[derive(Debug)]
pub(crate) enum ServerProcess {
    Local(LocalProcess),
    #[cfg(feature = "docker")]
    Container(Box<ContainerProcess>),
}

impl ServerProcess {
    /// Returns its id on this machine.
    pub(crate) fn pid(&self) -> Pid {
        match self {
            Self::Local(process) => process.pid(),
            #[cfg(feature = "docker")]
            Self::Container(process) => process.pid(),
        }
    }

    /// Its id as it sees it itself.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "of the servers, PostgreSQL's need it")
    )]
    pub(crate) fn own_pid(&self) -> Pid {
        match self {
            Self::Local(process) => process.pid(),
            #[cfg(feature = "docker")]
            Self::Container(process) => process.own_pid(),
        }
    }

    /// Returns how it ended, if it did.
    pub(crate) fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        match self {
            Self::Local(process) => process.status(),
            #[cfg(feature = "docker")]
            Self::Container(process) => Ok(process.status()),
        }
    }

    /// Signals the process itself; a frozen one gets it when it is thawed.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        match self {
            Self::Local(process) => process.signal(signal),
            #[cfg(feature = "docker")]
            Self::Container(process) => process.signal(signal),
        }
    }

    /// Stops the process and all its children. False when the time was up first.
    pub(crate) fn freeze(&self, deadline: Deadline) -> io::Result<bool> {
        match self {
            Self::Local(process) => process.freeze(deadline),
            #[cfg(feature = "docker")]
            Self::Container(process) => process.freeze().map(|()| true),
        }
    }

    /// Stops one child, `pid` as the process itself sees it. False when the time was up first.
    pub(crate) fn freeze_child(&self, pid: Pid, deadline: Deadline) -> io::Result<bool> {
        match self {
            Self::Local(_) => local::freeze(pid, deadline),
            #[cfg(feature = "docker")]
            Self::Container(process) => process.freeze_child(pid, deadline),
        }
    }

    /// Lets the process and all its children go on.
    pub(crate) fn thaw(&self) -> io::Result<()> {
        match self {
            Self::Local(process) => process.thaw(),
            #[cfg(feature = "docker")]
            Self::Container(process) => process.thaw(),
        }
    }

    /// Kills the process and all its children at once, as a power cut would. False when they were
    /// not gone in time.
    pub(crate) fn kill(&mut self, deadline: Deadline) -> io::Result<bool> {
        match self {
            Self::Local(process) => process.kill(deadline),
            #[cfg(feature = "docker")]
            Self::Container(process) => process.kill(deadline),
        }
    }
}
