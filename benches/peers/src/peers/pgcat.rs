//! PgCat with read/write splitting.

use std::path::Path;

use anyhow::Result;

use super::{Around, Entrance, Front};

const CONFIG: &str = include_str!("../../config/pgcat.toml");

pub(super) fn start(around: &Around<'_>, program: &Path) -> Result<Front> {
    let place = around.servers.peer_place(6434);
    let server =
        |at: std::net::SocketAddr, role| format!("[\"{}\", {}, \"{role}\"]", at.ip(), at.port());
    let standbys = around.each_replica(|_, at| format!(", {}", server(at, "replica")));
    let primary = server(around.places.primary, "primary");
    let mut values = around.values(place);
    values.push(("servers", format!("{primary}{standbys}")));
    let setup = around.setup()?;
    let config = setup.write("pgcat.toml", CONFIG, &values)?;
    Ok(Front {
        programs: vec![setup.start(program, &[&config.to_string_lossy()], place)?],
        writes: Entrance::new(place),
        reads: None,
        _network: Vec::new(),
    })
}
