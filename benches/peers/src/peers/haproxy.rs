//! HAProxy with two ports.

use anyhow::Result;

use super::{Around, Entrance, Front};
use crate::program::find;

const CONFIG: &str = include_str!("../../config/haproxy.cfg");

pub(super) fn start(around: &Around<'_>) -> Result<Front> {
    let program = find("haproxy")?;
    let [writes, reads] = [5001, 5002].map(|port| around.servers.peer_place(port));
    let standbys = around.each_standby(|number, at| format!("  server standby{number} {at}\n"));
    let mut values = around.values(writes);
    values.extend([
        ("rw_port", writes.port().to_string()),
        ("ro_port", reads.port().to_string()),
        ("primary", around.places.primary.to_string()),
        ("standbys", standbys),
    ]);
    let setup = around.setup()?;
    let config = setup.write("haproxy.cfg", CONFIG, &values)?;
    let args = ["-db", "-f", &*config.to_string_lossy()];
    Ok(Front {
        program: setup.start(&program, &args, reads)?,
        writes: Entrance::new(writes),
        reads: Some(Entrance::new(reads)),
        _network: None,
    })
}
