//! The programs that stand between clients and servers, one file each.

mod haproxy;
mod maxscale;
mod pgbouncer;
mod pgcat;
mod pgdog;
mod pgpool;
mod proxysql;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
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
            Self::PgDog(program) => pgdog::start(around, given(program, "--pgdog or PGDOG_BIN")?),
            Self::PgCat(program) => pgcat::start(around, given(program, "--pgcat or PGCAT_BIN")?),
            Self::ProxySql(program) => {
                proxysql::start(around, given(program, PROXYSQL_OPTION)?, None)
            }
            Self::CausalProxySql(program, reader) => {
                let program = given(program, PROXYSQL_OPTION)?;
                let option = "--proxysql-binlog-reader or PROXYSQL_BINLOG_READER_BIN";
                proxysql::start(around, program, Some(given(reader, option)?))
            }
            Self::MaxScale(program, causal_reads) => {
                let program = given(program, "--maxscale or MAXSCALE_BIN")?;
                maxscale::start(around, program, *causal_reads)
            }
        }
    }
}

fn given<'a>(program: &'a Option<PathBuf>, option: &str) -> Result<&'a Path> {
    let program = program.as_deref();
    program.with_context(|| format!("give its program with {option}"))
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
