use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Account, Host, ServerError, Workspace, clean};
#[cfg(feature = "docker")]
use super::{Containers, ServerImage};

/// The place of a server's programs.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// Installed, in this directory.
    Dir(PathBuf),
    #[cfg(feature = "docker")]
    Image(ServerImage),
}

impl Place {
    /// Returns the name for people.
    pub(crate) fn name(&self) -> &Path {
        match self {
            Self::Dir(dir) => dir,
            #[cfg(feature = "docker")]
            Self::Image(image) => image.name().as_ref(),
        }
    }

    /// Returns the key for a cache: other programs have another.
    pub(crate) fn key(&self) -> &OsStr {
        match self {
            Self::Dir(dir) => dir.as_os_str(),
            #[cfg(feature = "docker")]
            Self::Image(image) => image.id().as_ref(),
        }
    }

    /// Returns a command that runs `program` with nothing of the caller's environment but, here, the
    /// search paths.
    pub(crate) fn command(&self, program: &Path) -> Command {
        match self {
            Self::Dir(dir) => clean(&dir.join(program)),
            #[cfg(feature = "docker")]
            Self::Image(image) => image.command(program),
        }
    }

    /// Returns the host of the programs, for the cluster in `workspace`.
    #[cfg_attr(
        not(feature = "docker"),
        expect(
            unused_variables,
            clippy::unnecessary_wraps,
            reason = "containers need both"
        )
    )]
    pub(crate) fn host(
        &self,
        workspace: &Workspace,
        account: Account,
    ) -> Result<Host, ServerError> {
        match self {
            Self::Dir(_) => Ok(Host::Local),
            #[cfg(feature = "docker")]
            Self::Image(image) => {
                Containers::new(image, workspace, account).map(|them| Host::Containers(them.into()))
            }
        }
    }
}
