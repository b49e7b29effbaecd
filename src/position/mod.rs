//! Positions in a replication stream: they prove that a replica has a write.
//!
//! What differs from one kind of position to another stands in the kind's own file; `kinds!` lists the kinds.

mod behind;
mod bytes;
mod galera;
mod kind;
mod lsn;
mod mariadb;
mod mysql;
mod postgres;
mod text;

use std::fmt;

use kind::{About, Kind};

pub(crate) use behind::Behind;
pub(crate) use bytes::{Format, Input, push_length, push_number};
pub use galera::GaleraPosition;
#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
pub(crate) use galera::parse_write_set;
pub use lsn::{Lsn, ParseLsnError};
pub use mariadb::{Gtid, MariaDbPosition, ParseGtidError};
#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
pub(crate) use mysql::parse_uuid;
pub use mysql::{MySqlPosition, ParseGtidSetError};
pub use postgres::PgPosition;

/// Defines [`Position`] and [`ServerKind`] from a list of kinds: a name, the tag in tokens, and the type in the
/// kind's file; above the name, the documentation of the kind of server, and above the type, that of its position.
///
/// Also defines `inside!` and `both!`, which evaluate an expression with the position inside, whatever its kind.
macro_rules! kinds {
    (($d:tt) $(
        $(#[$server:meta])* $kind:ident = $tag:literal,
        $(#[$doc:meta])* $position:ident;
    )+) => {
        /// A point in a replication stream.
        ///
        /// Positions are comparable within one history only: "covers" between positions of different
        /// histories (another cluster, another timeline) is `false`, both ways.
        ///
        /// Cheap to clone: the sets of MySQL and MariaDB are shared.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Position {
            $($(#[$doc])* $kind($position),)+
        }

        /// A kind of server. Kinds differ in their positions, not only in their SQL. Displayed as `PostgreSQL`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ServerKind {
            $($(#[$server])* $kind,)+
        }

        $(impl From<$position> for Position {
            fn from(position: $position) -> Self {
                Self::$kind(position)
            }
        })+

        /// `inside!(position, |its name| expression)`
        macro_rules! inside {
            ($d position:expr, |$d name:pat_param| $d value:expr) => {
                match $d position {
                    $(Position::$kind($d name) => $d value,)+
                }
            };
        }

        /// `both!(one, other, |their names| expression, else what holds for different kinds)`
        macro_rules! both {
            ($d one:expr, $d other:expr, |$d a:ident, $d b:ident| $d value:expr, else $d otherwise:expr) => {
                match ($d one, $d other) {
                    $((Position::$kind($d a), Position::$kind($d b)) => $d value,)+
                    _ => $d otherwise,
                }
            };
        }

        impl fmt::Display for ServerKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $(Self::$kind => <$position as Kind>::ABOUT.server,)+
                })
            }
        }

        impl Position {
            /// The tags of all kinds.
            #[cfg(test)]
            pub(crate) const TAGS: &[u8] = &[$($tag),+];

            /// Returns the byte that tells its kind in tokens.
            fn tag(&self) -> u8 {
                match self {
                    $(Self::$kind(_) => $tag,)+
                }
            }

            /// Reads what [`encode`](Self::encode) wrote.
            pub(crate) fn decode(input: &mut Input<'_>) -> Option<Self> {
                match input.take()? {
                    $([$tag] => $position::decode(input).map(Self::$kind),)+
                    _ => None,
                }
            }

            /// Generates positions, often near others.
            #[cfg(test)]
            pub(crate) fn samples() -> impl proptest::strategy::Strategy<Value = Self> {
                use proptest::strategy::{Strategy, Union};

                Union::new_weighted(vec![$(
                    (<$position as Kind>::SHARE, $position::samples().prop_map(Self::$kind).boxed()),
                )+])
            }
        }
    };
}

// Tags stay as they are: tokens that are out there have them.
kinds! {($)
    /// PostgreSQL.
    Postgres = 1,
    /// PostgreSQL: system identifier, timeline, LSN.
    PgPosition;

    /// MariaDB.
    MariaDb = 2,
    /// MariaDB: the last GTID of each server in each domain.
    MariaDbPosition;

    /// MySQL.
    MySql = 3,
    /// MySQL: a set of GTIDs.
    MySqlPosition;

    /// MariaDB or MySQL in a Galera cluster, where every node accepts writes.
    Galera = 4,
    /// Galera: a cluster's history and the number of a write set.
    GaleraPosition;
}

impl Position {
    /// Returns whether a node that has replayed up to here has everything up to `required`: it lies on the
    /// same history, and at or past `required`.
    #[must_use]
    #[inline]
    pub fn covers(&self, required: &Self) -> bool {
        both!(self, required, |have, required| have.covers(required), else false)
    }

    /// Returns how much of what a primary at `primary` has is missing here; `None` where that cannot be counted.
    pub(crate) fn behind(&self, primary: &Self) -> Option<Behind> {
        both!(self, primary, |position, primary| primary.ahead_of(position), else None)
    }

    /// Returns the least position that covers both, or `None` if there is no such position because they
    /// lie on different histories.
    #[must_use]
    pub fn join(&self, other: &Self) -> Option<Self> {
        both!(self, other, |one, other| Kind::join(one, other).map(Self::from), else None)
    }

    /// Returns the position that a node must cover to have everything that a node here has.
    pub(crate) fn mark(&self) -> Self {
        inside!(self, |position| position.mark().into())
    }

    /// Returns whether `required` lies on the history of a primary at `self`, or is something that primary
    /// may still write.
    pub(crate) fn may_reach(&self, required: &Self) -> bool {
        both!(self, required, |primary, required| primary.may_reach(required), else false)
    }

    /// Returns the part of `required` that a primary at `self` [has or may still write](Self::may_reach);
    /// `None` if there is none.
    pub(crate) fn reachable(&self, required: &Self) -> Option<Self> {
        both!(self, required, |primary, required| primary.reachable(required).map(Self::from), else None)
    }

    /// Lowers the position to `primary`, the primary's present one; `None` if it does not lie past it.
    ///
    /// No node could ever cover what lies past it. A primary that lost the end of its log in a crash goes
    /// back, and so does one restored from a backup.
    pub(crate) fn at_most(&self, primary: &Self) -> Option<Self> {
        both!(self, primary, |position, primary| position.at_most(primary).map(Self::from), else None)
    }

    /// Returns whether a primary that was at `before` can have got here by writing.
    pub(crate) fn continues(&self, before: &Self) -> bool {
        both!(self, before, |now, before| now.continues(before), else false)
    }

    /// Returns whether both belong to one cluster, on any timelines. An empty GTID set belongs to every cluster.
    pub(crate) fn same_cluster(&self, other: &Self) -> bool {
        both!(self, other, |one, other| one.same_cluster(other), else false)
    }

    /// Returns whether, of two nodes that accept writes, this one is the primary: its history continues
    /// where the other's ended.
    pub(crate) fn succeeds(&self, other: &Self) -> bool {
        both!(self, other, |one, other| one.succeeds(other), else false)
    }

    /// Returns whether this position lies on a newer history than `other`: on a later timeline, or in a younger
    /// cluster. Where the order is unknown, a fixed arbitrary one is used.
    pub(crate) fn is_newer(&self, other: &Self) -> bool {
        both!(self, other, |one, other| one.is_newer(other), else self.about().server > other.about().server)
    }

    /// Returns the least floor that is not below either, on the newer history of the two.
    pub(crate) fn highest_floor(self, other: Self) -> Self {
        let floor = both!(&self, &other, |one, other| one.floor(other).map(Self::from), else None);
        match floor {
            Some(both) => both,
            None if self.is_newer(&other) => self,
            None => other,
        }
    }

    /// Drops GTIDs that are implied by the remaining ones on `primary`'s history; `None` if there are none.
    pub(crate) fn reduced(&self, primary: &Self) -> Option<Self> {
        both!(self, primary, |position, primary| position.reduced(primary).map(Self::from), else None)
    }

    /// Returns whether every node of its cluster accepts writes.
    pub(crate) fn is_multi_writer(&self) -> bool {
        self.about().is_multi_writer
    }

    /// Returns whether nothing was ever written at this position.
    pub(crate) fn is_empty(&self) -> bool {
        inside!(self, |position| Kind::is_empty(position))
    }

    /// Reads a position in the notation of the servers, on the history of this one, which is a node's.
    fn of_text(&self, text: &str) -> Option<Self> {
        inside!(self, |ours| Kind::of_text(ours, text).map(Self::from))
    }

    /// Returns its kind in words.
    pub(crate) fn about(&self) -> &'static About {
        fn of<K: Kind>(_: &K) -> &'static About {
            K::ABOUT
        }
        inside!(self, |position| of(position))
    }

    /// Appends its tag and itself to a token's content.
    pub(crate) fn encode(&self, to: &mut Vec<u8>) {
        to.push(self.tag());
        inside!(self, |position| position.encode(to));
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        inside!(self, |position| position.fmt(f))
    }
}
