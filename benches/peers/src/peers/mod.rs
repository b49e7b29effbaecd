//! The programs that stand between clients and servers, one file each.

mod haproxy;
mod pgbouncer;
mod pgcat;
mod pgdog;
mod pgpool;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, Result};

pub(crate) use pgpool::OnWrite;

use crate::program::{Program, Setup};
use crate::servers::{Places, Route, Servers};

/// A program.
#[derive(Debug, Clone)]
pub(crate) enum Peer {
    PgBouncer,
    HaProxy,
    Pgpool(OnWrite),
    PgDog(Option<PathBuf>),
    PgCat(Option<PathBuf>),
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
    pub(crate) program: Program,
    pub(crate) writes: Entrance,
    /// `None` if the program finds out for itself what writes.
    pub(crate) reads: Option<Entrance>,
    /// What is between it and the servers, and its own.
    _network: Option<Route>,
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
            Self::HaProxy => haproxy::start(around),
            Self::Pgpool(on_write) => pgpool::start(around, *on_write),
            Self::PgDog(program) => {
                let program = program
                    .as_ref()
                    .context("give its program with --pgdog or PGDOG_BIN")?;
                pgdog::start(around, program)
            }
            Self::PgCat(program) => {
                let program = program
                    .as_ref()
                    .context("give its program with --pgcat or PGCAT_BIN")?;
                pgcat::start(around, program)
            }
        }
    }
}

impl Around<'_> {
    fn setup(&self) -> Result<Setup> {
        Setup::new(self.servers.owned_dir())
    }

    /// Returns how many connections clients have to a program with one address: as many as all servers together.
    pub(crate) fn clients(&self) -> u32 {
        self.connections * u32::try_from(self.places.standbys.len() + 1).unwrap_or(1)
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

    /// Returns a piece of a configuration for each standby, numbered from 1.
    fn each_standby(&self, piece: impl Fn(usize, SocketAddr) -> String) -> String {
        let standbys = self.places.standbys.iter().enumerate();
        standbys
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
