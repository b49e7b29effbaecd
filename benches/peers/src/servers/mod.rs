//! The servers, and the network in front of them and of the peers' programs.

mod block;
mod cluster;
mod mariadb;
mod postgres;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use diesel_routing_testkit::Address;

pub(crate) use block::Block;
pub(crate) use cluster::Cluster;
pub(crate) use mariadb::MariaServers;
pub(crate) use postgres::PgServers;

use crate::backend::Backend;

/// The number of replicas.
pub(crate) const REPLICAS: usize = 2;

/// The number of the programs' address in a block: the servers have those before it.
const PROGRAMS: u8 = 4;

/// A primary with two replicas that listen on TCP, as all clients and programs that are compared can be reached, and as they
/// are in use.
#[derive(Debug)]
pub(crate) struct Servers {
    cluster: Box<dyn Cluster>,
    block: Block,
}

/// The places at which the servers are reached.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) primary: SocketAddr,
    pub(crate) replicas: Vec<SocketAddr>,
}

/// A place with the stretch of network in front of it, if there is a delay.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) place: SocketAddr,
    _relay: Option<Address>,
}

impl Servers {
    pub(crate) fn start<B: Backend>() -> Result<Self> {
        let block = Block::next();
        let servers = Self {
            cluster: B::start(block)?,
            block,
        };
        servers.settle()?;
        Ok(servers)
    }

    /// Waits until the replicas have all that was written.
    pub(crate) fn settle(&self) -> Result<()> {
        self.cluster.settle(Duration::from_secs(30))
    }

    /// Keeps the replicas behind.
    pub(crate) fn lag(&self, lag: Duration) -> Result<()> {
        (0..REPLICAS).try_for_each(|replica| self.cluster.lag(replica, lag))
    }

    /// Lets a replica apply nothing for a while.
    pub(crate) fn stop(&self, replica: usize, length: Duration) -> Result<()> {
        self.cluster.pause(replica)?;
        std::thread::sleep(length);
        self.cluster.resume(replica)
    }

    /// Returns where the servers are, `delay` away each way.
    pub(crate) fn places(&self, delay: Duration) -> Result<Places> {
        let place = |node| -> Result<SocketAddr> {
            if delay.is_zero() {
                return self.cluster.place(node);
            }
            let proxy = self.cluster.proxy(node)?;
            proxy.set_delay(delay);
            place_of(&proxy.url())
        };
        Ok(Places {
            primary: place(0)?,
            replicas: (1..=REPLICAS).map(place).collect::<Result<_>>()?,
        })
    }

    /// Returns the place for a peer's program to listen at.
    pub(crate) fn peer_place(&self, port: u16) -> SocketAddr {
        self.block.place(PROGRAMS, port)
    }

    /// Returns the way to a program at `place`, `delay` away each way.
    pub(crate) fn route(&self, place: SocketAddr, delay: Duration) -> Result<Route> {
        if delay.is_zero() {
            return Ok(Route {
                place,
                _relay: None,
            });
        }
        Route::through(self.cluster.way_to(place)?, delay)
    }

    /// Returns one address in front of all replicas, if there is a delay: each has a port of its own then.
    pub(crate) fn readers(&self, delay: Duration) -> Result<Option<Route>> {
        if delay.is_zero() {
            return Ok(None);
        }
        Route::through(self.cluster.way_to_replicas()?, delay).map(Some)
    }

    /// Returns how many reads of the workload the primary and the replicas have run, from some number on.
    pub(crate) fn reads(&self) -> Result<(i64, i64)> {
        let replicas = (1..=REPLICAS).map(|node| self.cluster.reads(node));
        Ok((self.cluster.reads(0)?, replicas.sum::<Result<i64>>()?))
    }

    /// Returns the process ids of the servers.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.cluster.pids()
    }

    /// Returns a directory of the account that the servers run as.
    pub(crate) fn owned_dir(&self) -> &std::path::Path {
        self.cluster.data_dir()
    }
}

impl Route {
    fn through(relay: Address, delay: Duration) -> Result<Self> {
        relay.proxy().set_delay(delay);
        Ok(Self {
            place: place_of(&relay.url())?,
            _relay: Some(relay),
        })
    }
}

/// Returns the address in a URL.
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
    use crate::backend::{MariaDb, Postgres};

    #[test]
    fn a_relay_is_found_by_its_url() {
        let place = place_of("postgresql://app@127.0.0.1:4321/app").unwrap();
        assert_eq!(place, "127.0.0.1:4321".parse().unwrap());
        assert!(place_of("postgresql:///app").is_err());
        for url in [Postgres::url(place, "app"), MariaDb::url(place, "app")] {
            assert_eq!(place_of(&url).unwrap(), place);
        }
    }

    /// Lets connections read and write, and compares with what the servers count.
    fn counts_are_exact<B: Backend>() {
        let servers = Servers::start::<B>().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let places = servers.places(Duration::ZERO).unwrap();
        let connect = async |place| {
            let url = B::url(place, "app");
            <B::Connection as diesel_async::AsyncConnection>::establish(&url)
                .await
                .unwrap()
        };
        let before = servers.reads().unwrap();
        runtime.block_on(async {
            let mut primary = connect(places.primary).await;
            for version in 1..=20 {
                assert_eq!(B::write(&mut primary, 7).await.unwrap(), version);
            }
            for _ in 0..3 {
                assert_eq!(B::read(&mut primary, 7).await.unwrap(), 20);
            }
            servers.settle().unwrap();
            for (place, reads) in places.replicas.iter().zip([5, 6]) {
                let mut replica = connect(*place).await;
                for _ in 0..reads {
                    assert_eq!(B::read(&mut replica, 7).await.unwrap(), 20);
                    // Asked beside the work, which is not to be counted.
                    let _ = B::position(&mut replica, crate::oracle::Role::Replica).await;
                }
            }
        });
        let after = servers.reads().unwrap();
        assert_eq!((after.0 - before.0, after.1 - before.1), (3, 11));
    }

    #[test]
    fn postgresql_counts_reads_alone() {
        counts_are_exact::<Postgres>();
    }

    #[test]
    fn mariadb_counts_reads_alone() {
        counts_are_exact::<MariaDb>();
    }
}
