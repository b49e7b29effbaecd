//! Characteristics of a transaction, and the SQL that opens it.

/// The characteristics that a transaction builder collects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Characteristics {
    pub(crate) isolation: Option<Isolation>,
    pub(crate) read_only: Option<bool>,
    pub(crate) deferrable: Option<bool>,
    pub(crate) consistent_snapshot: bool,
}

/// A transaction's isolation level, as named by the SQL standard.
#[allow(dead_code, reason = "servers differ in the levels that they have")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

impl Isolation {
    #[allow(dead_code, reason = "SQLite has no levels")]
    fn sql(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "READ UNCOMMITTED",
            Self::ReadCommitted => "READ COMMITTED",
            Self::RepeatableRead => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
        }
    }
}

impl Characteristics {
    #[cfg(any(feature = "postgres", feature = "sync-postgres"))]
    pub(crate) fn postgres(&self) -> String {
        let mut sql = "BEGIN TRANSACTION".to_owned();
        if let Some(isolation) = self.isolation {
            sql += " ISOLATION LEVEL ";
            sql += isolation.sql();
        }
        match self.read_only {
            Some(true) => sql += " READ ONLY",
            Some(false) => sql += " READ WRITE",
            None => {}
        }
        match self.deferrable {
            Some(true) => sql += " DEFERRABLE",
            Some(false) => sql += " NOT DEFERRABLE",
            None => {}
        }
        sql
    }

    #[cfg(any(feature = "mysql", feature = "sync-mysql"))]
    pub(crate) fn mysql(&self) -> String {
        let mut sql = String::new();
        if let Some(isolation) = self.isolation {
            // Applies to the next transaction alone.
            sql += "SET TRANSACTION ISOLATION LEVEL ";
            sql += isolation.sql();
            sql += "; ";
        }
        sql += "START TRANSACTION";
        let snapshot = self
            .consistent_snapshot
            .then_some("WITH CONSISTENT SNAPSHOT");
        let access = self
            .read_only
            .map(|yes| if yes { "READ ONLY" } else { "READ WRITE" });
        let words: Vec<_> = snapshot.into_iter().chain(access).collect();
        if !words.is_empty() {
            sql.push(' ');
            sql += &words.join(", ");
        }
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(any(feature = "postgres", feature = "sync-postgres"))]
    fn postgres_takes_all_characteristics_in_one_statement() {
        assert_eq!(Characteristics::default().postgres(), "BEGIN TRANSACTION");
        let all = Characteristics {
            isolation: Some(Isolation::Serializable),
            read_only: Some(true),
            deferrable: Some(true),
            consistent_snapshot: false,
        };
        assert_eq!(
            all.postgres(),
            "BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE"
        );
    }

    #[test]
    #[cfg(any(feature = "mysql", feature = "sync-mysql"))]
    fn mysql_sets_the_isolation_of_the_next_transaction_first() {
        assert_eq!(Characteristics::default().mysql(), "START TRANSACTION");
        let all = Characteristics {
            isolation: Some(Isolation::ReadUncommitted),
            read_only: Some(false),
            deferrable: None,
            consistent_snapshot: true,
        };
        assert_eq!(
            all.mysql(),
            "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; \
             START TRANSACTION WITH CONSISTENT SNAPSHOT, READ WRITE"
        );
    }
}
