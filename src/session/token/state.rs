//! `Token`: the serialisable state of a session.

use std::time::SystemTime;

use super::millis::Millis;
use crate::error::Rejection;
use crate::position::Position;

/// The state of a session that another process needs to continue it: what it wrote, what it has seen, and
/// until when that matters.
///
/// It travels as a [`SignedToken`](crate::SignedToken), made and read by
/// [`TokenKeys`](crate::TokenKeys). Times are wall-clock times, rounded up to whole milliseconds.
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// # use diesel_routing::{Lsn, PgPosition, Position, Token};
/// # let system = 7_312_345_678_901_234_567;
/// let now = SystemTime::now();
/// let at = |lsn| Position::Postgres(PgPosition::new(system, 1, Lsn(lsn)));
///
/// // Two tabs of one user.
/// let one = Token::new(now + Duration::from_secs(600)).wrote(at(0x302_D480), now);
/// let other = Token::new(now + Duration::from_secs(600)).saw(at(0x302_E000));
///
/// let both = one.merge(&other);
/// assert_eq!(both.required(), Some(at(0x302_D480)));
/// assert_eq!(both.floor(), Some(at(0x302_E000)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use]
pub struct Token {
    pub(super) required: Option<Write>,
    pub(super) unknown_since: Option<Millis>,
    pub(super) floor: Option<Position>,
    pub(super) expires: Millis,
}

/// The writes of known position.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Write {
    pub(super) position: Position,
    /// The time at which the last of them was committed.
    pub(super) at: Millis,
}

impl Token {
    /// Creates a token without requirements, which expires at `expires`.
    pub fn new(expires: SystemTime) -> Self {
        Self {
            required: None,
            unknown_since: None,
            floor: None,
            expires: Millis::at_or_after(expires),
        }
    }

    /// Adds a write, committed at `at`, that a node has once it covers `position`.
    pub fn wrote(self, position: Position, at: SystemTime) -> Self {
        let at = Millis::at_or_after(at);
        self.join_required(Some(Write { position, at }))
    }

    /// Adds a write, committed at `at` or before, whose position is unknown: a node is assumed to have it
    /// only after the router's window.
    pub fn wrote_at_unknown_position(mut self, at: SystemTime) -> Self {
        self.unknown_since = self.unknown_since.max(Some(Millis::at_or_after(at)));
        self
    }

    /// Adds a read from a node that had replayed up to `position`.
    pub fn saw(self, position: Position) -> Self {
        self.join_floor(Some(position))
    }

    /// Extends the token's life to `expires`, if that is later than its own expiry.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use diesel_routing::{Lsn, PgPosition, Token};
    ///
    /// let now = SystemTime::now();
    /// let position = |lsn| PgPosition::new(7_000_000_000_000_000_001, 1, Lsn(lsn)).into();
    /// let token = Token::new(now).live_until(now + Duration::from_secs(3600));
    /// assert!(token.is_empty() && token.expires() > now);
    ///
    /// let token = token.wrote(position(100), now);
    /// assert!(token.required_at().is_some() && token.written_at().is_some());
    /// assert_eq!(token.unknown_since(), None);
    /// // Of the same servers, and not from their future.
    /// let token = token.for_cluster_of(&position(1)).expect("the same system").clamped_to(&position(50));
    /// assert_eq!(token.required(), Some(position(50)));
    ///
    /// let bytes = token.to_bytes(); // for a store of your own
    /// assert_eq!(Token::from_bytes(&bytes).expect("what was written").required(), token.required());
    /// ```
    pub fn live_until(mut self, expires: SystemTime) -> Self {
        self.expires = self.expires.max(Millis::at_or_after(expires));
        self
    }

    /// Returns the position that a node must cover to have all writes of known position.
    #[must_use]
    pub fn required(&self) -> Option<Position> {
        self.required.as_ref().map(|write| write.position.clone())
    }

    /// Returns the time of the last write of known position.
    #[must_use]
    pub fn required_at(&self) -> Option<SystemTime> {
        let write = self.required.as_ref();
        write.map(|write| write.at.to_system_time())
    }

    /// Returns the position that a node must cover to show nothing older than what was read before.
    #[must_use]
    pub fn floor(&self) -> Option<Position> {
        self.floor.clone()
    }

    /// Returns the time of the last write of unknown position: the time window starts here.
    #[must_use]
    pub fn unknown_since(&self) -> Option<SystemTime> {
        self.unknown_since.map(Millis::to_system_time)
    }

    /// Returns the time of the last write of all: the time window after a promotion starts here.
    ///
    /// It may be later than the present by another machine's clock; count that as the present.
    #[must_use]
    pub fn written_at(&self) -> Option<SystemTime> {
        let known = self.required.as_ref().map(|write| write.at);
        known.max(self.unknown_since).map(Millis::to_system_time)
    }

    /// Returns the time from which on the token is ignored.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.expires.to_system_time()
    }

    /// Returns whether it has no requirements: no write, no read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.required.is_none() && self.unknown_since.is_none() && self.floor.is_none()
    }

    /// Merges the tokens of two sessions, such as two tabs or a fan-in of jobs, into one with both histories.
    ///
    /// Required positions and floors are joined by max, and the latest times win. Of two required
    /// positions that cannot be compared, the one on the newer history stays; the other becomes a
    /// write of unknown position, made at its time. A floor on an old timeline is raised to the newer
    /// one.
    ///
    /// The order of merges does not matter, and merging again changes nothing.
    pub fn merge(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        merged.unknown_since = merged.unknown_since.max(other.unknown_since);
        merged.expires = merged.expires.max(other.expires);
        merged
            .join_required(other.required.clone())
            .join_floor(other.floor.clone())
    }

    /// Drops the positions of clusters other than that of `position`, such as the primary's.
    ///
    /// Times are kept: they name no cluster, and all they do is send reads to the primary for a while.
    ///
    /// # Errors
    ///
    /// Returns [`Rejection::OtherCluster`] if it had positions of other clusters, and nothing else.
    pub fn for_cluster_of(mut self, position: &Position) -> Result<Self, Rejection> {
        let was_empty = self.is_empty();
        self.required = self
            .required
            .filter(|write| write.position.same_cluster(position));
        self.floor = self.floor.filter(|floor| floor.same_cluster(position));
        if self.is_empty() && !was_empty {
            return Err(Rejection::OtherCluster);
        }
        Ok(self)
    }

    /// Lowers positions past `primary`, on its history, to it: no node could ever cover them.
    ///
    /// `primary` must have been requested after the token arrived. An earlier sample may lie below
    /// a write that the token rightly requires.
    pub fn clamped_to(mut self, primary: &Position) -> Self {
        self.required = self.required.map(|write| Write {
            position: write.position.at_most(primary).unwrap_or(write.position),
            ..write
        });
        self.floor = self
            .floor
            .map(|floor| floor.at_most(primary).unwrap_or(floor));
        self
    }

    pub(super) fn join_required(mut self, other: Option<Write>) -> Self {
        let (one, other) = match (self.required.take(), other) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => {
                self.required = one.or(other);
                return self;
            }
        };
        let kept = if let Some(position) = one.position.join(&other.position) {
            let at = one.at.max(other.at);
            Write { position, at }
        } else {
            let (newer, older) = if one.position.is_newer(&other.position) {
                (one, other)
            } else {
                (other, one)
            };
            self.unknown_since = self.unknown_since.max(Some(older.at));
            newer
        };
        self.required = Some(kept);
        self
    }

    fn join_floor(mut self, other: Option<Position>) -> Self {
        self.floor = match (self.floor.take(), other) {
            (Some(one), Some(other)) => Some(one.highest_floor(other)),
            (one, other) => one.or(other),
        };
        self
    }
}

#[cfg(test)]
mod tests;
