//! The programs that stand between clients and servers, one file each.

mod haproxy;
mod maxscale;
mod pgbouncer;
mod pgcat;
mod pgdog;
mod pgpool;
mod proxysql;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, Result};

pub(crate) use maxscale::CausalReads;
pub(crate) use pgpool::OnWrite;

use crate::options::ServerKind;
use crate::program::{Program, Setup};
use crate::servers::{Places, Route, Servers};

const PROXYSQL_OPTION: &str = "--proxysql or PROXYSQL_BIN";

/// A program.
#[derive(Debug, Clone)]
pub(crate) enum Peer {
    PgBouncer,
    HaProxy(ServerKind),
    Pgpool(OnWrite),
    PgDog(Option<PathBuf>),
    PgCat(Option<PathBuf>),
    ProxySql(Option<PathBuf>),
    /// With causal reads, for which its reader of binary logs runs beside each server.
    CausalProxySql(Option<PathBuf>, Option<PathBuf>),
    MaxScale(Option<PathBuf>, CausalReads),
}

/// Arguments of a program's start.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    pub(crate) servers: &'a Servers,
    /// Addresses of the servers.
    pub(crate) places: &'a Places,
    /// How far they are from it, each way.
    pub(crate) delay: Duration,
    /// The most connections that it may have to each server.
    pub(crate) connections: u32,
}

/// A running program, and where clients reach it.
#[derive(Debug)]
pub(crate) struct Front {
    /// The program, and what else belongs to it.
    pub(crate) programs: Vec<Program>,
    pub(crate) writes: Entrance,
    /// `None` if the program finds out for itself what writes.
    pub(crate) reads: Option<Entrance>,
    /// What is between it and the servers, and its own.
    _network: Vec<Route>,
}

/// An address of a program.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) place: SocketAddr,
    pub(crate) database: &'static str,
}

impl Peer {
    pub(crate) fn start(&self, around: &Around<'_>) -> Result<Front> {
        match self {
            Self::PgBouncer => pgbouncer::start(around),
            Self::HaProxy(servers) => haproxy::start(around, *servers),
            Self::Pgpool(on_write) => pgpool::start(around, *on_write),
            Self::PgDog(program) => pgdog::start(around, &given(program, "--pgdog or PGDOG_BIN")?),
            Self::PgCat(program) => pgcat::start(around, &given(program, "--pgcat or PGCAT_BIN")?),
            Self::ProxySql(program) => {
                proxysql::start(around, &given(program, PROXYSQL_OPTION)?, None)
            }
            Self::CausalProxySql(program, reader) => {
                let program = given(program, PROXYSQL_OPTION)?;
                let option = "--proxysql-binlog-reader or PROXYSQL_BINLOG_READER_BIN";
                proxysql::start(around, &program, Some(&given(reader, option)?))
            }
            Self::MaxScale(program, causal_reads) => {
                let program = given(program, "--maxscale or MAXSCALE_BIN")?;
                maxscale::start(around, &program, *causal_reads)
            }
        }
    }
}

/// Returns where a program is, wherever it is started from.
fn given(program: &Option<PathBuf>, option: &str) -> Result<PathBuf> {
    let program = program.as_ref();
    let program = program.with_context(|| format!("give its program with {option}"))?;
    Ok(std::path::absolute(program)?)
}

impl Around<'_> {
    fn setup(&self) -> Result<Setup> {
        Setup::new(self.servers.owned_dir())
    }

    /// Returns how many connections clients have to a program with one address: as many as all servers together.
    pub(crate) fn clients(&self) -> u32 {
        self.connections * u32::try_from(self.places.replicas.len() + 1).unwrap_or(1)
    }

    /// Returns the values that configurations have in common.
    fn values(&self, place: SocketAddr) -> Vec<(&'static str, String)> {
        let primary = self.places.primary;
        let threads = available_parallelism().map_or(1, usize::from);
        vec![
            ("host", place.ip().to_string()),
            ("port", place.port().to_string()),
            ("primary_host", primary.ip().to_string()),
            ("primary_port", primary.port().to_string()),
            ("pool", self.connections.to_string()),
            ("threads", threads.to_string()),
        ]
    }

    /// Returns a piece of a configuration for each replica, numbered from 1.
    fn each_replica(&self, piece: impl Fn(usize, SocketAddr) -> String) -> String {
        let replicas = self.places.replicas.iter().enumerate();
        replicas
            .map(|(index, place)| piece(index + 1, *place))
            .collect()
    }
}

impl Entrance {
    fn new(place: SocketAddr) -> Self {
        Self {
            place,
            database: "app",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::backend::MariaDb;

    /// Starts a peer whose program writes its arguments and its configuration to a file, and returns that.
    fn started(servers: &Servers, port: u16, peer: impl FnOnce(PathBuf) -> Peer) -> String {
        let dir = tempfile::tempdir().unwrap();
        let (seen, program) = (dir.path().join("seen"), dir.path().join("program"));
        let script = format!(
            "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n{{ echo \"$@\"; cat \"$(echo \"$@\" | grep -o '/[^ ]*cnf')\"; }} >{0}.part\n\
             mv {0}.part {0}\nexec sleep 1000\n",
            seen.display()
        );
        fs::write(&program, script).unwrap();
        for path in [dir.path(), &program] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        }
        let places = servers.places(Duration::ZERO).unwrap();
        let around = Around {
            servers,
            places: &places,
            delay: Duration::ZERO,
            connections: 7,
        };
        // The program's place, at which somebody accepts connections.
        let _listener = TcpListener::bind(servers.peer_place(port)).unwrap();
        let front = peer(program).start(&around).unwrap();
        assert_eq!(front.writes.place, servers.peer_place(port));
        let since = std::time::Instant::now();
        loop {
            match fs::read_to_string(&seen) {
                Ok(text) => return text,
                Err(_) => assert!(since.elapsed() < Duration::from_secs(20)),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn programs_for_mariadb_are_told_where_the_servers_are() {
        let servers = Servers::start::<MariaDb>().unwrap();
        let places = servers.places(Duration::ZERO).unwrap();
        let maxscale = |causal_reads| {
            started(&servers, 4006, |program| {
                Peer::MaxScale(Some(program), causal_reads)
            })
        };
        let proxysql = started(&servers, 6033, |program| Peer::ProxySql(Some(program)));
        let maxscale = [CausalReads::Global, CausalReads::FastGlobal].map(maxscale);
        for text in [&proxysql, &maxscale[0], &maxscale[1]] {
            for place in std::iter::once(&places.primary).chain(&places.replicas) {
                assert!(text.contains(&format!("port={}", place.port())), "{text}");
            }
            let mut names = text.split('{').skip(1);
            let is_name = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase());
            assert!(!names.any(is_name), "a value is missing: {text}");
        }
        assert!(
            proxysql.contains("max_connections=7 gtid_port=0 }"),
            "{proxysql}"
        );
        assert!(!proxysql.contains("gtid_from_hostgroup"), "{proxysql}");
        for (text, lines) in maxscale.iter().zip([
            ["\ncausal_reads=global\n", "\nmonitor_interval=2000ms\n"],
            ["\ncausal_reads=fast_global\n", "\nmonitor_interval=100ms\n"],
        ]) {
            assert!(
                text.contains("\nservers=primary,replica1,replica2\n"),
                "{text}"
            );
            assert!(lines.iter().all(|line| text.contains(line)), "{text}");
        }
    }

    #[test]
    fn a_relative_path_is_one_from_here() {
        let here = std::env::current_dir().unwrap();
        let program = given(&Some("bin/maxscale".into()), "--maxscale").unwrap();
        assert_eq!(program, here.join("bin/maxscale"));
    }

    #[test]
    fn a_program_that_is_not_given_is_named_with_its_option() {
        let servers = Servers::start::<MariaDb>().unwrap();
        let places = servers.places(Duration::ZERO).unwrap();
        let around = Around {
            servers: &servers,
            places: &places,
            delay: Duration::ZERO,
            connections: 1,
        };
        for (peer, option) in [
            (Peer::MaxScale(None, CausalReads::Local), "MAXSCALE_BIN"),
            (Peer::ProxySql(None), "--proxysql "),
            (
                Peer::CausalProxySql(Some("/bin/true".into()), None),
                "--proxysql-binlog-reader",
            ),
        ] {
            let error = peer.start(&around).unwrap_err();
            assert!(error.to_string().contains(option), "{error}");
        }
    }
}
