//! HAProxy with two ports.

use anyhow::Result;

use super::{Around, Entrance, Front};
use crate::options::ServerKind;
use crate::program::find;

const CONFIG: &str = include_str!("../../config/haproxy.cfg");
const POSTGRES: &str = include_str!("../../config/haproxy-postgres.cfg");
const MARIADB: &str = include_str!("../../config/haproxy-mariadb.cfg");

pub(super) fn start(around: &Around<'_>, servers: ServerKind) -> Result<Front> {
    let program = find("haproxy")?;
    let [writes, reads] = [5001, 5002].map(|port| around.servers.peer_place(port));
    let replicas =
        around.each_replica(|number, at| format!("  server replica{number} {at} check\n"));
    let protocol = match servers {
        ServerKind::Postgres => POSTGRES,
        ServerKind::MariaDb => MARIADB,
    };
    let mut values = around.values(writes);
    values.extend([
        ("protocol", protocol.trim_end().to_owned()),
        ("rw_port", writes.port().to_string()),
        ("ro_port", reads.port().to_string()),
        ("primary", around.places.primary.to_string()),
        ("replicas", replicas),
    ]);
    let setup = around.setup()?;
    let config = setup.write("haproxy.cfg", CONFIG, &values)?;
    let args = ["-db", "-f", &*config.to_string_lossy()];
    Ok(Front {
        programs: vec![setup.start(&program, &args, reads)?],
        writes: Entrance::new(writes),
        reads: Some(Entrance::new(reads)),
        _network: Vec::new(),
    })
}
