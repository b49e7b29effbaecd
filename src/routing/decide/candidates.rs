//! Replicas that may come to serve a session, and that it may wait for.

use std::time::Duration;

use super::{Basis, Decision, Inputs};
use crate::cluster::age;
use crate::position::Position;
use crate::routing::{Block, Delay, Reason};

impl<L, T, D, S> Inputs<'_, L, T, D, S>
where
    L: Fn(usize) -> u32,
    T: Fn() -> usize,
    D: Fn(usize) -> Delay,
    S: Fn(usize) -> bool,
{
    /// Returns the replica that is expected to be the first to have what the session needs, and the time until then.
    pub(crate) fn likeliest(&self) -> Option<(Decision, Duration)> {
        let need = self.need.as_ref().filter(|need| need.block.is_none())?;
        if !need.may_leave || !self.cluster.has_positions() {
            return None;
        }
        let passed = age(need.since?, self.now);
        let nodes = self.cluster.nodes.iter().enumerate();
        let (node, delay) = nodes
            .filter(|(index, node)| self.is_eligible(*index, node))
            .map(|(index, _)| (index, (self.delay)(index).time))
            .min_by_key(|(index, delay)| (self.is_afar(*index), *delay))?;
        Some((self.itself(node, need), delay.saturating_sub(passed)))
    }

    /// Returns a replica that is likely to have what the session wrote or saw, though only the primary can tell where that is.
    pub(crate) fn likely_once_told(&self) -> Option<Decision> {
        let need = self.need.as_ref()?;
        let is_pending = matches!(need.block, Some(Block::CapturePending | Block::SeenPending));
        if !is_pending || self.is_primarys_share() {
            return None;
        }
        self.likely(need)
    }

    /// Returns the freshest eligible replica, and the position it still has to reach, if any.
    ///
    /// Of a session's home whose state is not known by a position, only the run that it read from will do: the
    /// decision rests on the node's last answer.
    pub(crate) fn freshest_candidate(&self) -> Option<(Decision, Position)> {
        let need = self.need.as_ref().filter(|need| need.block.is_none())?;
        let nodes = self.cluster.nodes.iter().enumerate();
        let (node, state) = nodes
            .filter(|(index, node)| self.is_eligible(*index, node))
            .filter(|(_, node)| need.may_leave || need.is_home(node))
            .filter(|(_, node)| need.has_passed(node))
            .max_by_key(|(index, node)| (!self.is_afar(*index), node.complete_as_of))?;
        let basis = if need.may_leave && self.bound.is_none() {
            // Whatever server it is: it waits for all that is required.
            Basis::Nothing
        } else {
            Basis::Answer {
                server: state.server?,
                sent: state.sent?,
            }
        };
        // The home replica already has everything that the session read from it, so requiring it again is
        // harmless.
        let parts = [&need.wrote, &need.seen, &need.leaving];
        let mut parts = parts.into_iter().flatten();
        let first = parts.next()?.clone();
        let required = parts.try_fold(first, |all, part| all.join(part))?;
        let decision = Decision {
            node,
            reason: Reason::Covered,
            basis,
            version: self.version(),
            serial: state.serial,
            refusal: None,
        };
        Some((decision, required))
    }
}
