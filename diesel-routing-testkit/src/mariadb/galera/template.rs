use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::binaries::Binaries;
use super::super::node::Context;
use super::super::{MariaNode, template};
use super::ending::ENDING;
use super::options::{self, Ports};
use crate::ServerError;
use crate::server::{Account, Root, Template, Topology, Workspace};

/// Part of the cache's key; to be raised when what is built here changes.
const FORMAT: u32 = 1;

/// Returns the template of clusters without Galera, after one run as a cluster of one node: it has an
/// identity and a position, from which several copies can go on together.
pub(super) fn cached(
    root: &Root,
    binaries: &Binaries,
    provider: &Path,
    account: Account,
    limit: Duration,
) -> Result<Template, ServerError> {
    let mut hasher = DefaultHasher::new();
    (
        FORMAT,
        &binaries.version,
        binaries.place.key(),
        provider,
        account.uid(),
    )
        .hash(&mut hasher);
    let key = format!("template-galera-{:016x}", hasher.finish());
    Template::cached(root, &key, account, || {
        build(root, binaries, provider, account, limit)
    })
}

fn build(
    root: &Root,
    binaries: &Binaries,
    provider: &Path,
    account: Account,
    limit: Duration,
) -> Result<Template, ServerError> {
    let plain = template::cached(root, binaries, account, limit)?;
    let workspace = Workspace::create(root, &ENDING)?;
    let context = Arc::new(Context {
        host: binaries.place.host(&workspace, account)?,
        binaries: binaries.clone(),
        account,
        workspace,
        limit,
        topology: Topology::new(1),
    });
    let mut settings = options::settings(0, &[Ports::any()?], provider);
    settings.insert("skip_log_bin".into(), String::new());
    let node = MariaNode::create(0, &context, settings)?;
    plain.copy_to(node.data_dir())?;
    node.launch(&["--wsrep-new-cluster"])?;
    node.wait_ready()?;
    node.stop()?;
    // What this one node has sent and seen is of no use to its copies.
    for name in ["galera.cache", "gvwstate.dat"] {
        let path = node.data_dir().join(name);
        if path.exists() {
            fs::remove_file(&path).map_err(ServerError::io("remove", &path))?;
        }
    }
    let template = Template::new(&context.workspace, node.data_dir(), account)?;
    drop(node);
    Ok(match Arc::into_inner(context) {
        Some(context) => template.with(context.workspace),
        None => template,
    })
}
