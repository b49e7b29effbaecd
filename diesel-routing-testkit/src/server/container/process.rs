use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_core::Stream;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error as BollardError;
use testcontainers::bollard::exec::{CreateExecOptions, StartExecOptions};
use testcontainers::bollard::query_parameters::KillContainerOptionsBuilder;
use testcontainers::{ContainerAsync, GenericImage};

use super::Engine;
use crate::server::Deadline;

/// The time limit of a command inside that has nothing to wait for.
const EXECUTION: Duration = Duration::from_secs(30);

/// A container: its first process, and the children that forks.
pub(crate) struct ContainerProcess {
    engine: Engine,
    /// `None` only while it is dropped.
    container: Option<ContainerAsync<GenericImage>>,
    id: String,
    pid: Pid,
    ended: Arc<OnceLock<i64>>,
    pause: Mutex<Pause>,
}

#[derive(Debug, Default)]
struct Pause {
    /// The whole container.
    all: bool,
    /// Some of its processes.
    some: bool,
    /// Signals that came in the meantime: the engine would thaw the container to deliver them.
    pending: Vec<Signal>,
}

impl ContainerProcess {
    pub(super) fn new(engine: Engine, container: ContainerAsync<GenericImage>, pid: Pid) -> Self {
        let id = container.id().to_owned();
        let ended = Arc::new(OnceLock::new());
        engine.spawn({
            let (id, ended) = (id.clone(), Arc::clone(&ended));
            async move |docker| {
                let _ = ended.set(end_of(&docker, &id).await);
            }
        });
        Self {
            engine,
            container: Some(container),
            id,
            pid,
            ended,
            pause: Mutex::default(),
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn own_pid(&self) -> Pid {
        Pid::from_raw(1)
    }

    pub(crate) fn status(&self) -> Option<ExitStatus> {
        let code = i32::try_from(*self.ended.get()?).unwrap_or(i32::MAX);
        // As `wait` has it: the code is the second byte.
        Some(ExitStatus::from_raw((code & 0xff) << 8))
    }

    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        let mut pause = self.pause();
        if pause.all {
            pause.pending.push(signal);
            return Ok(());
        }
        self.send(signal)
    }

    pub(crate) fn freeze(&self) -> io::Result<()> {
        let mut pause = self.pause();
        if !pause.all {
            let id = self.id.clone();
            self.engine
                .run(async move |docker| docker.pause_container(&id).await)?;
            pause.all = true;
        }
        Ok(())
    }

    pub(crate) fn freeze_child(&self, pid: Pid, deadline: Deadline) -> io::Result<bool> {
        let script = format!(
            "kill -STOP {pid} && until grep -q '^State:[[:space:]]*[TZX]' /proc/{pid}/status || \
             ! [ -d /proc/{pid} ]; do sleep 0.01; done"
        );
        self.pause().some = true;
        self.execute(script, deadline)
    }

    pub(crate) fn thaw(&self) -> io::Result<()> {
        let mut pause = self.pause();
        if pause.all {
            let id = self.id.clone();
            self.engine
                .run(async move |docker| docker.unpause_container(&id).await)?;
            pause.all = false;
        }
        if pause.some {
            self.execute("kill -CONT -1".to_owned(), Deadline::after(EXECUTION))?;
            pause.some = false;
        }
        for signal in std::mem::take(&mut pause.pending) {
            self.send(signal)?;
        }
        Ok(())
    }

    pub(crate) fn kill(&self, deadline: Deadline) -> io::Result<bool> {
        // A frozen container takes this one before it runs again.
        self.send(Signal::SIGKILL)?;
        let gone = deadline.poll(|| io::Result::Ok(self.ended.get()))?;
        Ok(gone.is_some())
    }

    /// Sends a signal; a container that has ended in the meantime is no error.
    fn send(&self, signal: Signal) -> io::Result<()> {
        const GONE: u16 = 404;
        const ENDED: u16 = 409;
        let id = self.id.clone();
        self.engine.run(async move |docker| {
            let options = KillContainerOptionsBuilder::new()
                .signal(signal.as_str())
                .build();
            match docker.kill_container(&id, Some(options)).await {
                Err(BollardError::DockerResponseServerError {
                    status_code: GONE | ENDED,
                    ..
                }) => Ok(()),
                other => other,
            }
        })
    }

    /// Runs a shell script inside. False when it was not done in time.
    fn execute(&self, script: String, deadline: Deadline) -> io::Result<bool> {
        let id = self.id.clone();
        let execution = self.engine.run(async move |docker| {
            let command = vec!["sh".to_owned(), "-c".to_owned(), script];
            let options = CreateExecOptions {
                cmd: Some(command),
                ..Default::default()
            };
            let execution = docker.create_exec(&id, options).await?.id;
            let options = StartExecOptions {
                detach: true,
                ..Default::default()
            };
            docker.start_exec(&execution, Some(options)).await?;
            Ok::<_, BollardError>(execution)
        })?;
        let code = deadline.poll(|| {
            let execution = execution.clone();
            self.engine
                .run(async move |docker| docker.inspect_exec(&execution).await)
                .map(|found| (found.running == Some(false)).then_some(found.exit_code))
        })?;
        match code {
            None => Ok(false),
            Some(Some(0)) => Ok(true),
            Some(code) => Err(io::Error::other(format!(
                "a command in its container ended with {code:?}"
            ))),
        }
    }

    fn pause(&self) -> MutexGuard<'_, Pause> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ContainerProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContainerProcess")
            .field("id", &self.id)
            .field("pid", &self.pid)
            .field("ended", &self.ended)
            .field("pause", &self.pause)
            .finish_non_exhaustive()
    }
}

impl Drop for ContainerProcess {
    fn drop(&mut self) {
        if let Some(container) = self.container.take() {
            // What stays is removed by its label.
            let _ = self.engine.run(async move |_| container.rm().await);
        }
    }
}

/// Waits until the container has ended: its exit code.
async fn end_of(docker: &Docker, id: &str) -> i64 {
    /// The exit code reported for a program without a status of its own.
    const UNKNOWN: i64 = 255;
    let mut answers = pin!(docker.wait_container(id, None));
    match poll_fn(|context| answers.as_mut().poll_next(context)).await {
        Some(Ok(answer)) => answer.status_code,
        Some(Err(BollardError::DockerContainerWaitError { code, .. })) => code,
        _ => UNKNOWN,
    }
}
