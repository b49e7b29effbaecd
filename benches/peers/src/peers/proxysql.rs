//! ProxySQL with read/write splitting, and causal reads if it has its reader of binary logs.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::{Around, Entrance, Front};
use crate::program::Program;
use crate::servers::Route;

const CONFIG: &str = include_str!("../../config/proxysql.cnf");

pub(super) fn start(around: &Around<'_>, program: &Path, reader: Option<&Path>) -> Result<Front> {
    let place = around.servers.peer_place(6033);
    let mut readers = Readers::default();
    if let Some(reader) = reader {
        readers.start(around, reader)?;
    }
    let replicas = around.each_replica(|number, at| {
        format!(
            ",\n  {{ address=\"{}\" port={} hostgroup=1 max_connections={} gtid_port={} }}",
            at.ip(),
            at.port(),
            around.connections,
            readers.port(number)
        )
    });
    // To a replica that has what the session wrote, else to the primary's group: it never waits.
    let causal_reads = match reader {
        Some(_) => " gtid_from_hostgroup=0",
        None => "",
    };
    let setup = around.setup()?;
    let mut values = around.values(place);
    values.extend([
        ("dir", setup.path().display().to_string()),
        ("admin_port", "6032".into()),
        ("pgsql_admin_port", "6132".into()),
        ("pgsql_port", "6133".into()),
        ("primary_gtid_port", readers.port(0).to_string()),
        ("replicas", replicas),
        ("causal_reads", causal_reads.into()),
    ]);
    let config = setup.write("proxysql.cnf", CONFIG, &values)?;
    let dir = setup.path().to_string_lossy().into_owned();
    let config = config.to_string_lossy();
    let args = [
        "--foreground",
        "--exit-on-error",
        // Its word of new versions would go out to the network.
        "--no-version-check",
        // It says itself that most workloads are quicker with these.
        "--idle-threads",
        "--initial",
        "--config",
        &*config,
        "--datadir",
        &dir,
    ];
    let mut programs = readers.programs;
    programs.push(setup.start(program, &args, place)?);
    Ok(Front {
        programs,
        writes: Entrance::new(place),
        reads: None,
        _network: readers.network,
    })
}

/// The readers of binary logs: one on the host of each server, which tells ProxySQL what that server has.
#[derive(Debug, Default)]
struct Readers {
    programs: Vec<Program>,
    ports: Vec<u16>,
    network: Vec<Route>,
}

impl Readers {
    fn start(&mut self, around: &Around<'_>, reader: &Path) -> Result<()> {
        // Beside their servers, however far ProxySQL is.
        let places = around.servers.places(Duration::ZERO)?;
        for server in std::iter::once(&places.primary).chain(&places.replicas) {
            let place = free_place()?;
            let (host, port) = (server.ip().to_string(), server.port().to_string());
            let listen = place.port().to_string();
            let args = [
                "-f",
                "-h",
                &*host,
                "-P",
                &*port,
                "-u",
                "reader",
                "-p",
                "reader",
                "-l",
                &*listen,
                // The servers have no certificates.
                "--ssl-mode=DISABLED",
            ];
            self.programs
                .push(around.setup()?.start(reader, &args, place)?);
            let route = around.servers.route(place, around.delay)?;
            self.ports.push(route.place.port());
            self.network.push(route);
        }
        Ok(())
    }

    /// Returns the port for a server; 0 stands for none.
    fn port(&self, server: usize) -> u16 {
        self.ports.get(server).copied().unwrap_or_default()
    }
}

/// Returns a free place: a reader listens on all addresses, and is reached where its server is.
fn free_place() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}
