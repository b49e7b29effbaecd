use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// An error of a cluster of servers, with the node, the step and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The server's programs, or its library, were not found.
    #[error(
        "no {server} server found, looked in {searched}; install a server package, set {variable} \
         or call `{method}`"
    )]
    NoServer {
        /// The product, for example `PostgreSQL`.
        server: &'static str,
        /// The places that were searched.
        searched: String,
        /// The environment variable that names the place.
        variable: &'static str,
        /// The builder's method that does so too.
        method: &'static str,
    },
    /// The server found is older than the kit's faults need.
    #[error("{version} in {} is too old, {oldest} or later is needed", bin_dir.display())]
    TooOld {
        /// The version that the server reports.
        version: String,
        /// The oldest version that will do.
        oldest: &'static str,
        /// The directory where it was found.
        bin_dir: PathBuf,
    },
    /// The process runs as root, as which servers are not run, and there is no other account to use.
    #[error(
        "{server} is not run as root, and none of the accounts {accounts} exists; create one of \
         them or run the tests as another user"
    )]
    NoAccount {
        /// The product, for example `PostgreSQL`.
        server: &'static str,
        /// The accounts that were looked for.
        accounts: String,
    },
    /// The servers cannot be run in the way that was asked for.
    #[error("clusters cannot run as asked for: {reason}")]
    Backing {
        /// The reason, and what would work.
        reason: String,
    },
    /// The servers were to run in containers, and no engine answers.
    #[error(
        "no container engine answers at {tried}; start Docker, set DOCKER_HOST to its socket, or unset \
         DIESEL_ROUTING_TESTKIT to use installed servers"
    )]
    NoEngine {
        /// The places that were searched.
        tried: String,
        /// The cause.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The servers' image is neither on this machine nor to be had.
    #[error(
        "there is no image {image} here, and it could not be pulled; set {variable} to one there is"
    )]
    Image {
        /// Its name.
        image: String,
        /// The environment variable that names another.
        variable: &'static str,
        /// The engine's answer.
        source: io::Error,
    },
    /// The working directory can't be used.
    #[error("{} can't hold a cluster: {reason}; set TMPDIR or call `work_dir`", path.display())]
    WorkDir {
        /// The directory.
        path: PathBuf,
        /// The reason.
        reason: &'static str,
    },
    /// The operating system refused something.
    #[error("cannot {step} {}", path.display())]
    Io {
        /// The step that failed.
        step: &'static str,
        /// The file, directory or program it was done to.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// One of the server's own programs failed.
    #[error("{program} failed ({status}); its output ends with:\n{output}")]
    Program {
        /// The program's name.
        program: &'static str,
        /// Its exit status.
        status: ExitStatus,
        /// The last lines it printed.
        output: String,
    },
    /// A server ended while the kit waited for it.
    #[error("{node}: the server ended ({status}) during {step}; its log ends with:\n{log}")]
    Exited {
        /// The node.
        node: String,
        /// The step that failed.
        step: &'static str,
        /// The server's exit status.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },
    /// A step took too long.
    #[error("{node}: {step} was not done within {limit:?}; the log ends with:\n{log}")]
    Timeout {
        /// The node or the program.
        node: String,
        /// The step that was waited for.
        step: &'static str,
        /// The time allowed: the caller's, or the builder's `timeout`.
        limit: Duration,
        /// The last lines of the log.
        log: String,
    },
    /// A statement failed, or the server could not be reached.
    #[error("{node}: {step} failed")]
    Sql {
        /// The node.
        node: String,
        /// The step that failed.
        step: &'static str,
        /// The client's error.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The node's server is not running.
    #[error("{node}: cannot {step}, its server is not running; call `start` first")]
    NotRunning {
        /// The node.
        node: String,
        /// The step that was asked for.
        step: &'static str,
    },
    /// The step makes no sense in the node's present state.
    #[error("{node}: cannot {step}: {reason}")]
    Refused {
        /// The node.
        node: String,
        /// The step that was asked for.
        step: &'static str,
        /// The reason, and what would work.
        reason: String,
    },
}

impl ServerError {
    /// Names the step and the path, for `map_err`.
    pub(crate) fn io(step: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { step, path, source }
    }
}
