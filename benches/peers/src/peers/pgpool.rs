//! Pgpool-II with load balancing.

use std::fmt;

use anyhow::Result;

use super::{Around, Entrance, Front};
use crate::program::find;

const CONFIG: &str = include_str!("../../config/pgpool.conf");

/// The effect of a write on the reads after it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OnWrite {
    /// Nothing, outside a transaction: the default.
    Transaction,
    /// All later reads of the connection go to the primary.
    Always,
    /// Reads of a table that was written go to the primary for a time that follows the standbys' delay.
    DmlAdaptiveGlobal,
}

pub(super) fn start(around: &Around<'_>, on_write: OnWrite) -> Result<Front> {
    let program = find("pgpool")?;
    let place = around.servers.peer_place(9999);
    let setup = around.setup()?;
    let standbys = around.each_replica(|number, at| {
        let (host, port) = (at.ip(), at.port());
        format!(
            "backend_hostname{number} = '{host}'\nbackend_port{number} = {port}\n\
             backend_weight{number} = 1\nbackend_flag{number} = 'DISALLOW_TO_FAILOVER'\n"
        )
    });
    // The delay that the adaptive rule follows has to be looked at; the others have no use for it.
    let (check_period, threshold) = match on_write {
        OnWrite::DmlAdaptiveGlobal => (1, 10_000_000),
        OnWrite::Transaction | OnWrite::Always => (10, 0),
    };
    let mut values = around.values(place);
    values.extend([
        ("dir", setup.path().display().to_string()),
        ("standbys", standbys),
        // One more for whoever looks whether it accepts connections.
        ("children", (around.clients() + 1).to_string()),
        ("on_write", on_write.to_string()),
        ("check_period", check_period.to_string()),
        ("threshold", threshold.to_string()),
    ]);
    let config = setup.write("pgpool.conf", CONFIG, &values)?;
    // It asks for these files, and does without what is in them.
    let [hba, pcp] = ["pool_hba.conf", "pcp.conf"].map(|name| setup.write(name, "", &[]));
    let (config, hba, pcp) = (config, hba?, pcp?);
    let [config, hba, pcp] = [&config, &hba, &pcp].map(|path| path.to_string_lossy());
    let args = ["-n", "-f", &*config, "-a", &*hba, "-F", &*pcp];
    Ok(Front {
        // On SIGTERM it waits for its clients.
        programs: vec![setup.start_until("INT", &program, &args, place)?],
        writes: Entrance::new(place),
        reads: None,
        _network: Vec::new(),
    })
}

impl fmt::Display for OnWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transaction => "transaction",
            Self::Always => "always",
            Self::DmlAdaptiveGlobal => "dml_adaptive_global",
        })
    }
}
