//! What the kit needs for servers of every kind: accounts, files, processes, networks.

mod account;
mod backing;
mod client;
#[cfg(feature = "docker")]
mod container;
mod context;
mod deadline;
mod error;
mod host;
mod local;
mod log;
mod place;
#[cfg(feature = "mariadb")]
mod port;
mod process;
mod process_table;
mod program;
mod proxy;
mod supervised;
mod template;
mod topology;
mod upstreams;
mod url;
mod workspace;

pub(crate) use account::Account;
pub(crate) use backing::Backing;
pub(crate) use client::{Failure, Row, converse, first};
#[cfg(feature = "docker")]
pub(crate) use container::{Containers, Engine, Network, ServerImage};
pub(crate) use context::Context;
pub(crate) use deadline::Deadline;
pub use error::ServerError;
pub(crate) use host::Host;
pub(crate) use log::tail;
pub(crate) use place::Place;
#[cfg(feature = "mariadb")]
pub(crate) use port::Port;
pub(crate) use process::ServerProcess;
pub(crate) use program::{clean, searched};
pub use proxy::{Address, AddressPolicy, Proxy, ProxyConnection, ProxyMode, Target};
pub(crate) use proxy::{Endpoint, Protocol};
pub(crate) use supervised::Supervised;
pub(crate) use template::Template;
pub(crate) use topology::Topology;
pub(crate) use upstreams::Upstreams;
pub(crate) use url::encode;
pub(crate) use workspace::{Ending, Root, Workspace};
