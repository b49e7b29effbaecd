//! MaxScale with read/write splitting.

use std::fmt;
use std::path::Path;

use anyhow::Result;

use super::{Around, Entrance, Front};

const CONFIG: &str = include_str!("../../config/maxscale.cnf");

/// The writes that a read must see, by the names of MaxScale's parameter `causal_reads`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CausalReads {
    /// Nothing in particular.
    None,
    /// Its connection's: waits for the replica.
    Local,
    /// Its connection's: of a replica that is known to have it, else of the primary.
    Fast,
    /// All connections': waits for the replica.
    Global,
    /// All connections': of a replica that is known to have it, else of the primary.
    FastGlobal,
    /// All that the primary has, which is asked before each read: waits for the replica.
    Universal,
    /// All that the primary has, likewise: of a replica that is known to have it, else of the primary.
    FastUniversal,
}

impl CausalReads {
    pub(crate) const ALL: [Self; 7] = [
        Self::None,
        Self::Local,
        Self::Fast,
        Self::Global,
        Self::FastGlobal,
        Self::Universal,
        Self::FastUniversal,
    ];

    /// Returns whether it goes by what is known of the replicas.
    fn is_fast(self) -> bool {
        matches!(self, Self::Fast | Self::FastGlobal | Self::FastUniversal)
    }
}

pub(super) fn start(
    around: &Around<'_>,
    program: &Path,
    causal_reads: CausalReads,
) -> Result<Front> {
    let place = around.servers.peer_place(4006);
    let names = around.each_replica(|number, _| format!(",replica{number}"));
    let replicas = around.each_replica(|number, at| {
        let (host, port) = (at.ip(), at.port());
        format!("\n[replica{number}]\ntype=server\naddress={host}\nport={port}\n")
    });
    let interval = if causal_reads.is_fast() {
        "100ms"
    } else {
        "2000ms"
    };
    let setup = around.setup()?;
    let mut values = around.values(place);
    values.extend([
        ("dir", setup.path().display().to_string()),
        ("servers", format!("primary{names}")),
        ("replicas", replicas),
        ("monitor_interval", interval.into()),
        ("causal_reads", causal_reads.to_string()),
    ]);
    let config = setup.write("maxscale.cnf", CONFIG, &values)?;
    let config = format!("--config={}", config.display());
    let args = ["--nodaemon", "--log=stdout", &config];
    Ok(Front {
        programs: vec![setup.start(program, &args, place)?],
        writes: Entrance::new(place),
        reads: None,
        _network: Vec::new(),
    })
}

impl fmt::Display for CausalReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Local => "local",
            Self::Fast => "fast",
            Self::Global => "global",
            Self::FastGlobal => "fast_global",
            Self::Universal => "universal",
            Self::FastUniversal => "fast_universal",
        })
    }
}
