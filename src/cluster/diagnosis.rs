//! `Diagnosis`: what a replica says of its replication.

use std::fmt;

/// The report of a replica on its replication.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The hindrance, in words, and the remedy; `None` if nothing holds it up.
    pub problem: Option<String>,
    /// The server that it replicates from, as it has it; `None` if it has none, or does not say.
    pub source: Option<SourceAddress>,
}

/// The address of the server that a replica replicates from, as the replica has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceAddress {
    /// A name, an IP address, or the directory of a unix socket.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Diagnosis {
    /// Creates a diagnosis of what holds a replica up, if anything does.
    #[must_use]
    pub fn new(problem: Option<String>) -> Self {
        Self {
            problem,
            source: None,
        }
    }

    /// Adds the server that it replicates from, if that is known.
    #[must_use]
    pub fn with_source(mut self, source: Option<SourceAddress>) -> Self {
        self.source = source;
        self
    }
}

impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            return write!(f, "[{host}]:{port}");
        }
        write!(f, "{host}:{port}")
    }
}
