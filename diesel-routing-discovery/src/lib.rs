//! Which database servers are there? Sources of node sets for [`diesel_routing`].
//!
//! A [`Source`] is a place that knows: DNS ([`Dns`]), Patroni's REST API ([`Patroni`]), the servers themselves
//! ([`Streaming`], [`Aurora`], [`GroupReplication`], [`Galera`]), a file ([`NodesFile`]). A [`Discovery`] asks it again and again, and
//! is a stream of node sets, which a router follows: what is new is added, what is gone is drained.
//!
//! A source says which servers there are, nothing more. What each of them is, primary or replica, how far it has got and
//! whether it belongs to the cluster, the router asks it itself, so a source that is late or wrong makes no read stale. When a
//! source fails, the last set stands.
//!
//! | feature | source |
//! |---|---|
//! | `dns` | [`Dns`]: all addresses of a name, or SRV records |
//! | `patroni` | [`Patroni`]: the members of a Patroni cluster |
//! | `postgres` | [`Streaming`]: the standbys that PostgreSQL servers stream to; [`Aurora`]: the instances of Aurora PostgreSQL |
//! | `mysql` | [`GroupReplication`], [`Galera`]: the members of those clusters |
//! | `file` | [`NodesFile`]: a TOML file, read again when it changes |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(
        feature = "dns",
        feature = "file",
        feature = "patroni",
        feature = "postgres",
        feature = "mysql"
    )),
    allow(rustdoc::broken_intra_doc_links)
)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(feature = "postgres")]
mod aurora;
mod discovery;
#[cfg(feature = "dns")]
mod dns;
mod error;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "patroni")]
mod patroni;
#[cfg(feature = "postgres")]
mod postgres;
mod source;

#[cfg(feature = "postgres")]
pub use aurora::{Aurora, AuroraInstance};
pub use discovery::Discovery;
#[cfg(feature = "dns")]
pub use dns::{Dns, Service};
pub use error::DiscoveryError;
#[cfg(feature = "file")]
pub use file::NodesFile;
#[cfg(feature = "mysql")]
pub use mysql::{Galera, GroupReplication, Member};
#[cfg(feature = "patroni")]
pub use patroni::{Patroni, PatroniMember, PatroniTags};
#[cfg(feature = "postgres")]
pub use postgres::{Standby, Streaming};
pub use source::{Found, Source};
