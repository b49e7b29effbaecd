use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::{Deadline, Failure, Host, ServerError, ServerProcess, tail};

/// A server that the kit starts and ends: its name, its log, and its process while it has one.
#[derive(Debug)]
pub(crate) struct Supervised {
    name: String,
    log: PathBuf,
    host: Host,
    /// For every step that names no limit of its own.
    limit: Duration,
    process: Mutex<Option<ServerProcess>>,
}

impl Supervised {
    /// Makes a server with its log in `dir`, and without a process.
    pub(crate) fn new(
        name: String,
        dir: &Path,
        host: Host,
        limit: Duration,
    ) -> Result<Self, ServerError> {
        let log = dir.join(format!("{name}.log"));
        File::create(&log).map_err(ServerError::io("create", &log))?;
        Ok(Self {
            name,
            log,
            host,
            limit,
            process: Mutex::new(None),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn log_tail(&self) -> String {
        tail(&self.log)
    }

    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.limit)
    }

    /// Returns whether it runs, frozen or not.
    pub(crate) fn is_running(&self) -> bool {
        is_running(&mut self.process())
    }

    /// Returns the process's id, if it was started and not stopped since.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process()
            .as_ref()
            .and_then(|process| u32::try_from(process.pid().as_raw()).ok())
    }

    /// Starts what `command` returns, without waiting for it; nothing when it runs.
    pub(crate) fn launch(
        &self,
        command: impl FnOnce() -> Result<Command, ServerError>,
    ) -> Result<(), ServerError> {
        let mut slot = self.process();
        if is_running(&mut slot) {
            return Ok(());
        }
        let process = self
            .host
            .spawn(command()?, &self.log)
            .map_err(ServerError::io("start the server of", &self.name))?;
        *slot = Some(process);
        Ok(())
    }

    /// Waits until `is_ready`; an error as soon as the process ends.
    pub(crate) fn wait_ready(
        &self,
        is_ready: impl Fn(&ServerProcess) -> bool,
    ) -> Result<(), ServerError> {
        const STEP: &str = "its start";
        let ready = self.deadline().poll(|| {
            let mut slot = self.process();
            let process = slot.as_mut().ok_or_else(|| self.not_running(STEP))?;
            match process
                .status()
                .map_err(ServerError::io("wait for", &self.name))?
            {
                None => Ok(is_ready(process).then_some(())),
                Some(status) => {
                    *slot = None;
                    Err(ServerError::Exited {
                        node: self.name.clone(),
                        step: STEP,
                        status,
                        log: self.log_tail(),
                    })
                }
            }
        })?;
        ready.ok_or_else(|| self.timeout(STEP))
    }

    /// Signals the process and waits for its end; nothing when it is down.
    pub(crate) fn stop(&self, signal: Signal) -> Result<(), ServerError> {
        let mut slot = self.process();
        let Some(process) = slot.as_mut() else {
            return Ok(());
        };
        process
            .signal(signal)
            .map_err(ServerError::io("signal", &self.name))?;
        self.deadline()
            .poll(|| process.status())
            .map_err(ServerError::io("wait for", &self.name))?
            .ok_or_else(|| self.timeout("a clean stop"))?;
        *slot = None;
        Ok(())
    }

    /// Kills the process and its children at once; nothing when it is down.
    pub(crate) fn kill(&self) -> Result<(), ServerError> {
        let mut slot = self.process();
        let Some(process) = slot.as_mut() else {
            return Ok(());
        };
        let gone = process
            .kill(self.deadline())
            .map_err(ServerError::io("kill", &self.name))?;
        if !gone {
            return Err(self.timeout("the end of its processes"));
        }
        *slot = None;
        Ok(())
    }

    pub(crate) fn freeze(&self) -> Result<(), ServerError> {
        let slot = self.process();
        let process = slot.as_ref().ok_or_else(|| self.not_running("freeze"))?;
        let frozen = process
            .freeze(self.deadline())
            .map_err(ServerError::io("freeze", &self.name))?;
        if frozen {
            Ok(())
        } else {
            Err(self.timeout("its freeze"))
        }
    }

    /// Stops one child of the process; `pid` is what the server calls it.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "of the servers, PostgreSQL's need it")
    )]
    pub(crate) fn freeze_child(&self, pid: i32) -> Result<(), ServerError> {
        let slot = self.process();
        let process = slot.as_ref().ok_or_else(|| self.not_running("freeze"))?;
        let frozen = process
            .freeze_child(Pid::from_raw(pid), self.deadline())
            .map_err(ServerError::io("freeze a process of", &self.name))?;
        if frozen {
            Ok(())
        } else {
            Err(self.timeout("the freeze of a process"))
        }
    }

    pub(crate) fn thaw(&self) -> Result<(), ServerError> {
        let slot = self.process();
        let process = slot.as_ref().ok_or_else(|| self.not_running("thaw"))?;
        process.thaw().map_err(ServerError::io("thaw", &self.name))
    }

    /// Signals the process itself, if there is one.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "of the servers, PostgreSQL's need it")
    )]
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), ServerError> {
        match self.process().as_ref() {
            Some(process) => process
                .signal(signal)
                .map_err(ServerError::io("signal", &self.name)),
            None => Ok(()),
        }
    }

    pub(crate) fn timeout(&self, step: &'static str) -> ServerError {
        self.timeout_after(step, self.limit)
    }

    pub(crate) fn not_running(&self, step: &'static str) -> ServerError {
        ServerError::NotRunning {
            node: self.name.clone(),
            step,
        }
    }

    pub(crate) fn refused(&self, step: &'static str, reason: impl Into<String>) -> ServerError {
        ServerError::Refused {
            node: self.name.clone(),
            step,
            reason: reason.into(),
        }
    }

    /// Returns the error for a conversation with it that failed.
    pub(crate) fn failed(
        &self,
        failure: Failure,
        step: &'static str,
        deadline: Deadline,
    ) -> ServerError {
        match failure {
            Failure::TimedOut => self.timeout_after(step, deadline.limit),
            Failure::Refused(source) => ServerError::Sql {
                node: self.name.clone(),
                step,
                source,
            },
        }
    }

    pub(crate) fn timeout_after(&self, step: &'static str, limit: Duration) -> ServerError {
        ServerError::Timeout {
            node: self.name.clone(),
            step,
            limit,
            log: self.log_tail(),
        }
    }

    fn process(&self) -> MutexGuard<'_, Option<ServerProcess>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_running(slot: &mut Option<ServerProcess>) -> bool {
    slot.as_mut()
        .is_some_and(|process| matches!(process.status(), Ok(None)))
}
