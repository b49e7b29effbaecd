//! The checksum of a table's rows.

use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Text};

use crate::cluster::{Checksum, ChecksumLimits};
use crate::position::ServerKind;
use crate::statement::{TableName, quoted};

/// Asks for the columns of a table, and the place of each in the primary key, from 1; its database, if one is given, and its name
/// are parameters.
pub(crate) const COLUMNS: &str = "\
    SELECT c.COLUMN_NAME AS name, LOWER(c.DATA_TYPE) AS data_type, \
           CAST(COALESCE(k.ORDINAL_POSITION, 0) AS SIGNED) AS place \
      FROM information_schema.COLUMNS c \
      LEFT JOIN information_schema.KEY_COLUMN_USAGE k \
        ON k.CONSTRAINT_NAME = 'PRIMARY' AND k.TABLE_SCHEMA = c.TABLE_SCHEMA \
       AND k.TABLE_NAME = c.TABLE_NAME AND k.COLUMN_NAME = c.COLUMN_NAME \
     WHERE c.TABLE_SCHEMA = COALESCE(?, DATABASE()) AND c.TABLE_NAME = ? \
     ORDER BY c.ORDINAL_POSITION";

/// A column of a table.
#[derive(diesel::QueryableByName)]
pub(crate) struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    data_type: String,
    #[diesel(sql_type = BigInt)]
    place: i64,
}

impl Column {
    /// Returns the SQL for its value, as hexadecimal digits that are the same whatever the session's settings.
    fn text(&self) -> String {
        let name = quoted(&self.name, '`');
        let bytes = match self.data_type.as_str() {
            // As text, it depends on the time zone.
            "timestamp" => format!("CAST(UNIX_TIMESTAMP({name}) AS BINARY)"),
            "json" => format!("CAST(CAST({name} AS CHAR) AS BINARY)"),
            "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
            | "multipolygon" | "geometrycollection" | "geomcollection" => name,
            _ => format!("CAST({name} AS BINARY)"),
        };
        format!("IFNULL(HEX({bytes}), '-')")
    }
}

/// The answer to [`checksum`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Sum {
    #[diesel(sql_type = BigInt)]
    row_count: i64,
    #[diesel(sql_type = BigInt)]
    digest_count: i64,
    #[diesel(sql_type = Text)]
    digest: String,
}

impl Sum {
    pub(crate) fn checksum(self) -> Result<Checksum, DieselError> {
        if self.row_count != self.digest_count {
            let why = "a row is too long for the server's `max_allowed_packet`";
            return Err(DieselError::QueryBuilderError(why.into()));
        }
        let rows = u64::try_from(self.row_count).unwrap_or(0);
        Ok(Checksum::new(rows, self.digest))
    }
}

/// Returns the SQL for the checksum of a table with these columns: of each row a SHA-256 of its values, cut to 128 bits, and of these the
/// exclusive or, as pt-table-checksum has it with others. (MySQL has no `MD5` any more since 9.6.) The key is part of a row, so no two are equal, and no order is needed.
pub(crate) fn checksum(
    table: &TableName,
    columns: &[Column],
    kind: Option<ServerKind>,
    limits: &ChecksumLimits,
) -> Result<String, DieselError> {
    let mut key: Vec<_> = columns.iter().filter(|column| column.place > 0).collect();
    if key.is_empty() {
        let why = format!("there is no table `{table}`, or it has no primary key");
        return Err(DieselError::QueryBuilderError(why.into()));
    }
    key.sort_by_key(|column| column.place);
    let key: Vec<_> = key.iter().map(|column| quoted(&column.name, '`')).collect();
    let values: Vec<_> = columns.iter().map(Column::text).collect();
    let half = |from: u8| {
        format!(
            "LOWER(HEX(BIT_XOR(CAST(CONV(SUBSTRING(digest, {from}, 16), 16, 10) AS UNSIGNED))))"
        )
    };
    let millis = limits.millis();
    let (before, hint) = match kind {
        Some(ServerKind::MySql) => (
            String::new(),
            format!("/*+ MAX_EXECUTION_TIME({millis}) */ "),
        ),
        _ => {
            let seconds = std::time::Duration::from_millis(millis).as_secs_f64();
            let before = format!("SET STATEMENT max_statement_time = {seconds:.3} FOR ");
            (before, String::new())
        }
    };
    Ok(format!(
        "{before}SELECT {hint}COUNT(*) AS row_count, COUNT(digest) AS digest_count, \
                CONCAT({}, '-', {}) AS digest \
           FROM (SELECT SHA2(CONCAT_WS('#', {}), 256) AS digest FROM {} ORDER BY {} LIMIT {}) AS r",
        half(1),
        half(17),
        values.join(", "),
        table.quoted('`'),
        key.join(", "),
        limits.max_rows
    ))
}
