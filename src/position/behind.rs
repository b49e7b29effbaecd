//! `Behind`: how much of the primary's log a node does not have.

/// The part of the primary's log that a node does not have, by the positions of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    /// So many bytes of it.
    Bytes(u64),
    /// So many transactions.
    Transactions(u64),
}

impl Behind {
    pub(crate) fn bytes(self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Transactions(_) => None,
        }
    }

    pub(crate) fn transactions(self) -> Option<u64> {
        match self {
            Self::Bytes(_) => None,
            Self::Transactions(transactions) => Some(transactions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::{GaleraPosition, Lsn, PgPosition, Position};

    fn behind(position: impl Into<Position>, primary: impl Into<Position>) -> Option<Behind> {
        position.into().behind(&primary.into())
    }

    #[test]
    fn bytes_of_the_log_are_counted_on_one_timeline() {
        let at = |timeline, lsn| PgPosition::new(7, timeline, Lsn(lsn));
        assert_eq!(behind(at(1, 40), at(1, 100)), Some(Behind::Bytes(60)));
        // It was asked later than the primary.
        assert_eq!(behind(at(1, 101), at(1, 100)), Some(Behind::Bytes(0)));
        assert_eq!(behind(at(1, 40), at(2, 100)), None);
        assert_eq!(behind(at(1, 40), GaleraPosition::new(7, 100)), None);
    }

    #[test]
    fn transactions_are_counted_by_whoever_numbers_them() {
        let at = |number| GaleraPosition::new(7, number);
        assert_eq!(behind(at(40), at(100)), Some(Behind::Transactions(60)));
        assert_eq!(behind(at(40), GaleraPosition::new(8, 100)), None);
        let maria = |text: &str| text.parse::<crate::position::MariaDbPosition>().unwrap();
        assert_eq!(
            behind(maria("0-1-7,1-1-3"), maria("0-2-10,1-1-3,2-1-5")),
            Some(Behind::Transactions(8))
        );
        let mysql = |text: &str| text.parse::<crate::position::MySqlPosition>().unwrap();
        let (one, two) = (
            "3e11fa47-71ca-11e1-9e33-c80aa9429562",
            "4e11fa47-71ca-11e1-9e33-c80aa9429562",
        );
        assert_eq!(
            behind(
                mysql(&format!("{one}:1-5:8-10:30-40")),
                mysql(&format!("{one}:1-20,{two}:1-3")),
            ),
            // 6, 7, 11 to 20; and three.
            Some(Behind::Transactions(15))
        );
        assert_eq!(
            behind(mysql(&format!("{one}:1-9")), mysql(&format!("{one}:1-5"))),
            Some(Behind::Transactions(0))
        );
    }
}
