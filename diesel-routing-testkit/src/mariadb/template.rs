use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::MariaNode;
use super::binaries::Binaries;
use super::ending::ENDING;
use super::flavour::{FEED, Flavour};
use super::node::Context;
use super::settings::Settings;
use crate::ServerError;
use crate::server::{Account, Deadline, Root, Template, Topology, Workspace};

/// Part of the cache's key; to be raised when what is built here changes.
const FORMAT: u32 = 1;

/// Returns the template for these binaries and this account: with user and database `app`, and the
/// account of replicas. Nothing of it is in a binary log, so all copies start from the empty position.
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

fn build(
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
    let settings = Settings::from_iter([("skip_log_bin".into(), String::new())]);
    let node = MariaNode::create(0, &context, settings)?;
    initialise(&node)?;
    let template = Template::new(&context.workspace, node.data_dir(), account)?;
    drop(node);
    Ok(match Arc::into_inner(context) {
        Some(context) => template.with(context.workspace),
        None => template,
    })
}

fn initialise(node: &MariaNode) -> Result<(), ServerError> {
    let Context {
        binaries,
        account,
        host,
        workspace,
        limit,
        ..
    } = &*node.context;
    let (name, command) = binaries.initialise(node.data_dir(), *account);
    host.run(name, command, &workspace.path().join("install.log"), *limit)?;
    node.start()?;

    // Who may see what replication does differs in name only.
    let monitor = match binaries.flavour {
        Flavour::MariaDb => "REPLICA MONITOR",
        Flavour::MySql => "REPLICATION CLIENT",
    };
    let statements = [
        // `root` shall be reachable over the unix socket alone.
        "DROP USER IF EXISTS root@'127.0.0.1', root@'::1'".to_owned(),
        "CREATE DATABASE app".into(),
        "CREATE USER app".into(),
        "GRANT ALL ON app.* TO app".into(),
        format!("GRANT {monitor} ON *.* TO app"),
        format!("CREATE USER {FEED}"),
        format!("GRANT REPLICATION SLAVE ON *.* TO {FEED}"),
    ];
    let deadline = Deadline::after(*limit);
    node.login("root", None)
        .all(&statements, deadline)
        .map_err(|failure| {
            node.server
                .failed(failure, "creating database `app`", deadline)
        })?;
    node.stop()?;
    // With it, copies would be one server to MySQL.
    let identity = node.data_dir().join("auto.cnf");
    match std::fs::remove_file(&identity) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ServerError::io("remove", &identity)(error))
        }
        _ => Ok(()),
    }
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
    let flavour = binaries.flavour.name().to_lowercase();
    format!("template-{flavour}-{:016x}", hasher.finish())
}
