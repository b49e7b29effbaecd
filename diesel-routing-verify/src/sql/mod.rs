//! The statements of a run, as text.

mod activity;
mod kind;
mod place;

use std::fmt::Write as _;

pub(crate) use kind::Kind;
pub(crate) use place::Place;

use crate::mark::{Mark, Word};
use crate::run_id::RunId;
use crate::statements::ORIGIN;

/// The number of tables with rows that are written and read.
pub(crate) const TABLES: i32 = 3;
/// The number of rows of each: few, so that clients meet.
pub(crate) const ROWS: i32 = 5;
/// The time that some statements take on purpose, in seconds, so that whoever asks a server what it runs sees them.
const LINGER: &str = "0.02";

/// The statements of one run.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    pub(crate) run: RunId,
    /// Set if PostgreSQL tells timelines apart. Aurora does not.
    pub(crate) has_timelines: bool,
}

/// The way in which rows are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    Update,
    Share,
}

impl Sql {
    /// Returns the name of the table that has this key.
    fn table_of(&self, key: i32) -> String {
        self.name(&format!("rows_{}", key / 100))
    }

    fn log(&self) -> String {
        self.name("log")
    }

    fn mark(&self, word: Word, number: u64) -> String {
        Mark { word, number }.comment(&self.run)
    }

    /// Returns the statement that reads these keys, which are of one table.
    pub(crate) fn read(&self, number: u64, keys: &[i32], lingers: bool) -> String {
        self.select(Word::Read, number, keys, None, lingers)
    }

    /// Returns the statement that locks this key.
    pub(crate) fn lock(&self, number: u64, key: i32, lock: Lock, lingers: bool) -> String {
        self.select(Word::Lock, number, &[key], Some(lock), lingers)
    }

    fn select(
        &self,
        word: Word,
        number: u64,
        keys: &[i32],
        lock: Option<Lock>,
        lingers: bool,
    ) -> String {
        let mut sql = format!(
            "{} SELECT k.id, k.version, k.writer, k.timeline, {} FROM {} k WHERE k.id IN ({})",
            self.mark(word, number),
            self.kind.connection(),
            self.table_of(keys.first().copied().unwrap_or_default()),
            list(keys),
        );
        if lingers {
            sql.push_str(&self.kind.linger(LINGER));
        }
        sql.push_str(" ORDER BY k.id");
        if let Some(lock) = lock {
            sql.push_str(self.kind.lock(lock));
        }
        sql
    }

    /// Returns the statements that raise this key's version, and log it.
    pub(crate) fn write(&self, number: u64, key: i32, writer: i64) -> [String; 2] {
        let (table, log) = (self.table_of(key), self.log());
        let timeline = match self.kind {
            Kind::Postgres if self.has_timelines => kind::TIMELINE,
            Kind::Postgres | Kind::Sqlite => "1",
            Kind::MySql | Kind::MariaDb => ORIGIN,
        };
        let mark = self.mark(Word::Write, number);
        [
            format!(
                "{mark} UPDATE {table} SET version = version + 1, writer = {writer}, timeline = {timeline} WHERE id = {key}"
            ),
            format!(
                "{mark} INSERT INTO {log} (id, version, writer, timeline) \
                 SELECT id, version, writer, timeline FROM {table} WHERE id = {key}"
            ),
        ]
    }

    /// Returns the question for every version that was committed: `a` the key, `n` the version, `m` the writer, `b` the timeline.
    pub(crate) fn kept(&self) -> String {
        let kind = self.kind;
        format!(
            "SELECT {} AS a, {} AS b, version AS n, writer AS m FROM {}",
            kind.text("id"),
            kind.text("timeline"),
            self.log()
        )
    }

    /// Returns the question for the history that the primary is on now, as `n`.
    pub(crate) fn timeline(&self) -> String {
        let timeline = match self.kind {
            Kind::Postgres if self.has_timelines => format!("{}::int8", kind::TIMELINE),
            Kind::Postgres | Kind::Sqlite => self.kind.number("1"),
            Kind::MySql | Kind::MariaDb => kind::ORIGIN_OF_MYSQL.to_owned(),
        };
        let none = self.kind.text("NULL");
        let zero = self.kind.number("0");
        format!("SELECT {none} AS a, {none} AS b, {timeline} AS n, {zero} AS m")
    }

    /// Returns the question whether a node has what the run needs: `n` is the number of rows of its last table.
    pub(crate) fn arrived(&self) -> String {
        let none = self.kind.text("NULL");
        let zero = self.kind.number("0");
        let table = self.table_of((TABLES - 1) * 100);
        format!("SELECT {none} AS a, {none} AS b, COUNT(*) AS n, {zero} AS m FROM {table}")
    }
}

/// Returns numbers with commas between.
fn list(numbers: &[i32]) -> String {
    let mut list = String::new();
    for number in numbers {
        let comma = if list.is_empty() { "" } else { ", " };
        // Into a `String`.
        let _ = write!(list, "{comma}{number}");
    }
    list
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn sql(kind: Kind, place: Place) -> Sql {
        Sql {
            kind,
            place,
            run: RunId::new(SystemTime::now(), Duration::ZERO),
            has_timelines: true,
        }
    }

    #[test]
    fn statements_begin_with_their_mark_and_name_tables_of_the_run() {
        let sql = sql(Kind::Postgres, Place::Own);
        let lock = sql.lock(7, 203, Lock::Update, false);
        let mark = Mark::find(&lock, &sql.run).unwrap();
        assert_eq!((mark.word, mark.number), (Word::Lock, 7));
        let table = format!("{}.rows_2 k WHERE k.id IN (203)", sql.run);
        assert!(
            lock.contains(&table) && lock.ends_with("FOR UPDATE OF k"),
            "{lock}"
        );
        assert!(!sql.read(8, &[1, 2], false).contains("sleep"));
        assert!(sql.read(8, &[1, 2], true).contains("pg_sleep"));
    }

    #[test]
    fn tables_that_stand_in_for_a_schema_have_the_run_s_name_in_front() {
        let sql = sql(Kind::MariaDb, Place::Tables);
        let [update, log] = sql.write(1, 101, 9);
        assert!(
            update.contains(&format!("UPDATE {}_rows_1 SET", sql.run)),
            "{update}"
        );
        assert!(
            log.contains(&format!("INSERT INTO {}_log", sql.run)),
            "{log}"
        );
        assert!(update.contains(ORIGIN));
    }
}
