//! Where the checkout is and what it holds, as cargo sees it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand, Package, Target, TargetKind};

/// The package whose users we serve.
pub(crate) const ROOT_PACKAGE: &str = "diesel-routing";

/// The checkout.
#[derive(Debug)]
pub(crate) struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    /// Ask cargo about the checkout that this program was built from.
    pub(crate) fn load() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec()
            .context("`cargo metadata` could not read the workspace")?;
        Ok(Self { metadata })
    }

    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    pub(crate) fn target_dir(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// Where the programs live that [`crate::tool`] installs.
    pub(crate) fn tools_dir(&self) -> PathBuf {
        self.target_dir().join("tools")
    }

    /// `PATH` with our own tools behind the user's.
    pub(crate) fn search_path(&self) -> Result<OsString> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let own = ["venv/bin", "bin"].map(|bin| self.tools_dir().join(bin));
        std::env::join_paths(std::env::split_paths(&path).chain(own))
            .context("the target directory's name can't be part of PATH")
    }

    /// The root package's targets of one kind: its benches, its examples.
    pub(crate) fn targets(&self, kind: &TargetKind) -> Vec<&Target> {
        let is_root = |package: &&Package| package.name.as_str() == ROOT_PACKAGE;
        let package = self.metadata.workspace_packages().into_iter().find(is_root);
        package
            .into_iter()
            .flat_map(|package| &package.targets)
            .filter(|target| target.kind.contains(kind))
            .collect()
    }
}
