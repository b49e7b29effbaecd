//! How loaded a server is.

use diesel::sql_types::{Double, Nullable};

/// Asks which share of the connections that are left to ordinary accounts is in use. Needs no privilege: the processes of others
/// are hidden in part in `pg_stat_activity`, and their number is not in `pg_stat_database`.
pub(crate) const LOAD: &str = "\
    SELECT (SELECT sum(numbackends) FROM pg_stat_database)::float8 \
           / greatest(current_setting('max_connections')::int4 \
                      - current_setting('superuser_reserved_connections')::int4 \
                      - coalesce(current_setting('reserved_connections', true)::int4, 0), 1)::float8 AS share";

/// The answer to [`LOAD`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Load {
    #[diesel(sql_type = Nullable<Double>)]
    pub(crate) share: Option<f64>,
}
