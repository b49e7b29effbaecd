use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::settings::Settings;
use crate::ServerError;
use crate::server::{Account, Port, searched};

/// The environment variable that names the provider.
const VARIABLE: &str = "GALERA_PROVIDER";

/// The paths where packages put it.
const USUAL: &[&str] = &[
    "/usr/lib/galera/libgalera_smm.so",
    "/usr/lib64/galera-4/libgalera_smm.so",
    "/usr/lib/libgalera_smm.so",
];

/// Nodes look at each other ten times a second. One that does not answer is suspected after two
/// seconds, and out of the cluster when the others agree.
const TIMING: &str = "evs.inactive_check_period=PT0.1S;evs.keepalive_period=PT0.2S;\
                      evs.join_retrans_period=PT0.2S;evs.suspect_timeout=PT2S;\
                      evs.inactive_timeout=PT6S;pc.announce_timeout=PT1S;gcache.size=32M";

/// The ports by which the nodes of a cluster reach each other.
#[derive(Debug)]
pub(super) struct Ports {
    group: Port,
    increments: Port,
    snapshots: Port,
}

impl Ports {
    pub(super) fn any() -> Result<Self, ServerError> {
        let port = || Port::any().map_err(ServerError::io("open a port for", "the group"));
        Ok(Self {
            group: port()?,
            increments: port()?,
            snapshots: port()?,
        })
    }
}

/// Finds the Galera library: `explicit`, else `$GALERA_PROVIDER`, else where packages put it.
pub(super) fn provider(
    explicit: Option<&Path>,
    find: impl FnOnce(&[PathBuf]) -> Result<Option<PathBuf>, ServerError>,
) -> Result<PathBuf, ServerError> {
    let variable = || env::var_os(VARIABLE).filter(|path| !path.is_empty());
    let candidates = match explicit
        .map(Path::to_owned)
        .or_else(|| variable().map(Into::into))
    {
        Some(path) => vec![path],
        None => USUAL.iter().map(PathBuf::from).collect(),
    };
    find(&candidates)?.ok_or_else(|| ServerError::NoServer {
        server: "Galera",
        searched: searched(&candidates),
        variable: VARIABLE,
        method: "provider",
    })
}

/// Returns what makes node `index` one of those that have `ports`.
pub(super) fn settings(index: usize, ports: &[Ports], provider: &Path) -> Settings {
    let own = &ports[index];
    let members: Vec<String> = ports
        .iter()
        .map(|ports| ports.group.address().to_string())
        .collect();
    let group = own.group.address();
    let options = format!(
        "base_host={};base_port={};gmcast.listen_addr=tcp://{group};ist.recv_addr={};{TIMING}",
        group.ip(),
        group.port(),
        own.increments.address(),
    );
    let settings = [
        ("wsrep_on", "ON".to_owned()),
        ("wsrep_provider", provider.display().to_string()),
        ("wsrep_provider_options", options),
        ("wsrep_cluster_name", "testkit".into()),
        (
            "wsrep_cluster_address",
            format!("gcomm://{}", members.join(",")),
        ),
        ("wsrep_node_name", format!("node{index}")),
        ("wsrep_node_address", group.ip().to_string()),
        ("wsrep_sst_method", "rsync".into()),
        (
            "wsrep_sst_receive_address",
            own.snapshots.address().to_string(),
        ),
        // One GTID for a transaction on every node, which takes one server id.
        ("wsrep_gtid_mode", "ON".into()),
        ("wsrep_gtid_domain_id", "0".into()),
        ("gtid_domain_id", (index + 1).to_string()),
        ("server_id", "1".into()),
        ("binlog_format", "ROW".into()),
        ("innodb_autoinc_lock_mode", "2".into()),
    ];
    settings
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
}

/// Writes what node `index` of `nodes` would have left behind had all of them been killed at once.
///
/// Together they then find that they are the whole of the last cluster, and go on without one of them
/// having to send its data to the others.
pub(super) fn write_view(
    data: &Path,
    index: usize,
    nodes: usize,
    account: Account,
) -> Result<(), ServerError> {
    let id = |node: usize| format!("{:08x}-7e57-11ef-8000-000000000001", node + 1);
    let mut text = format!(
        "my_uuid: {}\n#vwbeg\nview_id: 3 {} 1\nbootstrap: 0\n",
        id(index),
        id(0)
    );
    for node in 0..nodes {
        let _ = writeln!(text, "member: {} 0", id(node));
    }
    text.push_str("#vwend\n");
    let path = data.join("gvwstate.dat");
    fs::write(&path, text).map_err(ServerError::io("write", &path))?;
    account.own(&path)
}
