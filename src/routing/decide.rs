//! The decision.

use super::Reason;
use crate::cluster::PRIMARY;

/// How fresh a read must be, or that it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Any state, however old.
    Eventual,
    /// What the session wrote, and never less than it has seen.
    Session,
    /// The primary's present state.
    Strong,
    /// A write.
    Write,
}

/// What a decision depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs {
    pub(crate) level: Level,
    /// What a session-level read must see.
    pub(crate) token: Token,
    /// Replicas; their indices follow the primary's.
    pub(crate) replicas: usize,
    /// A random number.
    pub(crate) random: u64,
}

/// What the session requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// There is no session.
    Absent,
    /// Every write of the session is older than the window, or it never wrote.
    Settled,
    /// It wrote within the window.
    InsideWindow,
}

/// The node to use, by index, and the reason.
pub(crate) fn decide(inputs: Inputs) -> (usize, Reason) {
    let settled = match (inputs.level, inputs.token) {
        (Level::Write, _) => return (PRIMARY, Reason::Write),
        (Level::Strong, _) => return (PRIMARY, Reason::Strong),
        (Level::Session, Token::Absent) => return (PRIMARY, Reason::NoSession),
        (Level::Session, Token::InsideWindow) => return (PRIMARY, Reason::RecentWrite),
        (Level::Session, Token::Settled) => Reason::NothingToCatchUp,
        (Level::Eventual, _) => Reason::Eventual,
    };
    match pick(inputs.replicas, inputs.random) {
        Some(replica) => (PRIMARY + 1 + replica, settled),
        None => (PRIMARY, Reason::NoReplica),
    }
}

/// An index below `count`, each equally likely (to within `count` / 2^64).
fn pick(count: usize, random: u64) -> Option<usize> {
    if count == 0 {
        return None;
    }
    // The high word of a product spreads a random number evenly, without a division.
    let scaled = (u128::from(random) * count as u128) >> 64;
    usize::try_from(scaled).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(level: Level, token: Token, replicas: usize) -> Inputs {
        Inputs {
            level,
            token,
            replicas,
            random: u64::MAX / 3,
        }
    }

    #[test]
    fn writes_and_strong_reads_go_to_the_primary_whatever_else_holds() {
        for token in [Token::Absent, Token::Settled, Token::InsideWindow] {
            for replicas in [0, 1, 1000] {
                for random in [0, 1, u64::MAX] {
                    for level in [Level::Write, Level::Strong] {
                        let inputs = Inputs {
                            level,
                            token,
                            replicas,
                            random,
                        };
                        assert_eq!(decide(inputs).0, PRIMARY);
                    }
                }
            }
        }
    }

    #[test]
    fn a_session_that_wrote_within_the_window_reads_from_the_primary() {
        let route = decide(inputs(Level::Session, Token::InsideWindow, 3));
        assert_eq!(route, (PRIMARY, Reason::RecentWrite));
    }

    #[test]
    fn a_settled_session_reads_from_a_replica() {
        let (node, reason) = decide(inputs(Level::Session, Token::Settled, 3));
        assert_ne!(node, PRIMARY);
        assert_eq!(reason, Reason::NothingToCatchUp);
    }

    #[test]
    fn outside_a_session_reads_go_to_the_primary_unless_eventual() {
        assert_eq!(
            decide(inputs(Level::Session, Token::Absent, 3)),
            (PRIMARY, Reason::NoSession)
        );
        assert_eq!(
            decide(inputs(Level::Eventual, Token::Absent, 3)).1,
            Reason::Eventual
        );
    }

    #[test]
    fn without_replicas_everything_goes_to_the_primary() {
        assert_eq!(
            decide(inputs(Level::Eventual, Token::Settled, 0)),
            (PRIMARY, Reason::NoReplica)
        );
        assert_eq!(
            decide(inputs(Level::Session, Token::Settled, 0)),
            (PRIMARY, Reason::NoReplica)
        );
    }

    #[test]
    fn every_replica_gets_its_share_and_no_index_is_out_of_range() {
        let mut counts = [0_u32; 3];
        let mut random = 0_u64;
        for _ in 0..3000 {
            random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let (node, _) = decide(Inputs {
                random,
                ..inputs(Level::Eventual, Token::Absent, 3)
            });
            counts[node - 1] += 1;
        }
        assert!(
            counts.iter().all(|count| (900..1100).contains(count)),
            "{counts:?}"
        );
        assert_eq!(pick(3, u64::MAX), Some(2));
        assert_eq!(pick(3, 0), Some(0));
    }
}
