use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Command;
#[cfg(feature = "docker")]
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "docker")]
use super::container::Containers;
use super::local::LocalProcess;
use super::{Deadline, ServerError, ServerProcess, tail};

/// The place where the programs of a cluster run. Their files are on this machine either way.
#[derive(Debug, Clone)]
pub(crate) enum Host {
    /// As processes of this machine.
    Local,
    /// In containers on this machine, one each.
    #[cfg(feature = "docker")]
    Containers(Arc<Containers>),
}

impl Host {
    /// Set if what a process leaves in the kernel goes with it, and its ids mean nothing here.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "of the servers, PostgreSQL's need it")
    )]
    pub(crate) fn is_container(&self) -> bool {
        match self {
            Self::Local => false,
            #[cfg(feature = "docker")]
            Self::Containers(_) => true,
        }
    }

    /// Starts `command` with its output appended to `log`.
    pub(crate) fn spawn(&self, command: Command, log: &Path) -> io::Result<ServerProcess> {
        match self {
            Self::Local => LocalProcess::spawn(command, log).map(ServerProcess::Local),
            #[cfg(feature = "docker")]
            Self::Containers(containers) => containers
                .spawn(&command, log)
                .map(|process| ServerProcess::Container(Box::new(process))),
        }
    }

    /// Runs one of a server's programs to its end, its output in `log`.
    pub(crate) fn run(
        &self,
        name: &'static str,
        command: Command,
        log: &Path,
        limit: Duration,
    ) -> Result<(), ServerError> {
        File::create(log).map_err(ServerError::io("create", log))?;
        let mut process = self
            .spawn(command, log)
            .map_err(ServerError::io("run", name))?;
        let ended = Deadline::after(limit)
            .poll(|| process.status())
            .map_err(ServerError::io("wait for", name))?;
        match ended {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(ServerError::Program {
                program: name,
                status,
                output: tail(log),
            }),
            // Dropping the process kills it.
            None => Err(ServerError::Timeout {
                node: name.into(),
                step: "its run",
                limit,
                log: tail(log),
            }),
        }
    }
}
