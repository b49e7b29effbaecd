//! `Member`: a node of a running router. `Members`: all of them, by slot.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::Node;
use crate::observe::AtMost;

/// A node of a running router, with its settings.
///
/// All that belongs to it holds it: pools, connections, its watcher. Its slot is free for another once nothing does, so
/// whatever comes late from one of these is never taken for another node's. When settings of it change that they need not
/// know of, they keep the earlier ones.
#[derive(Debug)]
pub(crate) struct Member {
    node: Node,
    /// The number of the member: no other of its router has it, nor had it.
    pub(crate) serial: u32,
    life: Arc<Life>,
}

/// The membership of a node, whatever its settings.
#[derive(Debug)]
struct Life {
    /// Set once it is no member any more: none of its connections is lent again.
    has_left: AtomicBool,
    /// Set until it was met, if it came while the router runs.
    is_joining: AtomicBool,
    /// The number of times that it is said that connections of its read pools are not read-only any more.
    not_read_only: AtMost,
}

impl Member {
    /// Creates one that is no member of any router.
    pub(crate) fn new(node: Node, serial: u32) -> Arc<Self> {
        Arc::new(Self {
            node,
            serial,
            life: Arc::new(Life {
                has_left: AtomicBool::new(false),
                is_joining: AtomicBool::new(false),
                not_read_only: AtMost::default(),
            }),
        })
    }

    /// Returns the same member with other settings.
    #[cfg(any(feature = "config", test))]
    fn with(&self, node: Node) -> Arc<Self> {
        Arc::new(Self {
            node,
            serial: self.serial,
            life: Arc::clone(&self.life),
        })
    }

    /// Records that it is no member any more.
    pub(crate) fn leave(&self) {
        self.life.has_left.store(true, Ordering::Release);
    }

    #[inline]
    pub(crate) fn has_left(&self) -> bool {
        self.life.has_left.load(Ordering::Acquire)
    }

    /// Records that it was met, or that its time for that is over.
    pub(crate) fn joined(&self) {
        self.life.is_joining.store(false, Ordering::Release);
    }

    /// Returns how often it is said that connections of its read pools are not read-only any more.
    pub(crate) fn not_read_only(&self) -> &AtMost {
        &self.life.not_read_only
    }

    pub(crate) fn is_joining(&self) -> bool {
        self.life.is_joining.load(Ordering::Acquire)
    }
}

impl Deref for Member {
    type Target = Node;

    #[inline]
    fn deref(&self) -> &Node {
        &self.node
    }
}

/// The members of a router, by slot. A member keeps its slot for as long as it is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    slots: Vec<Slot>,
    /// The serial of the last member.
    last: u32,
}

#[derive(Debug, Clone)]
enum Slot {
    Taken(Arc<Member>),
    /// The member has left; the slot is free once nothing holds it.
    Left(Weak<Life>),
}

impl Members {
    /// Creates the members of a router: `nodes`, in their order.
    pub(crate) fn new(nodes: impl IntoIterator<Item = Node>) -> Self {
        let mut members = Self::default();
        for node in nodes {
            members.last += 1;
            let member = Member::new(node, members.last);
            members.slots.push(Slot::Taken(member));
        }
        members
    }

    /// Returns these and `node`, which joins, with its slot.
    pub(crate) fn with(&self, node: Node) -> (Self, usize, Arc<Member>) {
        let mut members = self.clone();
        members.last += 1;
        let member = Member::new(node, members.last);
        member.life.is_joining.store(true, Ordering::Release);
        let taken = Slot::Taken(Arc::clone(&member));
        let free = |slot: &Slot| matches!(slot, Slot::Left(left) if left.strong_count() == 0);
        let slot = match members.slots.iter().position(free) {
            Some(slot) => {
                members.slots[slot] = taken;
                slot
            }
            None => {
                members.slots.push(taken);
                members.slots.len() - 1
            }
        };
        (members, slot, member)
    }

    /// Returns these without the member in `slot`.
    pub(crate) fn without(&self, slot: usize) -> Self {
        let mut members = self.clone();
        if let Some(slot) = members.slots.get_mut(slot)
            && let Slot::Taken(member) = slot
        {
            *slot = Slot::Left(Arc::downgrade(&member.life));
        }
        members
    }

    /// Returns these, with the settings of the member in `slot` replaced by those of `node`.
    #[cfg(any(feature = "config", test))]
    pub(crate) fn changed(&self, slot: usize, node: Node) -> Self {
        let mut members = self.clone();
        if let Some(Slot::Taken(member)) = members.slots.get_mut(slot) {
            *member = member.with(node);
        }
        members
    }

    /// Returns the member in `slot`, if it is taken.
    #[inline]
    pub(crate) fn get(&self, slot: usize) -> Option<&Arc<Member>> {
        match self.slots.get(slot)? {
            Slot::Taken(member) => Some(member),
            Slot::Left(_) => None,
        }
    }

    /// Returns the members with their slots.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Arc<Member>)> {
        let slots = 0..self.slots.len();
        slots.filter_map(|slot| Some((slot, self.get(slot)?)))
    }

    /// Returns the number of slots, free ones included.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Returns the member with this name and its slot; not one that is to take its place and was not met yet.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, &Arc<Member>)> {
        self.iter()
            .find(|(_, member)| member.name == name && !member.is_joining())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Members {
        Members::new(["a", "b"].map(|name| Node::new(name, name)))
    }

    #[test]
    fn a_slot_is_free_once_nothing_belongs_to_the_member_that_had_it() {
        let mut members = members();
        let held = Arc::clone(members.get(0).expect("a member"));
        members = members.without(0);
        assert!(members.get(0).is_none());
        let (members, slot, _) = members.with(Node::new("c", "db://c"));
        assert_eq!(slot, 2, "the first is not free yet");
        drop(held);
        let (members, slot, member) = members.with(Node::new("d", "db://d"));
        assert_eq!(slot, 0);
        assert_eq!(member.serial, 4, "no serial comes twice");
        assert_eq!(members.slots(), 3);
    }

    #[test]
    fn a_member_whose_settings_changed_is_the_same() {
        let mut members = members();
        let before = Arc::clone(members.get(0).expect("a member"));
        members = members.changed(0, Node::new("a", "a").weight(7));
        let after = Arc::clone(members.get(0).expect("a member"));
        assert_eq!((after.serial, after.weight), (before.serial, 7));
        members = members.without(0);
        drop(after);
        let (_, slot, _) = members.with(Node::new("c", "db://c"));
        assert_eq!(slot, 2, "what was made with the earlier settings is held");
        before.leave();
        assert!(before.has_left());
        drop(before);
        let (_, slot, _) = members.with(Node::new("c", "db://c"));
        assert_eq!(slot, 0);
    }

    #[test]
    fn a_name_is_that_of_the_member_that_was_met() {
        let (members, slot, member) = members().with(Node::new("a", "db://new"));
        assert_eq!(members.find("a").map(|(slot, _)| slot), Some(0));
        member.joined();
        let members = members.without(0);
        assert_eq!(members.find("a").map(|(slot, _)| slot), Some(slot));
    }
}
