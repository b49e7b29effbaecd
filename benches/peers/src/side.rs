//! The sides of the comparison.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use diesel_routing::pg::Router;

use crate::options::Options;
use crate::oracle::{self, Oracle};
use crate::peers::{Around, Front, OnWrite, Peer};
use crate::raw::{self, Library, Pool, Rule, Settings, Split};
use crate::routed::{self, Mode};
use crate::servers::{Places, Route, Servers};

/// The name of the side that the others are compared with.
pub(crate) const OURS: &str = "diesel-routing";
/// The name of the side that tells how many reads can be kept off the primary.
pub(crate) const ORACLE: &str = "oracle";

/// A way to use the servers.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(crate) name: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Raw(Settings, Rule),
    Program(Settings, Peer),
    Routed(Mode),
    Oracle,
}

/// The conditions of a comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Distances {
    /// The delay each way in front of the servers.
    pub(crate) servers: Duration,
    /// The delay each way in front of a program.
    pub(crate) programs: Duration,
}

/// A side at work.
#[derive(Debug)]
pub(crate) struct Running {
    users: Users,
    front: Option<Front>,
    _network: Vec<Route>,
}

#[derive(Debug)]
enum Users {
    Raw(Arc<Split>),
    Routed(Router, Mode),
    Oracle(Arc<Oracle>),
}

/// A user of a side.
#[derive(Debug)]
pub(crate) enum User {
    Raw(raw::User),
    Routed(routed::User),
    Oracle(oracle::User),
}

impl Side {
    /// Returns all sides that take part.
    pub(crate) fn all(options: &Options) -> Vec<Self> {
        let rules = [
            ("primary", Rule::Primary),
            ("replica", Rule::Replica),
            ("window 2 s", Rule::Window(Duration::from_secs(2))),
            ("window 5 s", Rule::Window(Duration::from_secs(5))),
        ];
        let peers = [
            ("PgBouncer", Peer::PgBouncer),
            ("HAProxy", Peer::HaProxy),
            ("Pgpool-II", Peer::Pgpool(OnWrite::Transaction)),
            ("Pgpool-II, always", Peer::Pgpool(OnWrite::Always)),
            (
                "Pgpool-II, dml_adaptive_global",
                Peer::Pgpool(OnWrite::DmlAdaptiveGlobal),
            ),
            ("PgDog", Peer::PgDog(options.pgdog.clone())),
            ("PgCat", Peer::PgCat(options.pgcat.clone())),
        ];
        let mut sides = Vec::new();
        let mut add = |name: String, kind| {
            if options.wants(&name) {
                sides.push(Self { name, kind });
            }
        };
        add(OURS.into(), Kind::Routed(Mode::Default));
        let wait = Duration::from_millis(20);
        add(
            format!("{OURS}, waiting 20 ms"),
            Kind::Routed(Mode::Waiting(wait)),
        );
        add(format!("{OURS}, tokens"), Kind::Routed(Mode::Tokens));
        add(ORACLE.into(), Kind::Oracle);
        let libraries = [("bb8", Library::Bb8), ("deadpool", Library::Deadpool)];
        for (library_name, library) in libraries {
            for (rule_name, rule) in rules {
                for pings in [false, true] {
                    let settings = Settings { library, pings };
                    let name = format!("{library_name}, {rule_name}{}", suffix(pings));
                    add(name, Kind::Raw(settings, rule));
                }
            }
        }
        for (name, peer) in peers {
            for pings in [false, true] {
                let settings = Settings {
                    library: Library::Bb8,
                    pings,
                };
                let name = format!("{name}{}", suffix(pings));
                add(name, Kind::Program(settings, peer.clone()));
            }
        }
        sides
    }

    /// Returns whether it is one of this project.
    pub(crate) fn is_ours(name: &str) -> bool {
        name.starts_with(OURS)
    }

    /// Starts it, with up to `connections` to each server.
    pub(crate) async fn start(
        &self,
        servers: &Servers,
        distances: Distances,
        connections: u32,
    ) -> Result<Running> {
        let places = servers.places(distances.servers)?;
        let users = match &self.kind {
            Kind::Raw(settings, rule) => {
                Users::Raw(raw_split(*settings, *rule, &places, connections).await?)
            }
            Kind::Routed(mode) => Users::Routed(routed::start(&places, connections).await?, *mode),
            Kind::Oracle => Users::Oracle(Arc::new(Oracle::new(&places, connections).await?)),
            Kind::Program(settings, peer) => {
                let around = Around {
                    servers,
                    places: &places,
                    delay: distances.servers,
                    connections,
                };
                return program(*settings, peer, &around, distances.programs).await;
            }
        };
        Ok(Running {
            users,
            front: None,
            _network: Vec::new(),
        })
    }
}

fn suffix(pings: bool) -> &'static str {
    if pings { ", ping" } else { "" }
}

async fn raw_split(
    settings: Settings,
    rule: Rule,
    places: &Places,
    connections: u32,
) -> Result<Arc<Split>> {
    let pool = |place| Pool::new(settings, place, "app", connections);
    let mut reads = Vec::new();
    for place in &places.standbys {
        reads.push(pool(*place).await?);
    }
    let writes = pool(places.primary).await?;
    Ok(Arc::new(Split::new(writes, reads, rule)))
}

async fn program(
    settings: Settings,
    peer: &Peer,
    around: &Around<'_>,
    delay: Duration,
) -> Result<Running> {
    let front = peer.start(around)?;
    let to_writes = around.servers.route(front.writes.place, delay)?;
    let mut network = Vec::new();
    let split = match &front.reads {
        None => {
            let pool = Pool::new(
                settings,
                to_writes.place,
                front.writes.database,
                around.clients(),
            );
            Split::new(pool.await?, Vec::new(), Rule::Replica)
        }
        Some(reads) => {
            let to_reads = around.servers.route(reads.place, delay)?;
            let connections = around.connections;
            let writes = Pool::new(
                settings,
                to_writes.place,
                front.writes.database,
                connections,
            );
            let others = around.clients() - connections;
            let pool = Pool::new(settings, to_reads.place, reads.database, others);
            network.push(to_reads);
            Split::new(writes.await?, vec![pool.await?], Rule::Replica)
        }
    };
    network.push(to_writes);
    Ok(Running {
        users: Users::Raw(Arc::new(split)),
        front: Some(front),
        _network: network,
    })
}

impl Running {
    pub(crate) fn user(&self) -> User {
        match &self.users {
            Users::Raw(split) => User::Raw(split.user()),
            Users::Routed(router, mode) => User::Routed(routed::User::new(router, *mode)),
            Users::Oracle(oracle) => User::Oracle(oracle.user()),
        }
    }

    /// Returns the process of the program, if there is one.
    pub(crate) fn program(&self) -> Option<u32> {
        self.front.as_ref().map(|front| front.program.pid())
    }
}

impl User {
    /// Returns the version of a row.
    pub(crate) async fn read(&mut self, key: i32) -> Result<i64> {
        match self {
            Self::Raw(user) => user.read(key).await,
            Self::Routed(user) => user.read(key).await,
            Self::Oracle(user) => user.read(key).await,
        }
    }

    /// Raises the version of a row, and returns it.
    pub(crate) async fn write(&mut self, key: i32) -> Result<i64> {
        match self {
            Self::Raw(user) => user.write(key).await,
            Self::Routed(user) => user.write(key).await,
            Self::Oracle(user) => user.write(key).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn every_side_has_a_name_of_its_own_and_each_peer_two_variants() {
        let sides = Side::all(&Options::parse_from(["peers"]));
        let mut names: Vec<_> = sides.iter().map(|side| side.name.as_str()).collect();
        assert_eq!(
            names.iter().filter(|name| name.contains("HAProxy")).count(),
            2
        );
        assert!(names.contains(&"bb8, window 5 s, ping"));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
