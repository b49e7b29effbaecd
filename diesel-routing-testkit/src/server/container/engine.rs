use std::collections::HashMap;
use std::env;
use std::fmt;
use std::io;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use testcontainers::bollard::Docker;
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
};
use testcontainers::core::client::docker_client_instance;
use tokio::runtime::{Builder, Handle, Runtime};

use super::LABEL;
use crate::ServerError;

/// The environment variable that says where the engine listens, as for `docker` itself.
const HOST: &str = "DOCKER_HOST";

/// The container engine of this machine. It is talked to on a thread of this process's own, as the
/// caller's may belong to an async runtime that must not wait for itself.
#[derive(Clone)]
pub(crate) struct Engine {
    runtime: Handle,
    docker: Docker,
}

/// Connected at first use, and kept: connections live as long as their runtime.
static ENGINE: Mutex<Option<(Runtime, Engine)>> = Mutex::new(None);

impl Engine {
    /// Connects to the engine that answers at `$DOCKER_HOST`, else at Docker's usual sockets.
    pub(crate) fn connect() -> Result<Self, ServerError> {
        let mut known = ENGINE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, engine)) = known.as_ref() {
            return Ok(engine.clone());
        }
        let host = env::var(HOST).ok().filter(|host| !host.is_empty());
        if let Some(elsewhere) = host.as_ref().filter(|host| !host.starts_with("unix://")) {
            return Err(ServerError::Backing {
                reason: format!(
                    "{HOST} is {elsewhere}, and a cluster's files must be on the engine's machine; \
                     set it to the unix:// address of an engine on this one"
                ),
            });
        }
        let tried = host.unwrap_or_else(|| "Docker's usual sockets".to_owned());
        let no_engine = |source| ServerError::NoEngine { tried, source };

        let runtime = match Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("containers")
            .enable_all()
            .build()
        {
            Ok(runtime) => runtime,
            Err(error) => return Err(no_engine(error.into())),
        };
        let answer = run_on(runtime.handle(), async {
            let docker = docker_client_instance().await?;
            docker.ping().await?;
            Ok(docker)
        });
        match answer {
            Ok(docker) => {
                let engine = Self {
                    runtime: runtime.handle().clone(),
                    docker,
                };
                Ok(known.insert((runtime, engine)).1.clone())
            }
            Err(source) => {
                runtime.shutdown_background();
                Err(no_engine(source))
            }
        }
    }

    /// Carries out a conversation and waits for its end.
    pub(super) fn run<T, E, F>(&self, conversation: impl FnOnce(Docker) -> F) -> io::Result<T>
    where
        T: Send + 'static,
        E: Into<BoxError>,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let conversation = conversation(self.docker.clone());
        run_on(&self.runtime, async {
            conversation.await.map_err(Into::into)
        })
        .map_err(io::Error::other)
    }

    /// Lets a conversation go on by itself.
    pub(super) fn spawn<F>(&self, conversation: impl FnOnce(Docker) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.runtime.spawn(conversation(self.docker.clone()));
    }

    /// Removes all containers of a cluster, running or not, with their volumes.
    pub(crate) fn remove_cluster(&self, name: &str) -> io::Result<()> {
        let filters = HashMap::from([("label".to_owned(), vec![format!("{LABEL}={name}")])]);
        self.run(async move |docker| {
            let all = ListContainersOptionsBuilder::new()
                .all(true)
                .filters(&filters)
                .build();
            for container in docker.list_containers(Some(all)).await? {
                remove(&docker, &container.id.unwrap_or_default()).await?;
            }
            Ok::<_, BollardError>(())
        })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Clusters are printed by failed assertions; a client's insides would bury the rest.
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BollardError = testcontainers::bollard::errors::Error;

/// Removes a container; one that is gone is no error.
async fn remove(docker: &Docker, id: &str) -> Result<(), BollardError> {
    const GONE: u16 = 404;
    const GOING: u16 = 409;
    let options = RemoveContainerOptionsBuilder::new()
        .force(true)
        .v(true)
        .build();
    match docker.remove_container(id, Some(options)).await {
        Err(BollardError::DockerResponseServerError {
            status_code: GONE | GOING,
            ..
        }) => Ok(()),
        other => other,
    }
}

fn run_on<T: Send + 'static>(
    runtime: &Handle,
    conversation: impl Future<Output = Result<T, BoxError>> + Send + 'static,
) -> Result<T, BoxError> {
    let (answer, answered) = sync_channel(1);
    runtime.spawn(async move {
        let _ = answer.send(conversation.await);
    });
    answered
        .recv()
        .unwrap_or_else(|_| Err("the conversation with the engine broke off".into()))
}
