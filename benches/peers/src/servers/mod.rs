//! The servers, and the network in front of them and of the peers' programs.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use diesel_routing_testkit::{Address, PgCluster, PgNode, Proxy, Target};

/// The number of rows.
pub(crate) const KEYS: i32 = 1000;

diesel::table! {
    counters (key) {
        key -> Integer,
        version -> BigInt,
    }
}

/// The name of what reads in `pg_stat_statements`.
const READS: &str = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements \
                     WHERE query LIKE 'SELECT \"counters\".\"version\"%'";

/// A primary with two standbys that listen on addresses of their own.
///
/// On TCP, as all clients and programs that are compared can be reached, and as they are in use.
#[derive(Debug)]
pub(crate) struct Servers {
    cluster: PgCluster,
    block: Block,
}

/// 256 addresses of the loopback interface that no other run has.
#[derive(Debug, Clone, Copy)]
struct Block([u8; 3]);

/// The places at which the servers are reached.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) primary: SocketAddr,
    pub(crate) standbys: Vec<SocketAddr>,
}

/// A place with the stretch of network in front of it, if there is a delay.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) place: SocketAddr,
    _relay: Option<Address>,
}

impl Servers {
    pub(crate) fn start() -> Result<Self> {
        let cluster = PgCluster::builder()
            .standbys(2)
            // The most that a peer opens: Pgpool-II, for each client a connection to each server.
            .setting("max_connections", "500")
            .setting("shared_preload_libraries", "pg_stat_statements")
            .start()?;
        let block = Block::of_this_process();
        for node in cluster.nodes() {
            node.set("listen_addresses", &block.host(number(node)?).to_string())?;
            node.set_access("host all all 127.0.0.0/8 trust")?;
            node.restart()?;
        }
        let primary = cluster.primary();
        primary.admin_execute("CREATE EXTENSION pg_stat_statements")?;
        primary.execute("CREATE TABLE counters (key int PRIMARY KEY, version bigint NOT NULL)")?;
        primary.execute(&format!(
            "INSERT INTO counters SELECT key, 0 FROM generate_series(0, {}) key",
            KEYS - 1
        ))?;
        let servers = Self { cluster, block };
        servers.settle()?;
        Ok(servers)
    }

    pub(crate) fn standby(&self, index: usize) -> &PgNode {
        self.cluster.standby(index)
    }

    /// Waits until the standbys have all that was written.
    pub(crate) fn settle(&self) -> Result<()> {
        Ok(self.cluster.wait_until_caught_up(Duration::from_secs(30))?)
    }

    /// Keeps the standbys behind.
    pub(crate) fn lag(&self, lag: Duration) -> Result<()> {
        for standby in self.cluster.standbys() {
            standby.set_apply_delay(lag)?;
        }
        Ok(())
    }

    /// Returns where the servers are, `delay` away each way.
    pub(crate) fn places(&self, delay: Duration) -> Result<Places> {
        let place = |node: &PgNode| -> Result<SocketAddr> {
            if delay.is_zero() {
                return Ok(self.block.place(number(node)?, 5432));
            }
            let proxy: Arc<Proxy> = node.proxy()?;
            proxy.set_delay(delay);
            place_of(&proxy.url())
        };
        Ok(Places {
            primary: place(self.cluster.primary())?,
            standbys: self
                .cluster
                .standbys()
                .iter()
                .map(place)
                .collect::<Result<_>>()?,
        })
    }

    /// Returns the place for a peer's program to listen at.
    pub(crate) fn peer_place(&self, port: u16) -> SocketAddr {
        self.block.place(100, port)
    }

    /// Returns the way to a program at `place`, `delay` away each way.
    pub(crate) fn route(&self, place: SocketAddr, delay: Duration) -> Result<Route> {
        if delay.is_zero() {
            return Ok(Route {
                place,
                _relay: None,
            });
        }
        let relay = self.cluster.address([Target::postgres("peer", place)])?;
        relay.proxy().set_delay(delay);
        Ok(Route {
            place: place_of(&relay.url())?,
            _relay: Some(relay),
        })
    }

    /// Returns one address in front of all standbys, if there is a delay: each has a port of its own then.
    pub(crate) fn readers(&self, delay: Duration) -> Result<Option<Route>> {
        if delay.is_zero() {
            return Ok(None);
        }
        let relay = self.cluster.address(self.cluster.standbys())?;
        relay.proxy().set_delay(delay);
        Ok(Some(Route {
            place: place_of(&relay.url())?,
            _relay: Some(relay),
        }))
    }

    /// Returns how many reads of the workload the primary and the standbys have run so far.
    pub(crate) fn reads(&self) -> Result<(u64, u64)> {
        let count = |node: &PgNode| -> Result<u64> {
            Ok(node.admin_value(READS)?.unwrap_or_default().parse()?)
        };
        let standbys = self.cluster.standbys().iter().map(count);
        Ok((
            count(self.cluster.primary())?,
            standbys.sum::<Result<u64>>()?,
        ))
    }

    /// Returns the process ids of the servers.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.cluster
            .nodes()
            .iter()
            .filter_map(PgNode::pid)
            .collect()
    }

    /// Returns a directory of the account that the servers run as.
    pub(crate) fn owned_dir(&self) -> &std::path::Path {
        self.cluster.primary().data_dir()
    }
}

/// Returns the URL of the database at `place`.
pub(crate) fn url(place: SocketAddr) -> String {
    format!("postgresql://app:app@{place}/app")
}

impl Block {
    fn of_this_process() -> Self {
        let [.., high, low] = std::process::id().to_be_bytes();
        Self([127, 64 | (high & 0x3f), low])
    }

    fn host(self, number: u8) -> Ipv4Addr {
        let [a, b, c] = self.0;
        Ipv4Addr::new(a, b, c, number)
    }

    fn place(self, number: u8, port: u16) -> SocketAddr {
        SocketAddrV4::new(self.host(number), port).into()
    }
}

fn number(node: &PgNode) -> Result<u8> {
    Ok(u8::try_from(node.index() + 1)?)
}

/// Returns the address in a URL of the kit.
fn place_of(url: &str) -> Result<SocketAddr> {
    let place = url
        .split_once('@')
        .and_then(|(_, rest)| rest.split_once('/'))
        .context("a URL without an address")?;
    Ok(place.0.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_block_are_the_loopback_interfaces() {
        let block = Block::of_this_process();
        assert!(block.host(1).is_loopback());
        assert_ne!(block.host(1), block.host(2));
        assert_ne!(block.host(1), Ipv4Addr::LOCALHOST);
    }

    #[test]
    fn a_relay_is_found_by_its_url() {
        let place = place_of("postgresql://app@127.0.0.1:4321/app").unwrap();
        assert_eq!(place, "127.0.0.1:4321".parse().unwrap());
        assert!(place_of("postgresql:///app").is_err());
        assert_eq!(place_of(&url(place)).unwrap(), place);
    }
}
