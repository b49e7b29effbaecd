//! A table of counters that users read and raise, some of them more often than others.

use diesel_routing_testkit::{PgNode, ServerError};
use rand::RngExt;
use rand::rngs::SmallRng;
use rand_distr::{Zipf, ZipfError};

/// The number of rows.
pub(crate) const KEYS: i32 = 1000;

diesel::table! {
    counters (key) {
        key -> Integer,
        version -> BigInt,
    }
}

/// The keys by how often users act on them: the first twice as often as the second, three times as often as the third.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Popularity(Zipf<f64>);

impl Popularity {
    pub(crate) fn new() -> Result<Self, ZipfError> {
        Zipf::new(f64::from(KEYS), 1.0).map(Self)
    }

    /// Draws a key.
    pub(crate) fn key(self, random: &mut SmallRng) -> i32 {
        random.sample(self.0) as i32 - 1
    }
}

/// Creates the table on a PostgreSQL primary, and the view that counts statements.
pub(crate) fn create(primary: &PgNode) -> Result<(), ServerError> {
    primary.admin_execute("CREATE EXTENSION pg_stat_statements")?;
    primary.execute("CREATE TABLE counters (key int PRIMARY KEY, version bigint NOT NULL)")?;
    primary.execute(&format!(
        "INSERT INTO counters SELECT key, 0 FROM generate_series(0, {}) key",
        KEYS - 1
    ))
}
