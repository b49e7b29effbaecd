//! `Configured`: what the configuration says of a node, and of limits.

use std::net::IpAddr;
use std::time::Duration;

/// The configuration of a node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Configured {
    /// Set if it is meant to be the primary; `None`: that is found out.
    pub(crate) is_primary: Option<bool>,
    pub(crate) is_logical: bool,
    pub(crate) zone: Option<String>,
    /// The hosts that its URL leads to, or the file.
    pub(crate) hosts: Vec<(String, u16)>,
    pub(crate) tls: Option<TlsMode>,
    pub(crate) pools: Pools,
}

/// The sizes of a node's pools, and how long they keep an idle connection.
#[derive(Debug, Clone)]
pub(crate) struct Pools {
    pub(crate) read: u32,
    pub(crate) write: u32,
    pub(crate) fallback: u32,
    /// `None`: for ever.
    pub(crate) idle_timeout: Option<Duration>,
}

/// Limits that are not a node's own.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// The limits of lag, with the keys that they stand under.
    pub(crate) lags: Vec<(String, Duration)>,
    pub(crate) zone: Option<String>,
    /// The number of instances of the application.
    pub(crate) instances: u32,
    /// Set if the primary gets a share of the reads that replicas may serve.
    pub(crate) reads_on_primary: bool,
}

/// The TLS that a URL asks for, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TlsMode {
    Disable,
    /// If the server takes nothing else, or if it has it.
    Prefer,
    /// Encrypted, to whoever answers.
    Require,
    /// To the holder of a certificate that a trusted authority signed.
    Verify,
}

/// The transport of connections to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    UnixSocket,
    /// TCP that does not leave the machine.
    Loopback,
    Network,
}

impl Default for Pools {
    fn default() -> Self {
        Self {
            read: 10,
            write: 10,
            fallback: 5,
            idle_timeout: Some(Duration::from_secs(600)),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lags: vec![("max_lag".to_owned(), Duration::from_secs(60))],
            zone: None,
            instances: 1,
            reads_on_primary: true,
        }
    }
}

impl Limits {
    /// Returns the least limit of lag, and its key.
    pub(crate) fn least_lag(&self) -> Option<&(String, Duration)> {
        self.lags.iter().min_by_key(|(_, lag)| *lag)
    }
}

impl Transport {
    /// Returns what a connection to this host runs over.
    pub(crate) fn to(host: &str) -> Self {
        if host.starts_with(['/', '@']) {
            return Self::UnixSocket;
        }
        let is_loopback = host
            .parse()
            .map_or(host.eq_ignore_ascii_case("localhost"), |ip: IpAddr| {
                ip.is_loopback()
            });
        if is_loopback {
            Self::Loopback
        } else {
            Self::Network
        }
    }
}
