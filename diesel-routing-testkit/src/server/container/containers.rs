use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Pid;
use testcontainers::core::{AccessMode, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use super::{ContainerProcess, LABEL, ServerImage};
use crate::ServerError;
use crate::server::{Account, Workspace};

/// The containers of one cluster: their image, what they see of this machine, and as whom they run.
///
/// They see the directory of all clusters of this user, under its own path: one cluster's server may be
/// the subscriber of another's. So data directories, sockets and settings are
/// what they are without containers, and so are URLs and proxies: a unix socket is reached through
/// the file system. There is no other network.
#[derive(Debug, Clone)]
pub(crate) struct Containers {
    image: ServerImage,
    dir: PathBuf,
    cluster: String,
    account: Account,
    /// The file in which every container finds the account that it runs as: the image does not know it.
    passwd: PathBuf,
}

impl Containers {
    pub(crate) fn new(
        image: &ServerImage,
        workspace: &Workspace,
        account: Account,
    ) -> Result<Self, ServerError> {
        workspace.hold_containers(&image.engine)?;
        let own = workspace.path();
        let passwd = own.join("passwd");
        let entry = format!("servers:x:{}:{}::/:/bin/sh\n", account.uid(), account.gid());
        fs::write(&passwd, entry).map_err(ServerError::io("write", &passwd))?;
        Ok(Self {
            image: image.clone(),
            dir: own.parent().unwrap_or(own).to_owned(),
            cluster: workspace.name().to_owned(),
            account,
            passwd,
        })
    }

    /// Starts `command` in a container of its own, as its first process, with its output appended to
    /// `log`.
    pub(crate) fn spawn(&self, command: &Command, log: &Path) -> io::Result<ContainerProcess> {
        File::options().create(true).append(true).open(log)?;
        self.account.chown(log)?;
        let request = self.request(command, log);
        let engine = self.image.engine.clone();
        let (container, pid) = engine.run(async move |docker| {
            let container = request.start().await?;
            let state = docker.inspect_container(container.id(), None).await?.state;
            let pid = state.and_then(|state| state.pid).unwrap_or_default();
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>((container, i32::try_from(pid)?))
        })?;
        Ok(ContainerProcess::new(engine, container, Pid::from_raw(pid)))
    }

    fn request(&self, command: &Command, log: &Path) -> ContainerRequest<GenericImage> {
        // The shell gives its place, and with it the first process's, to the program.
        let mut words = vec![
            "-c".to_owned(),
            r#"exec "$@" >>"$0" 2>&1"#.to_owned(),
            log.display().to_string(),
            command.get_program().to_string_lossy().into_owned(),
        ];
        words.extend(
            command
                .get_args()
                .map(|arg| arg.to_string_lossy().into_owned()),
        );
        let dir = self.dir.display().to_string();
        let passwd = Mount::bind_mount(self.passwd.display().to_string(), "/etc/passwd");
        let mut request = self
            .image
            .request()
            .with_cmd(words)
            .with_user(format!("{}:{}", self.account.uid(), self.account.gid()))
            .with_working_dir("/")
            .with_label(LABEL, &self.cluster)
            .with_mount(Mount::bind_mount(dir.clone(), dir))
            .with_mount(passwd.with_access_mode(AccessMode::ReadOnly))
            // Where SELinux is on, the directory keeps the label that it has for everybody else.
            .with_security_opt("label=disable");
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                request = request.with_env_var(name.to_string_lossy(), value.to_string_lossy());
            }
        }
        request
    }
}
