//! Where the checkout is and what it holds.

use std::env;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand, Package};
use xshell::Shell;

use crate::project::ROOT_PACKAGE;

/// The checkout, and a shell that stands in its root.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) sh: Shell,
    metadata: Metadata,
}

impl Workspace {
    /// Asks cargo about the checkout that this program was built from.
    pub(crate) fn load() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec()
            .context("`cargo metadata` could not read the workspace")?;
        let sh = Shell::new()?;
        let workspace = Self { sh, metadata };
        let sh = &workspace.sh;
        sh.change_dir(workspace.root());
        let path = env::var_os("PATH").unwrap_or_default();
        let own = [
            workspace.target("tools/venv/bin"),
            workspace.target("tools/bin"),
        ];
        let path = env::join_paths(env::split_paths(&path).chain(own))
            .context("the target directory's name can't be part of PATH")?;
        sh.set_var("PATH", path);
        // Tests write to a pipe, which is read along; their output should look as it would without us.
        if env::var_os("CARGO_TERM_COLOR").is_none() && std::io::stdout().is_terminal() {
            sh.set_var("CARGO_TERM_COLOR", "always");
        }
        Ok(workspace)
    }

    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Returns a path below the target directory.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.metadata
            .target_directory
            .join(name)
            .into_std_path_buf()
    }

    pub(crate) fn root_package(&self) -> Result<&Package> {
        let packages = &self.metadata.packages;
        let root = packages
            .iter()
            .find(|package| package.name.as_str() == ROOT_PACKAGE);
        root.with_context(|| format!("there is no package `{ROOT_PACKAGE}`"))
    }

    /// Returns the program that would run under this name: the user's, else one of [`crate::tool`]'s.
    pub(crate) fn find_program(&self, name: &str) -> Option<PathBuf> {
        let path = self.sh.var_os("PATH").unwrap_or_default();
        let mut candidates = env::split_paths(&path).map(|dir| dir.join(name));
        candidates.find(|program| program.is_file())
    }
}
