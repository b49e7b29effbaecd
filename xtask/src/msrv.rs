//! Does every dependency of the published packages build with the Rust we promise?
//!
//! Clippy's `incompatible_msrv` watches our own code; a build with that very toolchain is the full proof.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use cargo_metadata::semver::Version;
use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand, Package, PackageId};

use crate::step::Verdict;
use crate::workspace::{ROOT_PACKAGE, Workspace};

pub(crate) fn check(workspace: &Workspace) -> Result<Verdict> {
    let metadata = MetadataCommand::new()
        .manifest_path(workspace.root().join("Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .context("`cargo metadata` could not resolve the dependencies")?;
    let packages: BTreeMap<&PackageId, &Package> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package))
        .collect();
    let root = packages
        .values()
        .find(|package| package.name.as_str() == ROOT_PACKAGE);
    let root = root.with_context(|| format!("there is no package `{ROOT_PACKAGE}`"))?;
    let promised = root
        .rust_version
        .as_ref()
        .context("Cargo.toml states no rust-version")?;

    let resolve = metadata
        .resolve
        .as_ref()
        .context("`cargo metadata` gave no dependency graph")?;
    let edges: BTreeMap<&PackageId, Vec<&PackageId>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let shipped = node.deps.iter().filter(|dep| {
                dep.dep_kinds
                    .iter()
                    .any(|kind| kind.kind != DependencyKind::Development)
            });
            (&node.id, shipped.map(|dep| &dep.pkg).collect())
        })
        .collect();

    let too_new: Vec<_> = reachable(&root.id, &edges)
        .into_iter()
        .filter_map(|id| packages.get(id))
        .filter_map(|package| newer_than(promised, package))
        .collect();
    if too_new.is_empty() {
        return Ok(Verdict::Passed { notes: Vec::new() });
    }
    bail!(
        "Cargo.toml promises Rust {promised}, but {}",
        too_new.join(", ")
    )
}

fn reachable<'a>(
    from: &'a PackageId,
    edges: &BTreeMap<&'a PackageId, Vec<&'a PackageId>>,
) -> BTreeSet<&'a PackageId> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(edges.get(id).into_iter().flatten());
        }
    }
    seen
}

fn newer_than(promised: &Version, package: &Package) -> Option<String> {
    let wanted = package
        .rust_version
        .as_ref()
        .filter(|wanted| *wanted > promised)?;
    Some(format!(
        "{} {} wants {wanted}",
        package.name, package.version
    ))
}
