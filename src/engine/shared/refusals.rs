//! The errors of requests that fail rather than go where they were decided to.

use super::Shared;
use super::state::State;
use crate::engine::Request;
use crate::error::Error;
use crate::routing::{Decision, Fallback, Reason, Refusal};
use crate::server::PoolKind;

/// The words for why no replica serves a session of unknown state.
const UNKNOWN_STATE: &str = "none may serve a session whose state is unknown (see to its store, and to requests with many tokens)";

impl Shared {
    /// Returns the error of a checkout that ends with this one: of the fallback pool, one that says why it was needed.
    pub(crate) fn explained(&self, decision: Decision, error: Error) -> Error {
        let cluster = self.snapshot.load();
        if !cluster.has_primary && decision.reason.is_for_primary() {
            return self.no_primary(error);
        }
        let replicas = match decision.reason {
            Reason::Fallback => cluster.replicas(),
            Reason::StateUnknown => UNKNOWN_STATE.to_owned(),
            _ => return error,
        };
        let node = cluster.members.get(decision.node);
        let budget = node.map_or(0, |node| node.pool_size(PoolKind::Fallback));
        error.of_fallback(budget, replicas)
    }

    /// Returns the error of a request that fails rather than go where this decision sends it.
    #[inline]
    pub(crate) fn refusal(&self, request: &Request<'_>, decision: Decision) -> Option<Error> {
        if request.lacks_its_tag(decision) {
            return Some(self.no_tagged(request, decision.reason));
        }
        let refusal = decision.refusal?;
        Some(self.refused(request, decision, refusal))
    }

    #[cold]
    fn refused(&self, request: &Request<'_>, decision: Decision, refusal: Refusal) -> Error {
        let state = self.snapshot.load();
        match refusal {
            Refusal::NoReplica => no_replica_of_class(request, decision.reason, &state),
            Refusal::OtherRegion => other_region(request, decision, &state),
            Refusal::NoSuchClass => {
                let mut names = request.classes(state.live.mode);
                let missing = names.find(|name| state.live.class(name).is_none());
                // It may be back by now.
                let missing = missing.unwrap_or_default();
                state.live.no_such_class(missing, request.function).into()
            }
        }
    }

    /// Returns the error of a request that only replicas with its tag may serve, and would go to the primary.
    fn no_tagged(&self, request: &Request<'_>, reason: Reason) -> Error {
        let cluster = self.snapshot.load();
        let on = request.on.and_then(|on| cluster.policy.tags.wanted(on));
        let nodes = cluster.nodes.iter().enumerate();
        let nodes = nodes.filter(|(index, _)| on.is_some_and(|on| on.has(*index)));
        let nodes: Vec<_> = nodes
            .map(|(index, node)| {
                let name = cluster.name(index);
                if cluster.is_led_by_node(index) {
                    format!("`{name}` is the primary")
                } else {
                    format!("`{name}` is {}", node.health)
                }
            })
            .collect();
        Error::NoTaggedReplica {
            tag: request.on.map_or("", |on| on.name).to_owned(),
            reason: reason.as_str(),
            replicas: nodes.join(", "),
            function: request.function,
        }
    }
}

/// Returns the error of a request that no replica may serve, and whose class keeps it off the primary.
fn no_replica_of_class(request: &Request<'_>, reason: Reason, state: &State) -> Error {
    let refuses = |name: &&str| {
        let class = state.live.class(name);
        class.is_some_and(|class| class.fallback == Fallback::Refuse)
    };
    let mut classes = request.classes(state.live.mode);
    let class = classes.find(refuses);
    Error::NoReplicaOfClass {
        class: class
            .or_else(|| request.classes(state.live.mode).next())
            .unwrap_or_default()
            .to_owned(),
        reason: reason.as_str(),
        replicas: state.replicas(),
        function: request.function,
    }
}

/// Returns the error of a request that stays in this region, and would leave it.
fn other_region(request: &Request<'_>, decision: Decision, state: &State) -> Error {
    let node = decision.node;
    let member = state.members.get(node);
    Error::OtherRegion {
        node: state.name(node).to_owned(),
        region: member.and_then(|member| member.zone.clone()),
        reason: decision.reason.as_str(),
        function: request.function,
    }
}
