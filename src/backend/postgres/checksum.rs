//! The checksum of a table's rows.

use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Text};

use crate::cluster::{Checksum, ChecksumLimits};
use crate::statement::{TableName, quoted};

/// Opens the transaction that a checksum is made in.
pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Asks for the columns of a table's primary key, in its order; the table is a parameter, in quotes.
pub(crate) const KEY: &str = "\
    SELECT a.attname::text AS name \
      FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k(attnum, place), pg_attribute a \
     WHERE i.indrelid = to_regclass($1) AND i.indisprimary \
       AND a.attrelid = i.indrelid AND a.attnum = k.attnum \
     ORDER BY k.place";

/// A column of a primary key.
#[derive(diesel::QueryableByName)]
pub(crate) struct KeyColumn {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The answer to [`checksum`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Sum {
    #[diesel(sql_type = BigInt)]
    row_count: i64,
    #[diesel(sql_type = Text)]
    digest: String,
}

impl From<Sum> for Checksum {
    fn from(sum: Sum) -> Self {
        Self::new(u64::try_from(sum.row_count).unwrap_or(0), sum.digest)
    }
}

/// Returns the SQL that makes values look the same on every server, whatever its settings, and limits the time, for the rest of
/// the transaction.
pub(crate) fn settings(limits: &ChecksumLimits) -> String {
    format!(
        "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; \
         SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL lc_monetary = 'C'; \
         SET LOCAL statement_timeout = '{}ms'",
        limits.millis()
    )
}

/// Returns the SQL for the checksum of a table with this primary key: of each row a SHA-256 of its text, cut to 128 bits, and of
/// these the exclusive or, as pt-table-checksum has it with others. The key is part of a row, so no two are equal, and no order is needed.
pub(crate) fn checksum(
    table: &TableName,
    key: &[KeyColumn],
    limits: &ChecksumLimits,
) -> Result<String, DieselError> {
    if key.is_empty() {
        let why = format!("there is no table `{table}`, or it has no primary key");
        return Err(DieselError::QueryBuilderError(why.into()));
    }
    let key: Vec<_> = key
        .iter()
        .map(|column| format!("t.{}", quoted(&column.name, '"')))
        .collect();
    let half = |from: u8| {
        format!("to_hex(coalesce(bit_xor(('x' || substr(digest, {from}, 16))::bit(64)::int8), 0))")
    };
    Ok(format!(
        "SELECT count(*) AS row_count, {} || '-' || {} AS digest \
           FROM (SELECT encode(sha256(convert_to(ROW(t.*)::text, getdatabaseencoding())), 'hex') AS digest FROM {} AS t ORDER BY {} LIMIT {}) AS r",
        half(1),
        half(17),
        table.quoted('"'),
        key.join(", "),
        limits.max_rows
    ))
}
