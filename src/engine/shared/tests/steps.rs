//! The steps of a model's story, drawn at random.

use proptest::prelude::*;

use super::servers::{NODES, ROUTERS, SERVERS, SESSIONS};
use crate::routing::{Mode, Otherwise};

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Write {
        user: usize,
    },
    Read {
        user: usize,
        how: How,
        on: Option<Otherwise>,
        chances: Vec<Chance>,
    },
    /// Reads that overlap: one handle is out while another is got.
    TwoReads {
        user: usize,
    },
    /// Reads that were both decided before either handle was lent.
    RacingReads {
        user: usize,
    },
    OtherWrites,
    Replay {
        server: usize,
        by: u64,
    },
    Restart {
        server: usize,
        back_by: u64,
    },
    /// A node's name leads to another server from now on, and its open connections do not.
    Lead {
        node: usize,
        to: usize,
    },
    Ask {
        router: usize,
        node: usize,
    },
    Answer {
        which: prop::sample::Index,
    },
    Move {
        user: usize,
        to: usize,
    },
    /// A node gives no answer.
    Lose {
        router: usize,
        node: usize,
    },
    /// A router's nodes change.
    Change(Change),
    /// A router's mode and share are set.
    Switch {
        router: usize,
        mode: Mode,
        percent: u8,
    },
    /// The primary's load changes, as a router sees it.
    Strain {
        router: usize,
        percent: u32,
    },
    Tick {
        millis: u64,
    },
}

/// A change of a router's nodes, by their names: of one that it has, or that it has not.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Remove {
        router: usize,
        node: usize,
    },
    Add {
        router: usize,
        node: usize,
    },
    /// Another is to take its place, or takes it if that was so already.
    Replace {
        router: usize,
        node: usize,
    },
}

/// An event while a checkout waits for a connection, or for news.
#[derive(Debug, Clone, Copy)]
pub(super) enum Chance {
    /// All goes well, and no news comes.
    Nothing,
    /// The node refuses the connection.
    Refusal,
    /// The node restarts, goes back, and has said so by the time its connection is open.
    Restart { back_by: u64 },
    /// A node that was asked answers.
    Answer(prop::sample::Index),
    /// A node replays, is asked, and answers.
    Progress { node: usize, by: u64 },
    /// A router's nodes change.
    Change(Change),
}

/// The way a session reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    Session {
        wait: u64,
        servers_wait: bool,
    },
    Bounded {
        millis: u64,
    },
    /// As `Session` and as `Bounded`: the view of the session has the bound.
    Both {
        millis: u64,
        wait: u64,
        servers_wait: bool,
    },
    /// From any replica, then over the same connection or another as `Session`.
    Upgraded,
}

fn how() -> impl Strategy<Value = How> {
    let wait = prop_oneof![Just(0), Just(5), Just(50)];
    prop_oneof![
        2 => (0..100_u64, wait.clone(), any::<bool>()).prop_map(|(millis, wait, servers_wait)| {
            How::Both { millis, wait, servers_wait }
        }),
        4 => (wait, any::<bool>())
            .prop_map(|(wait, servers_wait)| How::Session { wait, servers_wait }),
        1 => (0..100_u64).prop_map(|millis| How::Bounded { millis }),
        1 => Just(How::Upgraded),
    ]
}

/// Where a read goes that no replica with the tag may serve, if it asks for one.
fn on() -> impl Strategy<Value = Option<Otherwise>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(Otherwise::AnyReplica)),
        1 => Just(Some(Otherwise::Primary)),
        1 => Just(Some(Otherwise::Fail)),
    ]
}

pub(super) fn chance() -> impl Strategy<Value = Chance> {
    prop_oneof![
        3 => Just(Chance::Nothing),
        1 => Just(Chance::Refusal),
        1 => (0..4_u64).prop_map(|back_by| Chance::Restart { back_by }),
        2 => any::<prop::sample::Index>().prop_map(Chance::Answer),
        2 => (1..NODES, 1..5_u64).prop_map(|(node, by)| Chance::Progress { node, by }),
        1 => change().prop_map(Chance::Change),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let place = || (0..ROUTERS, 0..NODES);
    prop_oneof![
        1 => place().prop_map(|(router, node)| Change::Remove { router, node }),
        2 => place().prop_map(|(router, node)| Change::Add { router, node }),
        2 => place().prop_map(|(router, node)| Change::Replace { router, node }),
    ]
}

/// Mostly on, and for all.
fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![4 => Just(Mode::On), 1 => Just(Mode::PrimaryOnly), 1 => Just(Mode::AsWritten)]
}

fn percent() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(100), 1 => Just(0), 1 => 1..100_u8]
}

pub(super) fn steps() -> impl Strategy<Value = Step> {
    let (user, node) = (0..SESSIONS, 0..NODES);
    let router = 0..ROUTERS;
    prop_oneof![
        2 => user.clone().prop_map(|user| Step::Write { user }),
        7 => (user.clone(), how(), on(), prop::collection::vec(chance(), 0..6))
            .prop_map(|(user, how, on, chances)| Step::Read { user, how, on, chances }),
        1 => user.clone().prop_map(|user| Step::TwoReads { user }),
        1 => user.clone().prop_map(|user| Step::RacingReads { user }),
        1 => Just(Step::OtherWrites),
        5 => (1..SERVERS, 1..5_u64).prop_map(|(server, by)| Step::Replay { server, by }),
        1 => (1..SERVERS, 0..4_u64).prop_map(|(server, back_by)| Step::Restart { server, back_by }),
        2 => (0..NODES, 0..SERVERS).prop_map(|(node, to)| Step::Lead { node, to }),
        8 => (router.clone(), node.clone()).prop_map(|(router, node)| Step::Ask { router, node }),
        1 => (router.clone(), node).prop_map(|(router, node)| Step::Lose { router, node }),
        3 => change().prop_map(Step::Change),
        1 => (router.clone(), prop_oneof![Just(0), Just(82), Just(95)])
            .prop_map(|(router, percent)| Step::Strain { router, percent }),
        8 => any::<prop::sample::Index>().prop_map(|which| Step::Answer { which }),
        2 => (router.clone(), mode(), percent())
            .prop_map(|(router, mode, percent)| Step::Switch { router, mode, percent }),
        1 => (user, router).prop_map(|(user, to)| Step::Move { user, to }),
        6 => (1..40_u64).prop_map(|millis| Step::Tick { millis }),
    ]
}
