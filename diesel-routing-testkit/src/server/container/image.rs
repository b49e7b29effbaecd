use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testcontainers::bollard::errors::Error as BollardError;
use testcontainers::runners::AsyncRunner;
use testcontainers::{GenericImage, ImageExt};

use super::{Containers, Engine};
use crate::ServerError;
use crate::server::{Account, Ending, Host, Root, Workspace};

/// The first of its arguments that is a program tells its version.
const VERSION: &str = r#"for program; do command -v "$program" >/dev/null && exec "$program" --version; done
echo "the image has none of: $*" >&2; exit 127"#;

#[cfg(feature = "mariadb")]
const FIRST_FILE: &str = r#"for file; do if [ -f "$file" ]; then echo "$file"; break; fi; done"#;

/// An image with a server's programs, present on this machine.
#[derive(Debug, Clone)]
pub(crate) struct ServerImage {
    pub(super) engine: Engine,
    pub(super) name: String,
    /// Of its content.
    id: String,
    network: Network,
}

/// The network that the containers of an image can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// Nothing; unix sockets are files.
    #[cfg(feature = "postgres")]
    None,
    /// This machine's: its loopback interface, where a cluster's servers and proxies listen.
    #[cfg(feature = "mariadb")]
    Host,
}

impl Network {
    fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "postgres")]
            Self::None => "none",
            #[cfg(feature = "mariadb")]
            Self::Host => "host",
        }
    }
}

impl ServerImage {
    /// Finds the image that `variable` names, else `default`; pulls it when it is not on this machine.
    pub(crate) fn find(
        variable: &'static str,
        default: &str,
        network: Network,
    ) -> Result<Self, ServerError> {
        let engine = Engine::connect()?;
        let named = env::var(variable).ok().filter(|name| !name.is_empty());
        let name = named.unwrap_or_else(|| default.to_owned());
        let found = engine.run({
            let name = name.clone();
            async move |docker| {
                let missing = match docker.inspect_image(&name).await {
                    Err(BollardError::DockerResponseServerError {
                        status_code: 404, ..
                    }) => true,
                    other => return Ok(other?.id),
                };
                if missing {
                    drop(request(&name).pull_image().await?);
                }
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(
                    docker.inspect_image(&name).await?.id,
                )
            }
        });
        match found {
            Ok(id) => Ok(Self {
                engine,
                id: id.unwrap_or_else(|| name.clone()),
                name,
                network,
            }),
            Err(source) => Err(ServerError::Image {
                image: name,
                variable,
                source,
            }),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the id of the image's content: another build has another.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Returns a command that runs one of the image's programs, with nothing of the caller's environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        command
    }

    /// Returns what `--version` prints, asked of the first of `programs` that the image has.
    pub(crate) fn version(
        &self,
        programs: &[&str],
        root: &Root,
        ending: &Ending,
        account: Account,
        limit: Duration,
    ) -> Result<String, ServerError> {
        self.ask(VERSION, programs, root, ending, account, limit)
    }

    /// Returns the first of `files` that the image has; `None` when it has none.
    #[cfg(feature = "mariadb")]
    pub(crate) fn first_file(
        &self,
        files: &[&str],
        root: &Root,
        ending: &Ending,
        account: Account,
        limit: Duration,
    ) -> Result<Option<String>, ServerError> {
        let found = self.ask(FIRST_FILE, files, root, ending, account, limit)?;
        Ok(Some(found).filter(|found| !found.is_empty()))
    }

    /// Returns what a shell script prints in this image. Each question once per image, as a container takes half
    /// a second.
    fn ask(
        &self,
        script: &str,
        arguments: &[&str],
        root: &Root,
        ending: &Ending,
        account: Account,
        limit: Duration,
    ) -> Result<String, ServerError> {
        let mut hasher = DefaultHasher::new();
        (&self.id, script, arguments).hash(&mut hasher);
        let known = root.path().join(format!("image-{:016x}", hasher.finish()));
        if let Ok(answer) = fs::read_to_string(&known) {
            return Ok(answer);
        }
        let workspace = Workspace::create(root, ending)?;
        let log = workspace.path().join("answer");
        let mut command = self.command("sh".as_ref());
        command.args(["-c", script, "sh"]).args(arguments);
        let host = Host::Containers(Containers::new(self, &workspace, account)?.into());
        host.run("sh", command, &log, limit)?;
        let said = fs::read_to_string(&log).map_err(ServerError::io("read", &log))?;
        let answer = said.trim().to_owned();
        let next = workspace.path().join("answer.next");
        fs::write(&next, &answer).map_err(ServerError::io("write", &next))?;
        fs::rename(&next, &known).map_err(ServerError::io("write", &known))?;
        Ok(answer)
    }

    /// Returns a container of this image, to be set up further.
    pub(super) fn request(&self) -> testcontainers::ContainerRequest<GenericImage> {
        // What the image does on its own at a start is not asked for: the shell passes on to programs.
        request(&self.name).with_network(self.network.name())
    }
}

fn request(name: &str) -> testcontainers::ContainerRequest<GenericImage> {
    let (repository, tag) = match name.rsplit_once(':') {
        // A colon before a slash belongs to a port.
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, "latest"),
    };
    GenericImage::new(repository, tag)
        .with_entrypoint("sh")
        .into()
}
