//! Positions in the notation of their servers.

use super::{Gtid, Lsn, MySqlPosition, ParseGtidError, ParseGtidSetError, ParseLsnError, Position};
use crate::error::{Error, PositionError};

/// So that `text.parse::<Lsn>()?` does where errors are the router's.
macro_rules! position_errors {
    ($($error:ty),+) => {$(
        impl From<$error> for PositionError {
            fn from(error: $error) -> Self {
                Self::Unparsable {
                    words: error.to_string(),
                }
            }
        }

        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                PositionError::from(error).into()
            }
        }
    )+};
}

position_errors!(ParseGtidError, ParseGtidSetError, ParseLsnError);

/// The longest part of a text that an error shows.
const SHOWN: usize = 60;

impl Position {
    /// Reads a position on the history of this one, which is a node's, in the notation of its servers.
    pub(crate) fn named(&self, text: &str) -> Result<Self, PositionError> {
        let text = text.trim();
        let about = self.about();
        let Some(position) = self.of_text(text).filter(|found| !found.is_empty()) else {
            return Err(PositionError::Invalid {
                text: shown(text),
                server: about.server,
                expected: about.notation,
                looks_like: looks_like(text).filter(|kind| *kind != about.server),
            });
        };
        if position.same_cluster(self) {
            return Ok(position);
        }
        Err(PositionError::OtherCluster {
            text: shown(text),
            cluster: about.cluster,
        })
    }
}

impl PositionError {
    /// Returns the error for a text that there is nothing to compare with.
    pub(crate) fn unknown(text: &str) -> Self {
        Self::Unknown { text: shown(text) }
    }
}

/// Returns the kind of server whose notation a text has.
fn looks_like(text: &str) -> Option<&'static str> {
    if text.parse::<Lsn>().is_ok() {
        Some("PostgreSQL")
    } else if text.split(',').all(|gtid| gtid.parse::<Gtid>().is_ok()) {
        Some("MariaDB")
    } else if text
        .parse::<MySqlPosition>()
        .is_ok_and(|set| !set.is_empty())
    {
        Some("MySQL")
    } else {
        None
    }
}

/// Returns the beginning of a text, without what disturbs a line.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push_str("..");
    }
    shown.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::position::{GaleraPosition, MariaDbPosition, PgPosition};

    fn postgres() -> Position {
        PgPosition::new(7, 3, Lsn(100)).into()
    }

    fn mariadb() -> Position {
        let last: MariaDbPosition = "0-1-100".parse().unwrap();
        MariaDbPosition::of_node(1, &last, &last).into()
    }

    const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

    fn mysql() -> Position {
        let set: MySqlPosition = format!("{UUID}:1-5").parse().unwrap();
        set.into()
    }

    #[test]
    fn a_position_is_read_on_the_nodes_own_history() {
        let lsn = postgres().named(" 0/16B3748\n").unwrap();
        assert_eq!(lsn, PgPosition::new(7, 3, Lsn(0x16B_3748)).into());
        // As it is displayed, with its own timeline.
        let old: Position = PgPosition::new(7, 2, Lsn(50)).into();
        assert_eq!(postgres().named(&old.to_string()), Ok(old));
        let gtid = mariadb().named("0-1-101").unwrap();
        assert_eq!(gtid.to_string(), "0-1-101");
        let set = mysql().named(&format!("{UUID}:1-9,\n{UUID}:12")).unwrap();
        assert_eq!(set.to_string(), format!("{UUID}:1-9:12"));
        let galera: Position = GaleraPosition::new(5, 10).into();
        assert_eq!(galera.named(&galera.to_string()), Ok(galera.clone()));
    }

    #[test]
    fn a_text_of_another_kind_is_named() {
        let set = format!("{UUID}:1-5");
        for (ours, text, kind) in [
            (postgres(), "0-1-100", "MariaDB"),
            (postgres(), set.as_str(), "MySQL"),
            (mariadb(), "0/16B3748", "PostgreSQL"),
            (mariadb(), &set, "MySQL"),
            (mysql(), "0-1-100", "MariaDB"),
            (mysql(), "0/16B3748", "PostgreSQL"),
        ] {
            let error = ours.named(text).unwrap_err();
            let words = error.to_string();
            assert!(
                words.contains(&format!("looks like one of {kind}")),
                "{words}"
            );
            assert!(words.contains(text) && words.contains("like `"), "{words}");
        }
    }

    #[test]
    fn what_is_no_position_is_refused_and_shown_in_part() {
        for ours in [
            postgres(),
            mariadb(),
            mysql(),
            GaleraPosition::new(5, 1).into(),
        ] {
            for text in [
                "", " ", "0", "-1", "what?", "0/", "null", "0-1", "\u{202e}", "1-2-3-4",
            ] {
                let error = ours.named(text).unwrap_err();
                assert!(matches!(error, PositionError::Invalid { .. }), "{error}");
            }
            let long = "x\n".repeat(100_000);
            let words = ours.named(&long).unwrap_err().to_string();
            assert!(words.len() < 400 && !words.contains('\n'), "{words}");
        }
    }

    #[test]
    fn a_position_of_another_cluster_is_refused() {
        let stranger: Position = PgPosition::new(8, 3, Lsn(50)).into();
        let other = "11111111-2222-3333-4444-555555555555";
        for (ours, text) in [
            (postgres(), stranger.to_string()),
            (mariadb(), "9-1-100".to_owned()),
            (mysql(), format!("{other}:1-5")),
            (GaleraPosition::new(5, 1).into(), format!("{other}:7")),
        ] {
            let error = ours.named(&text).unwrap_err();
            assert!(
                matches!(error, PositionError::OtherCluster { .. }),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            for ours in [postgres(), mariadb(), mysql()] {
                if let Ok(position) = ours.named(&text) {
                    prop_assert!(position.same_cluster(&ours));
                }
            }
        }

        #[test]
        fn what_a_position_looks_like_is_read_as_that_position(position in Position::samples()) {
            let mark = position.mark();
            prop_assume!(!mark.is_empty());
            prop_assert_eq!(position.named(&mark.to_string()), Ok(mark));
        }
    }
}
