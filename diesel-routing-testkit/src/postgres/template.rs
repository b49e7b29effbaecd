use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::PgNode;
use super::binaries::Binaries;
use super::ending::ENDING;
use super::node::Context;
use super::settings::{self, Settings};
use crate::ServerError;
use crate::server::{Account, Deadline, Root, Template, Topology, Workspace};

/// Part of the cache's key; to be raised when what is built here changes.
const FORMAT: u32 = 1;

/// A standby refuses to start with less than its primary had. The template's server has the least,
/// so every cluster may have what it likes.
const LEAST: &[(&str, &str)] = &[
    ("max_connections", "10"),
    ("max_wal_senders", "0"),
    ("max_worker_processes", "0"),
    ("max_prepared_transactions", "0"),
    ("max_locks_per_transaction", "10"),
    ("autovacuum", "off"),
];

/// Returns the template for these binaries and this account: with role and database `app`. Copies of it
/// are primaries, or, with a `standby.signal`, standbys of such a primary.
pub(super) fn cached(
    root: &Root,
    binaries: &Binaries,
    account: Account,
    limit: Duration,
) -> Result<Template, ServerError> {
    Template::cached(root, &key(binaries, account), account, || {
        build(root, binaries, account, limit)
    })
}

/// Builds a template for one cluster, with a system identifier that no other has.
pub(super) fn build(
    root: &Root,
    binaries: &Binaries,
    account: Account,
    limit: Duration,
) -> Result<Template, ServerError> {
    let workspace = Workspace::create(root, &ENDING)?;
    let context = Arc::new(Context {
        host: binaries.place.host(&workspace, account)?,
        binaries: binaries.clone(),
        account,
        workspace,
        limit,
        topology: Topology::new(1),
    });
    let least = LEAST
        .iter()
        .map(|&(name, value)| (name.into(), value.into()));
    let node = PgNode::create(0, &context, Settings::from_iter(least))?;
    initialise(&node)?;
    let template = Template::new(&context.workspace, node.data_dir(), account)?;
    drop(node);
    Ok(match Arc::into_inner(context) {
        Some(context) => template.with(context.workspace),
        None => template,
    })
}

fn initialise(node: &PgNode) -> Result<(), ServerError> {
    let Context {
        binaries,
        account,
        host,
        workspace,
        limit,
        ..
    } = &*node.context;
    let mut initdb = binaries.command("initdb", *account);
    initdb
        .args([
            "--no-sync",
            "--no-instructions",
            "--auth=trust",
            "--username=postgres",
        ])
        .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
        .arg(node.data_dir());
    host.run(
        "initdb",
        initdb,
        &workspace.path().join("initdb.log"),
        *limit,
    )?;
    settings::write_access(node.data_dir(), *account)?;
    node.start()?;
    for sql in ["CREATE ROLE app LOGIN", "CREATE DATABASE app OWNER app"] {
        let deadline = Deadline::after(*limit);
        node.login("postgres", "postgres")
            .rows(sql, deadline)
            .map_err(|failure| {
                node.server
                    .failed(failure, "creating database `app`", deadline)
            })?;
    }
    node.stop()
}

fn key(binaries: &Binaries, account: Account) -> String {
    let mut hasher = DefaultHasher::new();
    (
        FORMAT,
        &binaries.version,
        binaries.place.key(),
        account.uid(),
    )
        .hash(&mut hasher);
    format!("template-{}-{:016x}", binaries.major(), hasher.finish())
}
