use super::{AddressPolicy, Protocol, Proxy, Target};
use crate::ServerError;

/// An address that leads to several servers: what a reader endpoint, a service, a load balancer or a DNS
/// name is to clients.
///
/// It listens on a free port of the loopback interface. Each connection is led to one of its
/// targets when it is accepted, by turns or [at random](Self::set_policy), and stays with it.
/// Nothing asks whether a target is up: a connection to one that is down is closed at once. The method
/// `address` of a cluster makes it.
///
/// With one target it is a name that can be [moved](Self::lead_to), as a service's `rw` and `ro` are by a
/// failover. Its [`proxy`](Self::proxy) is the network in front of all its targets: it can be delayed and
/// interrupted, and knows which connections there are.
///
/// # Example
///
/// ```no_run
/// use diesel_routing_testkit::{AddressPolicy, PgCluster};
/// use std::time::Duration;
///
/// # fn connect(url: &str) {}
/// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
/// let cluster = PgCluster::builder().standbys(2).start()?;
///
/// // A reader endpoint: every second connection reaches the other standby.
/// let readers = cluster.address(cluster.standbys())?;
/// connect(&readers.url());
/// connect(&readers.url());
/// assert_eq!(readers.connections_to(cluster.standby(1)), 1);
///
/// // The same, in the order of a seed, and 1 ms away: 2 ms a round trip.
/// readers.set_policy(AddressPolicy::Random { seed: 7 });
/// readers.proxy().set_delay(Duration::from_millis(1));
/// let before = readers.proxy().round_trips();
/// // What your code does here over the connections it has.
/// println!("{} round trips", readers.proxy().round_trips() - before);
///
/// // A name that moves: connections that are open stay with the old primary.
/// let writer = cluster.address([cluster.primary()])?;
/// connect(&writer.url());
/// cluster.standby(0).promote()?;
/// writer.lead_to([cluster.standby(0)])?;
/// for connection in writer.proxy().connections() {
///     println!("connection {} is with {}", connection.number, connection.node);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Address {
    proxy: Proxy,
}

impl Address {
    /// Opens an address on a free port of the loopback interface, in front of `targets`, for clients that speak `protocol`.
    pub(crate) fn new(
        protocol: Protocol,
        targets: impl IntoIterator<Item = impl Into<Target>>,
    ) -> Result<Self, ServerError> {
        const NAME: &str = "an address";
        let (first, others) = check(NAME, protocol, targets)?;
        let proxy = Proxy::tcp(NAME, first.clone())?;
        proxy.gate().set_targets(first, others);
        Ok(Self { proxy })
    }

    /// Returns the URL, for user `app` and database `app`.
    #[must_use]
    pub fn url(&self) -> String {
        self.proxy.url()
    }

    /// Returns the URL for another user or database.
    #[must_use]
    pub fn url_for(&self, user: &str, database: &str) -> String {
        self.proxy.url_for(user, database)
    }

    /// Returns the network in front of all its targets.
    pub fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// Leads new connections to `targets` from now on; those that are open stay where they are
    /// ([`Proxy::disconnect`] closes them). Turns begin with the first of them; a random sequence goes on.
    ///
    /// A target may be given more than once, and gets as many turns. It may belong to another cluster.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] without a target, or with one that speaks another protocol; nothing is
    /// changed then.
    pub fn lead_to(
        &self,
        targets: impl IntoIterator<Item = impl Into<Target>>,
    ) -> Result<(), ServerError> {
        let (first, others) = check(&self.url(), self.proxy.protocol(), targets)?;
        self.proxy.gate().set_targets(first, others);
        Ok(())
    }

    /// Chooses the targets of new connections by `policy` from now on, from the beginning of its sequence.
    /// Defaults to [`AddressPolicy::RoundRobin`].
    pub fn set_policy(&self, policy: AddressPolicy) {
        self.proxy.gate().set_policy(policy);
    }

    /// Returns how many connections were led to `target` so far, open or not, and whether it answered or
    /// not.
    #[must_use]
    pub fn connections_to(&self, target: impl Into<Target>) -> u64 {
        self.proxy.gate().connections_to(target.into().endpoint())
    }
}

/// Returns the first target and the others.
fn check(
    name: &str,
    protocol: Protocol,
    targets: impl IntoIterator<Item = impl Into<Target>>,
) -> Result<(Target, Vec<Target>), ServerError> {
    let refused = |reason| ServerError::Refused {
        node: name.into(),
        step: "lead to its targets",
        reason,
    };
    let mut targets = targets.into_iter().map(Into::into);
    let Some(first) = targets.next() else {
        let reason =
            "there is none; give it a node at least, and `cut` its proxy to make it refuse";
        return Err(refused(reason.into()));
    };
    let others: Vec<Target> = targets.collect();
    for target in std::iter::once(&first).chain(&others) {
        let (spoken, expected) = (target.protocol().name, protocol.name);
        if spoken != expected {
            let reason = format!(
                "{} is a {spoken} server, and its clients speak {expected}'s protocol; give it {expected} nodes",
                target.name()
            );
            return Err(refused(reason));
        }
    }
    Ok((first, others))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Weak};
    use std::time::Duration;

    use super::{Address, Protocol, Target};
    use crate::ServerError;
    use crate::server::{Deadline, Endpoint};

    const OURS: Protocol = Protocol {
        name: "Ours",
        url: |_, endpoint, _| format!("{endpoint:?}"),
    };
    const THEIRS: Protocol = Protocol {
        name: "Theirs",
        ..OURS
    };
    const SOON: Duration = Duration::from_secs(20);

    fn target(protocol: Protocol, listener: &TcpListener) -> Target {
        let endpoint = Endpoint::Tcp(listener.local_addr().unwrap());
        Target::new("node0", protocol, endpoint)
    }

    #[test]
    fn a_target_of_another_kind_is_named_and_changes_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (ours, theirs) = (target(OURS, &listener), target(THEIRS, &listener));
        let address = Address::new(OURS, [ours.clone()]).unwrap();
        let error = address.lead_to([ours, theirs.clone()]).unwrap_err();
        let ServerError::Refused { node, reason, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(node, address.url());
        assert_eq!(
            reason,
            "node0 is a Theirs server, and its clients speak Ours's protocol; give it Ours nodes"
        );
        assert!(matches!(
            Address::new(OURS, [theirs]),
            Err(ServerError::Refused { .. })
        ));
    }

    #[test]
    fn a_dropped_address_leaves_no_thread() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = Address::new(OURS, [target(OURS, &listener)]).unwrap();
        let Endpoint::Tcp(place) = address.proxy.endpoint() else {
            panic!("no port");
        };
        let mut client = TcpStream::connect(place).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.write_all(b"hello").unwrap();
        client.read_exact(&mut [0; 5]).unwrap();

        // On its way for long, and so is the end.
        address.proxy.set_delay(Duration::MAX);
        client.write_all(b"hello").unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let awaits_answer =
            || Ok::<_, ServerError>(address.proxy.connections()[0].awaits_answer.then_some(()));
        Deadline::after(SOON).poll(awaits_answer).unwrap().unwrap();

        // Each thread has a share of it, or borrows that of another.
        let gate = Arc::downgrade(&address.proxy.gate);
        drop(address);
        let are_gone = || Ok::<_, ServerError>((Weak::strong_count(&gate) == 0).then_some(()));
        assert!(Deadline::after(SOON).poll(are_gone).unwrap().is_some());
        assert_eq!(
            server.read(&mut [0]).unwrap_or(0),
            0,
            "closed, and nothing came"
        );
    }
}
