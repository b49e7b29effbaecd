//! PgBouncer with two aliases.

use anyhow::Result;

use super::{Around, Entrance, Front};
use crate::program::find;

const CONFIG: &str = include_str!("../../config/pgbouncer.ini");

pub(super) fn start(around: &Around<'_>) -> Result<Front> {
    let program = find("pgbouncer")?;
    let place = around.servers.peer_place(6432);
    let readers = around.servers.readers(around.delay)?;
    let (hosts, port) = match &readers {
        // One address in front of all, with the delay.
        Some(route) => (route.place.ip().to_string(), route.place.port()),
        None => {
            let replicas = &around.places.replicas;
            let hosts: Vec<_> = replicas.iter().map(|at| at.ip().to_string()).collect();
            (hosts.join(","), around.places.primary.port())
        }
    };
    let ro_pool = around.connections * u32::try_from(around.places.replicas.len())?;
    let mut values = around.values(place);
    values.extend([
        ("ro", format!("host={hosts} port={port}")),
        ("ro_pool", ro_pool.to_string()),
    ]);
    let setup = around.setup()?;
    let config = setup.write("pgbouncer.ini", CONFIG, &values)?;
    let program = setup.start(&program, &[&config.to_string_lossy()], place)?;
    let alias = |database| Entrance { place, database };
    Ok(Front {
        programs: vec![program],
        writes: alias("app_rw"),
        reads: Some(alias("app_ro")),
        _network: readers.into_iter().collect(),
    })
}
