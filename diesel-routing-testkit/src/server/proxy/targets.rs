use std::collections::HashMap;

use fastrand::Rng;

use super::{Endpoint, Target};

/// The way an [`Address`](super::Address) chooses a target for each new connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressPolicy {
    /// One after the other, in the order in which they were given.
    #[default]
    RoundRobin,
    /// Any of them with the same chance; the same seed gives the same sequence.
    Random {
        /// The seed of the sequence.
        seed: u64,
    },
}

/// The targets of a proxy, of which there is always one at least, and whose turn it is.
#[derive(Debug)]
pub(super) struct Targets {
    first: Target,
    others: Vec<Target>,
    order: Order,
    /// The number of connections that each was chosen for.
    chosen: HashMap<Endpoint, u64>,
}

#[derive(Debug)]
enum Order {
    /// The index of the next.
    Turn(usize),
    Random(Rng),
}

impl Targets {
    pub(super) fn new(target: Target) -> Self {
        Self {
            first: target,
            others: Vec::new(),
            order: AddressPolicy::default().into(),
            chosen: HashMap::new(),
        }
    }

    /// Replaces them. Turns begin with the first; a random sequence goes on.
    pub(super) fn replace(&mut self, first: Target, others: Vec<Target>) {
        self.first = first;
        self.others = others;
        if let Order::Turn(next) = &mut self.order {
            *next = 0;
        }
    }

    /// Returns whether every connection leads to `target`.
    pub(super) fn is_only(&self, target: &Target) -> bool {
        self.others.is_empty() && self.first.endpoint() == target.endpoint()
    }

    pub(super) fn set_policy(&mut self, policy: AddressPolicy) {
        self.order = policy.into();
    }

    /// Returns the target of the next connection.
    pub(super) fn choose(&mut self) -> Target {
        let count = self.others.len() + 1;
        let index = match &mut self.order {
            Order::Turn(next) => {
                let index = *next % count;
                *next = index + 1;
                index
            }
            Order::Random(rng) => rng.usize(..count),
        };
        let target = match index.checked_sub(1) {
            Some(index) => self.others.get(index).unwrap_or(&self.first),
            None => &self.first,
        };
        *self.chosen.entry(target.endpoint().clone()).or_default() += 1;
        target.clone()
    }

    /// Returns how many connections `endpoint` was chosen for.
    pub(super) fn chosen(&self, endpoint: &Endpoint) -> u64 {
        self.chosen.get(endpoint).copied().unwrap_or(0)
    }
}

impl From<AddressPolicy> for Order {
    fn from(policy: AddressPolicy) -> Self {
        match policy {
            AddressPolicy::RoundRobin => Self::Turn(0),
            AddressPolicy::Random { seed } => Self::Random(Rng::with_seed(seed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use super::{AddressPolicy, Endpoint, Target, Targets};
    use crate::server::Protocol;

    const PROTOCOL: Protocol = Protocol {
        name: "none",
        url: |_, _, _| String::new(),
    };

    fn target(port: u16) -> Target {
        let endpoint = Endpoint::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        Target::new(&format!("node{port}"), PROTOCOL, endpoint)
    }

    fn three() -> Targets {
        let mut targets = Targets::new(target(1));
        targets.replace(target(1), vec![target(2), target(3)]);
        targets
    }

    fn names(targets: &mut Targets, count: usize) -> Vec<String> {
        let choose = |_| targets.choose().name().to_owned();
        (0..count).map(choose).collect()
    }

    #[test]
    fn turns_go_round_and_begin_anew_with_new_targets() {
        let mut targets = three();
        assert_eq!(names(&mut targets, 4), ["node1", "node2", "node3", "node1"]);
        targets.replace(target(7), vec![target(8)]);
        assert_eq!(names(&mut targets, 3), ["node7", "node8", "node7"]);
        assert_eq!(targets.chosen(target(1).endpoint()), 2);
        assert_eq!(targets.chosen(target(9).endpoint()), 0);
    }

    #[test]
    fn a_seed_repeats_its_sequence_and_reaches_every_target() {
        let sequence = |seed| {
            let mut targets = three();
            targets.set_policy(AddressPolicy::Random { seed });
            names(&mut targets, 100)
        };
        assert_eq!(sequence(1), sequence(1));
        assert_ne!(sequence(1), sequence(2));
        for node in ["node1", "node2", "node3"] {
            assert!(sequence(1).iter().any(|name| name == node));
        }
    }
}
