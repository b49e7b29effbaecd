//! The sample crates on disk: one text, two sets of imports.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{queries, table};
use crate::invocation::Invocation;
use crate::workspace::Workspace;

/// What the sample is written against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// Diesel as it is.
    Plain,
    /// Diesel through our prelude and handles.
    Routed,
    /// The same, and `#[consistency(..)]` on every function.
    Annotated,
}

impl Flavour {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain-diesel",
            Self::Routed => "diesel-routing",
            Self::Annotated => "annotated",
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::Plain => "sample-plain",
            Self::Routed => "sample-routed",
            Self::Annotated => "sample-annotated",
        }
    }

    /// What every module of the sample starts with: `Reads` and `Writes` name the connections.
    fn imports(self) -> &'static str {
        match self {
            Self::Plain => {
                "use diesel::prelude::*;\ntype Reads = SqliteConnection;\ntype Writes = SqliteConnection;\n"
            }
            Self::Routed | Self::Annotated => concat!(
                "use diesel_routing::sync::prelude::*;\n",
                "type Reads = diesel_routing::sync::sqlite::ReadConn<diesel_routing::Replica>;\n",
                "type Writes = diesel_routing::sync::sqlite::WriteConn;\n",
                "#[allow(dead_code)]\n",
                "type Answer<T> = Result<T, diesel_routing::Error>;\n",
            ),
        }
    }

    /// A function of the sample, with its annotation.
    pub(super) fn function(self, template: &str) -> String {
        let (ok, end) = match self {
            Self::Plain | Self::Routed => ("", ""),
            Self::Annotated => ("Ok(", "?)"),
        };
        let text = template.replace("{ok}", ok).replace("{end}", end);
        if self != Self::Annotated {
            return text;
        }
        let level = if text.contains("&mut Reads") {
            "eventual"
        } else {
            "write"
        };
        let text = text.replace("-> QueryResult<", "-> Answer<");
        format!("#[diesel_routing::consistency({level})]\n{text}")
    }

    fn dependency(self, root: &Path) -> String {
        match self {
            Self::Plain => String::new(),
            Self::Routed | Self::Annotated => format!(
                "diesel-routing = {{ path = {root:?}, default-features = false, features = [\"r2d2\", \"sync-sqlite\"] }}\n"
            ),
        }
    }
}

/// A workspace of its own below the target directory.
#[derive(Debug)]
pub(super) struct SampleCrates {
    dir: PathBuf,
}

impl SampleCrates {
    pub(super) fn write(
        workspace: &Workspace,
        flavours: &[Flavour],
        tables: u16,
        queries: u16,
    ) -> Result<Self> {
        let sample = Self {
            dir: workspace.target_dir().join("compile-time"),
        };
        let members: Vec<_> = flavours.iter().map(|flavour| flavour.package()).collect();
        sample.file(
            "Cargo.toml",
            &format!("[workspace]\nmembers = {members:?}\nresolver = \"3\"\n"),
        )?;
        // The versions that the project itself was tested with.
        let lock = workspace.root().join("Cargo.lock");
        fs::copy(&lock, sample.dir.join("Cargo.lock")).context("Cargo.lock could not be copied")?;

        for flavour in flavours {
            let package = flavour.package();
            sample.file(
                &format!("{package}/Cargo.toml"),
                &manifest(*flavour, workspace.root()),
            )?;
            sample.file(&format!("{package}/src/lib.rs"), &lib(tables))?;
            sample.file(&format!("{package}/src/schema.rs"), &table::schema(tables))?;
            for number in 0..tables {
                let source = [
                    flavour.imports(),
                    &table::models(number),
                    &queries::module(*flavour, number, tables, queries),
                ]
                .concat();
                sample.file(
                    &format!("{package}/src/{}.rs", table::name(number)),
                    &source,
                )?;
            }
        }
        Ok(sample)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Check the crate and whatever it depends on.
    pub(super) fn check(&self, workspace: &Workspace, flavour: Flavour) -> Result<()> {
        self.cargo("check --quiet --package", flavour)
            .run(workspace)
    }

    /// How long the check of that one crate takes when its dependencies are checked already.
    pub(super) fn time_clean_check(
        &self,
        workspace: &Workspace,
        flavour: Flavour,
    ) -> Result<Duration> {
        self.cargo("clean --quiet --package", flavour)
            .run(workspace)?;
        let started = Instant::now();
        self.cargo("check --quiet --offline --package", flavour)
            .run(workspace)?;
        Ok(started.elapsed())
    }

    fn cargo(&self, words: &str, flavour: Flavour) -> Invocation {
        Invocation::cargo(words)
            .args([flavour.package()])
            .env("CARGO_INCREMENTAL", "0")
            .env(
                "CARGO_TARGET_DIR",
                self.dir.join("target").display().to_string(),
            )
            .dir(&self.dir)
    }

    fn file(&self, name: &str, text: &str) -> Result<()> {
        let path = self.dir.join(name);
        let parent = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("{} could not be written", path.display()))
    }
}

fn manifest(flavour: Flavour, root: &Path) -> String {
    let package = flavour.package();
    let dependency = flavour.dependency(root);
    format!(
        r#"[package]
name = "{package}"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
diesel = {{ version = "2.3", default-features = false, features = ["returning_clauses_for_sqlite_3_35", "sqlite"] }}
{dependency}"#
    )
}

fn lib(tables: u16) -> String {
    let modules = (0..tables).map(|number| format!("pub mod {};\n", table::name(number)));
    ["pub mod schema;\n".to_owned()]
        .into_iter()
        .chain(modules)
        .collect()
}
