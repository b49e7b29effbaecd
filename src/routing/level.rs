//! `Level`, and the one list of levels from which it, the types and the words follow.

use std::fmt;
use std::time::Duration;

/// Hands the list of levels to the macro `$then`. For each level: its word, which is its name in
/// `#[consistency(..)]`, in `X-DB-Consistency` and as a type, with the type's documentation; the handles that
/// functions of this level take; and its variant of [`Level`].
macro_rules! levels {
    ($then:ident) => {
        $then! {
            /// `#[consistency(eventual)]`: the read may be stale, by any amount.
            eventual => ReadConn<Replica, C>;
            /// A read of any state, however old.
            Eventual;

            /// `#[consistency(bounded = "250ms")]`: the read may be stale, by no more than this.
            bounded => ReadConn<Replica, C>;
            /// A read of a state that has everything acknowledged before this long ago.
            Bounded(Duration);

            /// `#[consistency(session)]`: the read observes the session's own writes and everything it has read; it
            /// may miss other writes.
            session => ReadConn<CaughtUp, C>;
            /// A read that observes what the session wrote, and never less than it has seen.
            Session;

            /// `#[consistency(strong)]`: the read observes every acknowledged write.
            strong => ReadConn<Primary, C>, WriteConn<C>;
            /// A read of the primary's present state.
            Strong;

            /// `#[consistency(write)]`: the function writes.
            write => WriteConn<C>;
            /// A write.
            Write;
        }
    };
}

pub(crate) use levels;

macro_rules! define {
    ($(
        $(#[$of_type:meta])* $word:ident => $($handle:ty),+;
        $(#[$doc:meta])* $variant:ident $(($lag:ty))?;
    )+) => {
        /// The freshness that a read requires, or that the caller writes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Level {
            $($(#[$doc])* $variant $(($lag))?,)+
        }

        /// Levels without what goes with them, for their numbers.
        #[derive(Clone, Copy)]
        enum Place {
            $($variant),+
        }

        impl Level {
            /// The words of all levels, from the weakest to the strongest.
            pub(crate) const WORDS: &'static [&'static str] = &[$(stringify!($word)),+];

            /// Returns its place among all.
            #[inline]
            pub(crate) fn index(self) -> usize {
                match self {
                    $(Self::$variant { .. } => Place::$variant as usize,)+
                }
            }

            /// Returns its word, without the lag that goes with it: a stable, lower-case name, for logs and metrics.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($word),)+
                }
            }

            /// Returns the level with this word; `None` if there is no such level, or a lag goes with it and there
            /// is none, or the other way round.
            #[cfg(feature = "edge")]
            pub(crate) fn of_word(word: &str, lag: Option<Duration>) -> Option<Self> {
                match word {
                    $(stringify!($word) => level!($variant $(($lag))?, lag),)+
                    _ => None,
                }
            }
        }
    };
}

#[cfg(feature = "edge")]
macro_rules! level {
    ($variant:ident, $lag:ident) => {
        $lag.is_none().then_some(Self::$variant)
    };
    ($variant:ident($type:ty), $lag:ident) => {
        $lag.map(Self::$variant)
    };
}

levels!(define);

/// Its word, and the lag that goes with it: `bounded=250ms`.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self {
            Self::Bounded(lag) => write!(f, "={lag:?}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_displays_as_its_word_and_its_lag() {
        let bounded = Level::Bounded(Duration::from_millis(250));
        assert_eq!(bounded.to_string(), "bounded=250ms");
        assert_eq!(Level::Session.to_string(), "session");
    }

    #[test]
    fn every_level_is_in_its_place() {
        for level in [
            Level::Eventual,
            Level::Bounded(Duration::ZERO),
            Level::Session,
            Level::Strong,
            Level::Write,
        ] {
            assert_eq!(Level::WORDS[level.index()], level.as_str());
        }
    }
}
