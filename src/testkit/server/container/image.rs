use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testcontainers::bollard::errors::Error as BollardError;
use testcontainers::runners::AsyncRunner;
use testcontainers::{GenericImage, ImageExt};

use super::{Containers, Engine};
use crate::testkit::ServerError;
use crate::testkit::server::{Account, Ending, Host, Root, Workspace};

/// The first of its arguments that is a program tells its version.
const ASK: &str = r#"for program; do command -v "$program" >/dev/null && exec "$program" --version; done
echo "the image has none of: $*" >&2; exit 127"#;

/// An image with a server's programs, present on this machine.
#[derive(Debug, Clone)]
pub(crate) struct ServerImage {
    pub(super) engine: Engine,
    pub(super) name: String,
    /// Of its content.
    id: String,
    network: Network,
}

/// What the containers of an image can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// Nothing; unix sockets are files.
    #[cfg(feature = "testkit-postgres")]
    None,
    /// What this machine can: its loopback interface, where a cluster's servers and proxies listen.
    #[cfg(feature = "testkit-mariadb")]
    Host,
}

impl Network {
    fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "testkit-postgres")]
            Self::None => "none",
            #[cfg(feature = "testkit-mariadb")]
            Self::Host => "host",
        }
    }
}

impl ServerImage {
    /// The image that `variable` names, else `default`; pulled when it is not on this machine.
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

    /// Of the image's content: another build has another.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// A command that runs one of the image's programs, with nothing of the caller's environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        command
    }

    /// What `--version` prints, asked of the first of `programs` that the image has. Once per image, as
    /// a container takes half a second.
    pub(crate) fn version(
        &self,
        programs: &[&'static str],
        root: &Root,
        ending: &Ending,
        account: Account,
        limit: Duration,
    ) -> Result<String, ServerError> {
        let id: String = self
            .id
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let known = root
            .path()
            .join(format!("version-{}-{id}", programs.join("-")));
        if let Ok(version) = fs::read_to_string(&known) {
            return Ok(version);
        }
        let workspace = Workspace::create(root, ending)?;
        let log = workspace.path().join("version");
        let mut command = self.command("sh".as_ref());
        command.args(["-c", ASK, "sh"]).args(programs);
        let host = Host::Containers(Containers::new(self, &workspace, account)?.into());
        host.run("sh", command, &log, limit)?;
        let said = fs::read_to_string(&log).map_err(ServerError::io("read", &log))?;
        let version = said.trim().to_owned();
        let next = workspace.path().join("version.next");
        fs::write(&next, &version).map_err(ServerError::io("write", &next))?;
        fs::rename(&next, &known).map_err(ServerError::io("write", &known))?;
        Ok(version)
    }

    /// A container of this image, to be set up further.
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
