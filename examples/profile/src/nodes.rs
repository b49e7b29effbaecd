//! `Nodes`: the servers, ours or the kit's.

use std::sync::Arc;

use anyhow::Result;
use diesel_routing_testkit::PgCluster;

use crate::Lab;

/// A server's name and URL.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Address {
    /// What pages and routes call it.
    pub name: String,
    /// Where it is.
    pub url: String,
}

/// A primary, its replicas, and the lab that makes them lag, if they are the kit's. Named as hosts are: their roles may change.
#[derive(Debug, Clone)]
pub struct Nodes {
    pub(crate) primary: Address,
    pub(crate) replicas: Vec<Address>,
    pub(crate) lab: Option<Arc<Lab>>,
}

impl Nodes {
    /// Starts a cluster of the test kit's: a primary and so many standbys. It ends when the last clone is
    /// dropped, and its [`lab`](Self::lab) makes it lag.
    ///
    /// Blocks for a second or two.
    ///
    /// # Errors
    ///
    /// PostgreSQL is not installed, or does not start.
    pub fn start(standbys: usize) -> Result<Self> {
        let cluster = PgCluster::builder().standbys(standbys).start()?;
        let lab = Lab::new(cluster);
        let address = |name: String, url| Address { name, url };
        let standbys = (2..).zip(lab.cluster().standbys());
        Ok(Self {
            primary: address("db-1".to_owned(), lab.cluster().primary().url()),
            replicas: standbys
                .map(|(number, node)| address(format!("db-{number}"), node.url()))
                .collect(),
            lab: Some(Arc::new(lab)),
        })
    }

    /// Uses servers that run already, by their URLs.
    #[must_use]
    pub fn at(primary: String, replicas: Vec<String>) -> Self {
        let named = |(number, url)| Address {
            name: format!("db-{number}"),
            url,
        };
        Self {
            primary: Address {
                name: "db-1".to_owned(),
                url: primary,
            },
            replicas: (2..).zip(replicas).map(named).collect(),
            lab: None,
        }
    }

    /// Returns the lab, if the kit runs the servers.
    #[must_use]
    pub fn lab(&self) -> Option<&Arc<Lab>> {
        self.lab.as_ref()
    }
}
