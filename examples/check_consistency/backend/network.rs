//! The names that routers know, and the network behind them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use diesel_routing_testkit::{Address, AddressPolicy, Proxy};

use crate::network::{Failure, OnNetwork, Place, READERS, WRITER};
use crate::options::Topology;

use super::changes::Named;
use super::{Cluster, Node};

/// Addresses that lead to roles, and a proxy in front of each node.
#[derive(Debug)]
pub(crate) struct Network {
    writer: Address,
    readers: [Address; READERS.len()],
    proxies: Vec<Arc<Proxy>>,
}

/// The nodes of one router.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) primary: Named,
    pub(crate) replicas: Vec<Named>,
}

impl Network {
    pub(crate) fn start(cluster: &Cluster, seed: u64) -> Result<Self> {
        let standbys = || standbys(cluster);
        let network = Self {
            writer: cluster.address([cluster.primary()])?,
            readers: [cluster.address(standbys())?, cluster.address(standbys())?],
            proxies: cluster
                .nodes()
                .iter()
                .map(Node::proxy)
                .collect::<Result<_, _>>()?,
        };
        network.readers[1].set_policy(AddressPolicy::Random { seed });
        Ok(network)
    }

    /// Leads the primary's name to the present primary.
    pub(crate) fn lead_writer(&self, cluster: &Cluster) -> Result<()> {
        Ok(self.writer.lead_to([cluster.primary()])?)
    }

    /// Leads the readers' names to the present standbys.
    pub(crate) fn lead_readers(&self, cluster: &Cluster) -> Result<()> {
        for readers in &self.readers {
            readers.lead_to(standbys(cluster))?;
        }
        Ok(())
    }

    pub(crate) fn begin(&self, fault: OnNetwork, cluster: &Cluster) -> Result<()> {
        match fault {
            OnNetwork::Fails(place, failure) => {
                let proxy = self.proxy(place, cluster);
                match failure {
                    Failure::Delay(delay) => proxy.set_delay(delay),
                    Failure::DropAnswers => proxy.drop_answers(),
                    Failure::Hang => proxy.hang()?,
                    Failure::Cut => proxy.cut()?,
                    Failure::Disconnect => proxy.disconnect(),
                }
            }
            OnNetwork::LeadsToOne { readers, standby } => {
                self.readers[readers].lead_to([standbys(cluster)[standby]])?;
            }
            OnNetwork::LeadsToAll { readers } => {
                self.readers[readers].lead_to(cluster.nodes())?;
            }
            OnNetwork::LeadsAstray { standby } => {
                self.writer.lead_to([standbys(cluster)[standby]])?;
            }
            OnNetwork::Reorders { readers, seed } => {
                let policy = seed.map_or(AddressPolicy::RoundRobin, |seed| AddressPolicy::Random {
                    seed,
                });
                self.readers[readers].set_policy(policy);
            }
        }
        Ok(())
    }

    /// Undoes whatever happened: nothing is delayed or stalls, and names lead where they should.
    pub(crate) fn restore(&self, cluster: &Cluster, fault: Option<OnNetwork>) -> Result<()> {
        if let Some(OnNetwork::Fails(place, Failure::DropAnswers)) = fault {
            // Else who waits for those answers waits for ever.
            self.proxy(place, cluster).disconnect();
        }
        let addresses = self.readers.iter().chain([&self.writer]);
        let proxies = self.proxies.iter().map(|proxy| &**proxy);
        for proxy in proxies.chain(addresses.map(Address::proxy)) {
            proxy.set_delay(Duration::ZERO);
            proxy.restore()?;
        }
        self.lead_writer(cluster)?;
        self.lead_readers(cluster)
    }

    /// Returns the names that router `number` knows.
    ///
    /// In a mixture, each knows enough of them to reach the primary after every failover.
    pub(crate) fn names(&self, topology: Topology, number: usize, cluster: &Cluster) -> Names {
        let [by_turns, at_random] =
            [0, 1].map(|index| name(READERS[index], self.readers[index].url()));
        let writer = name(WRITER, self.writer.url());
        let is_mixed = topology == Topology::Mixed;
        if is_mixed && number == 0 {
            let mut names = direct(cluster);
            names.replicas.push(by_turns);
            return names;
        }
        let mut replicas = vec![at_random];
        if is_mixed && number == 1 {
            let nodes = cluster.nodes().iter().zip(&self.proxies).skip(1);
            replicas.extend(nodes.map(|(node, proxy)| name(node.name(), proxy.url())));
        } else {
            replicas.push(by_turns);
        }
        Names {
            primary: writer,
            replicas,
        }
    }

    fn proxy(&self, place: Place, cluster: &Cluster) -> &Proxy {
        match place {
            Place::Writer => self.writer.proxy(),
            Place::Readers(index) => self.readers[index].proxy(),
            Place::Standby(index) => &self.proxies[standbys(cluster)[index].index()],
        }
    }
}

/// Returns the nodes by names that lead to one each, without a detour.
pub(crate) fn direct(cluster: &Cluster) -> Names {
    let mut nodes = cluster.nodes().iter();
    let first = nodes.next().unwrap_or_else(|| cluster.primary());
    Names {
        primary: name(first.name(), first.url()),
        replicas: nodes.map(|node| name(node.name(), node.url())).collect(),
    }
}

/// Returns those that are standbys now, in the order of the nodes.
pub(crate) fn standbys(cluster: &Cluster) -> Vec<&Node> {
    let primary = cluster.primary().index();
    let nodes = cluster.nodes().iter();
    nodes.filter(|node| node.index() != primary).collect()
}

/// Names a node. Its settings are the defaults, but for time limits: what fails, fails soon.
fn name(name: &str, url: String) -> Named {
    Named {
        name: name.to_owned(),
        node: diesel_routing::Node::new(name, url)
            .checkout_timeout(Duration::from_secs(1))
            .connect_timeout(Duration::from_secs(1)),
    }
}
