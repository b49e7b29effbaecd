//! PgDog with read/write splitting.

use std::path::Path;
use std::thread::available_parallelism;

use anyhow::Result;

use super::{Around, Entrance, Front};

const CONFIG: &str = include_str!("../../config/pgdog.toml");
const USERS: &str = include_str!("../../config/pgdog-users.toml");

pub(super) fn start(around: &Around<'_>, program: &Path) -> Result<Front> {
    let place = around.servers.peer_place(6433);
    let standbys = around.each_replica(|_, at| {
        let (host, port) = (at.ip(), at.port());
        format!(
            "\n[[databases]]\nname = \"app\"\nhost = \"{host}\"\nport = {port}\nrole = \"replica\"\n"
        )
    });
    let mut values = around.values(place);
    let workers = 2 * available_parallelism().map_or(1, usize::from);
    values.extend([("standbys", standbys), ("workers", workers.to_string())]);
    let setup = around.setup()?;
    let config = setup.write("pgdog.toml", CONFIG, &values)?;
    let users = setup.write("users.toml", USERS, &[])?;
    let [config, users] = [&config, &users].map(|path| path.to_string_lossy());
    let args = ["--config", &*config, "--users", &*users];
    Ok(Front {
        programs: vec![setup.start(program, &args, place)?],
        writes: Entrance::new(place),
        reads: None,
        _network: Vec::new(),
    })
}
