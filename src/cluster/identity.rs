//! `ServerId`: the server at the other end of a connection.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::ServerFacts;

/// The server that a connection leads to. A name or an address says nothing of that: what it leads to may change
/// from one connection to the next.
///
/// Equal for two connections only if they lead to the same server, by the same way. Two that lead there by different
/// ways are of the [same server](Self::is_same_server) all the same, but what one says proves nothing for the other:
/// copies of a running machine differ in nothing but their addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ServerId {
    server: u64,
    address: u64,
}

impl ServerId {
    /// Returns the identity that these facts show; `None` if the server does not tell.
    pub(crate) fn of(facts: &ServerFacts) -> Option<Self> {
        // The same in every process and at any time: its keys are fixed.
        let hash = BuildHasherDefault::<DefaultHasher>::default();
        let server = facts.identity.as_ref()?;
        Some(Self {
            server: hash.hash_one(server),
            address: hash.hash_one(&facts.address),
        })
    }

    /// Returns whether both are the same server, by whatever way it is reached.
    pub(crate) fn is_same_server(self, other: Self) -> bool {
        self.server == other.server
    }

    /// Creates the identity of a server of a test or bench.
    #[cfg(any(test, feature = "__bench"))]
    pub(crate) fn numbered(server: u64) -> Self {
        Self { server, address: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(identity: &str, address: &str) -> ServerFacts {
        ServerFacts {
            identity: Some(identity.into()),
            address: Some(address.into()),
            ..ServerFacts::default()
        }
    }

    #[test]
    fn a_server_that_is_reached_by_two_ways_is_one_server_and_two_proofs() {
        let [one, same, other] =
            [("a", "10.0.0.1"), ("a", "::1"), ("b", "10.0.0.1")].map(|(identity, address)| {
                ServerId::of(&facts(identity, address)).expect("an identity")
            });
        assert_eq!(one, one);
        assert_ne!(one, same);
        assert!(one.is_same_server(same));
        assert!(!one.is_same_server(other));
    }

    #[test]
    fn a_server_that_does_not_tell_has_no_identity() {
        assert_eq!(ServerId::of(&ServerFacts::default()), None);
    }
}
