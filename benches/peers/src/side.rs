//! The sides of the comparison.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use diesel_routing::Router;

use crate::backend::Backend;
use crate::options::{Options, ServerKind};
use crate::oracle::{Needs, Oracle};
use crate::peers::{Around, CausalReads, Front, OnWrite, Peer};
use crate::program::Program;
use crate::raw::{self, Library, Pool, Rule, Settings, Split};
use crate::routed::{self, Mode};
use crate::servers::{Places, Route, Servers};
use crate::statements::Acts;

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
pub(crate) struct Running<B: Backend> {
    users: Users<B>,
    front: Option<Front>,
    _network: Vec<Route>,
}

enum Users<B: Backend> {
    Raw(Arc<Split<B>>),
    Routed(Router<B::Connection>, Mode),
    Oracle(Arc<Oracle<Acts<B>>>),
}

/// A user of a side.
pub(crate) enum User<B: Backend> {
    Raw(raw::User<B>),
    Routed(routed::User<B>),
    Oracle(Arc<Oracle<Acts<B>>>, Needs),
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
                    let settings = Settings {
                        library,
                        pings,
                        keeps_prepared: true,
                    };
                    let name = format!("{library_name}, {rule_name}{}", suffix(pings));
                    add(name, Kind::Raw(settings, rule));
                }
            }
        }
        for (name, peer) in peers(options) {
            let prepared: &[_] = match peer {
                Peer::PgCat(_) => &[(", statements prepared anew", false), ("", true)],
                _ => &[("", true)],
            };
            for (how, keeps_prepared) in prepared {
                for pings in [false, true] {
                    let settings = Settings {
                        library: Library::Bb8,
                        pings,
                        keeps_prepared: *keeps_prepared,
                    };
                    let name = format!("{name}{how}{}", suffix(pings));
                    add(name, Kind::Program(settings, peer.clone()));
                }
            }
        }
        sides
    }

    /// Returns whether it is one of this project.
    pub(crate) fn is_ours(name: &str) -> bool {
        name.starts_with(OURS)
    }

    /// Starts it, with up to `connections` to each server.
    pub(crate) async fn start<B: Backend>(
        &self,
        servers: &Servers,
        distances: Distances,
        connections: u32,
    ) -> Result<Running<B>> {
        let places = servers.places(distances.servers)?;
        let users = match &self.kind {
            Kind::Raw(settings, rule) => {
                Users::Raw(raw_split(*settings, *rule, &places, connections).await?)
            }
            Kind::Routed(mode) => {
                Users::Routed(routed::start::<B>(&places, connections).await?, *mode)
            }
            Kind::Oracle => {
                let url = |place: &SocketAddr| B::url(*place, "app");
                let replicas = places.replicas.iter().map(url);
                let oracle = Oracle::new(url(&places.primary), replicas, connections);
                Users::Oracle(Arc::new(oracle.await?))
            }
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

/// Returns the programs for a kind of servers, in all their ways to work.
fn peers(options: &Options) -> Vec<(String, Peer)> {
    let named = |name: &str, peer| (name.to_owned(), peer);
    match options.servers {
        ServerKind::Postgres => vec![
            named("PgBouncer", Peer::PgBouncer),
            named("HAProxy", Peer::HaProxy(options.servers)),
            named("Pgpool-II", Peer::Pgpool(OnWrite::Transaction)),
            named("Pgpool-II, always", Peer::Pgpool(OnWrite::Always)),
            named(
                "Pgpool-II, dml_adaptive_global",
                Peer::Pgpool(OnWrite::DmlAdaptiveGlobal),
            ),
            named("PgDog", Peer::PgDog(options.pgdog.clone())),
            named("PgCat", Peer::PgCat(options.pgcat.clone())),
        ],
        ServerKind::MariaDb => {
            let proxysql = options.proxysql.clone();
            let reader = options.proxysql_binlog_reader.clone();
            let mut peers = vec![
                named("HAProxy", Peer::HaProxy(options.servers)),
                named("ProxySQL", Peer::ProxySql(proxysql.clone())),
                named(
                    "ProxySQL, causal reads",
                    Peer::CausalProxySql(proxysql, reader),
                ),
            ];
            peers.extend(CausalReads::ALL.map(|causal_reads| {
                let name = match causal_reads {
                    CausalReads::None => "MaxScale".to_owned(),
                    other => format!("MaxScale, {other}"),
                };
                (name, Peer::MaxScale(options.maxscale.clone(), causal_reads))
            }));
            peers
        }
    }
}

fn suffix(pings: bool) -> &'static str {
    if pings { ", ping" } else { "" }
}

async fn raw_split<B: Backend>(
    settings: Settings,
    rule: Rule,
    places: &Places,
    connections: u32,
) -> Result<Arc<Split<B>>> {
    let pool = |place| Pool::new(settings, place, "app", connections);
    let mut reads = Vec::new();
    for place in &places.replicas {
        reads.push(pool(*place).await?);
    }
    let writes = pool(places.primary).await?;
    Ok(Arc::new(Split::new(writes, reads, rule)))
}

async fn program<B: Backend>(
    settings: Settings,
    peer: &Peer,
    around: &Around<'_>,
    delay: Duration,
) -> Result<Running<B>> {
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

impl<B: Backend> Running<B> {
    pub(crate) fn user(&self) -> User<B> {
        match &self.users {
            Users::Raw(split) => User::Raw(split.user()),
            Users::Routed(router, mode) => User::Routed(routed::User::new(router, *mode)),
            Users::Oracle(oracle) => User::Oracle(Arc::clone(oracle), Needs::default()),
        }
    }

    /// Returns the processes of the program, if there is one.
    pub(crate) fn programs(&self) -> Vec<u32> {
        let programs = self.front.iter().flat_map(|front| &front.programs);
        programs.map(Program::pid).collect()
    }
}

impl<B: Backend> User<B> {
    /// Returns the version of a row.
    pub(crate) async fn read(&mut self, key: i32) -> Result<i64> {
        match self {
            Self::Raw(user) => user.read(key).await,
            Self::Routed(user) => user.read(key).await,
            Self::Oracle(oracle, needs) => Ok(oracle.read(needs, &key).await?.0),
        }
    }

    /// Raises the version of a row, and returns it.
    pub(crate) async fn write(&mut self, key: i32) -> Result<i64> {
        match self {
            Self::Raw(user) => user.write(key).await,
            Self::Routed(user) => user.write(key).await,
            Self::Oracle(oracle, needs) => oracle.write(needs, key).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        let sides = Side::all(&Options::parse_from([&["peers"], words].concat()));
        sides.into_iter().map(|side| side.name).collect()
    }

    #[test]
    fn every_side_has_a_name_of_its_own_and_each_peer_two_variants() {
        for servers in ["postgres", "mariadb"] {
            let mut names = names(&["--servers", servers]);
            let of_haproxy = names.iter().filter(|name| name.contains("HAProxy"));
            assert_eq!(of_haproxy.count(), 2);
            assert!(names.contains(&"bb8, window 5 s, ping".to_owned()));
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }

    #[test]
    fn each_kind_of_servers_has_its_own_programs_beside_the_same_pools_and_sessions() {
        let programs = [
            "PgBouncer",
            "HAProxy",
            "Pgpool",
            "PgDog",
            "PgCat",
            "ProxySQL",
            "MaxScale",
        ];
        let is_program = |name: &String| programs.iter().any(|start| name.starts_with(start));
        let (postgres, mariadb) = (names(&[]), names(&["--servers", "mariadb"]));
        let has = |names: &[String], name: &str| names.iter().any(|side| side == name);
        for (name, [on_postgres, on_mariadb]) in [
            ("PgBouncer", [true, false]),
            ("HAProxy", [true, true]),
            ("ProxySQL, causal reads, ping", [false, true]),
            ("MaxScale", [false, true]),
            ("MaxScale, fast_universal", [false, true]),
        ] {
            assert_eq!(has(&postgres, name), on_postgres, "{name}");
            assert_eq!(has(&mariadb, name), on_mariadb, "{name}");
        }
        let others = |names: Vec<String>| -> Vec<String> {
            let others = names.into_iter().filter(|name| !is_program(name));
            others.collect()
        };
        assert_eq!(others(postgres), others(mariadb));
    }
}
