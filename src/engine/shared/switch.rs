//! Whom the switch and the shares keep from replicas.

use super::Shared;
use super::state::State;
use crate::consistency::Class;
use crate::engine::{Live, Request};
use crate::random;
use crate::routing::{Mode, Reason, ReplicaShare};

impl Shared {
    /// Returns the reason why no replica may serve a request, if the switch or a share keeps it from them.
    #[inline]
    pub(super) fn kept_from_replicas(
        &self,
        request: &Request<'_>,
        cluster: &State,
    ) -> Option<Reason> {
        let live = &cluster.live;
        if live.mode == Mode::PrimaryOnly {
            return Some(Reason::PrimaryOnly);
        }
        let share = if request.is_plain() {
            live.replica_share
        } else {
            share_of_classes(request, live)
        };
        if share == ReplicaShare::ALL {
            return None;
        }
        Self::is_outside(share, request).then_some(Reason::OutsideShare)
    }

    /// Returns whether a request is none of this share's. One that only tagged replicas may serve always is: it has no other
    /// place to go.
    #[cold]
    fn is_outside(share: ReplicaShare, request: &Request<'_>) -> bool {
        // Outside sessions, by a number of its own: the one of the decision chooses the replica.
        let lot = || request.session.map_or_else(random::number, |of| of.lot());
        !request.is_limited() && !share.admits(lot())
    }

    /// Returns what of the routing is in force.
    pub(crate) fn mode(&self) -> Mode {
        self.snapshot.load().live.mode
    }
}

/// Returns the least share of the router and of a request's classes.
#[cold]
fn share_of_classes(request: &Request<'_>, live: &Live) -> ReplicaShare {
    let classes = request.classes(live.mode);
    let shares = classes
        .filter_map(|name| live.class(name))
        .map(Class::share);
    shares.fold(live.replica_share, ReplicaShare::min)
}
