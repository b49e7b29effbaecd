//! `Row`: a row of any query, as text.

use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{self, QueryableByName};
use diesel::row::{Field, NamedRow};

/// A row, with its values as text; `NULL` is `None`.
///
/// Texts, integers, floating-point numbers and booleans are read as they are. Cast others in the query: `::text` on PostgreSQL
/// (positions, times, `inet`, arrays), `CAST(.. AS CHAR)` on MySQL and MariaDB (times).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    columns: Vec<(String, Option<String>)>,
}

#[allow(dead_code, reason = "commands differ in what they need of it")]
impl Row {
    /// Returns the value of a column, by its name in any case; `None` if it is `NULL` or not there.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut columns = self.columns.iter();
        let (_, value) = columns.find(|(column, _)| column.eq_ignore_ascii_case(name))?;
        value.as_deref()
    }

    /// Returns the value of a column, parsed; `None` if that cannot be done.
    pub(crate) fn parse<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// Returns whether a column says yes: `on`, `yes`, `true`, `t`, `1`, in any case; `None` if it is `NULL` or not there.
    pub(crate) fn is_on(&self, name: &str) -> Option<bool> {
        let value = self.get(name)?.to_ascii_lowercase();
        Some(matches!(value.as_str(), "on" | "yes" | "true" | "t" | "1"))
    }

    /// Returns the columns: names and values.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let columns = self.columns.iter();
        columns.map(|(name, value)| (name.as_str(), value.as_deref()))
    }
}

/// A kind of database whose values can be read as text.
trait AsText: Backend {
    /// Returns a value as text; `None` if it has to be cast.
    fn text(value: Self::RawValue<'_>) -> Option<String>;
}

impl<DB: AsText> QueryableByName<DB> for Row {
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        let columns = (0..row.field_count()).map(|index| {
            let field = diesel::row::Row::get(row, index).ok_or("a column is missing")?;
            let name = field.field_name().unwrap_or_default().to_owned();
            let value = match field.value() {
                None => None,
                Some(value) => Some(DB::text(value).ok_or_else(|| {
                    format!("the column `{name}` is of a type that has to be cast to text")
                })?),
            };
            Ok((name, value))
        });
        Ok(Self {
            columns: columns.collect::<deserialize::Result<_>>()?,
        })
    }
}

#[cfg(feature = "postgres")]
impl AsText for diesel::pg::Pg {
    fn text(value: Self::RawValue<'_>) -> Option<String> {
        let bytes = value.as_bytes();
        // The objects of `pg_type` with fixed numbers.
        match value.get_oid().get() {
            // bool
            16 => Some(if bytes == [0] { "f" } else { "t" }.to_owned()),
            // int8
            20 => Some(i64::from_be_bytes(bytes.try_into().ok()?).to_string()),
            // int2
            21 => Some(i16::from_be_bytes(bytes.try_into().ok()?).to_string()),
            // int4
            23 => Some(i32::from_be_bytes(bytes.try_into().ok()?).to_string()),
            // oid, xid
            26 | 28 => Some(u32::from_be_bytes(bytes.try_into().ok()?).to_string()),
            // float4
            700 => Some(f32::from_be_bytes(bytes.try_into().ok()?).to_string()),
            // float8
            701 => Some(f64::from_be_bytes(bytes.try_into().ok()?).to_string()),
            // "char", name, text, json, unknown, bpchar, varchar
            18 | 19 | 25 | 114 | 705 | 1042 | 1043 => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            _ => None,
        }
    }
}

#[cfg(feature = "mysql")]
impl AsText for diesel::mysql::Mysql {
    fn text(value: Self::RawValue<'_>) -> Option<String> {
        use diesel::mysql::MysqlType;

        let bytes = value.as_bytes();
        // The driver gives all integers in eight bytes.
        let integer = || Some(i64::from_le_bytes(bytes.try_into().ok()?));
        match value.value_type() {
            MysqlType::Tiny | MysqlType::Short | MysqlType::Long | MysqlType::LongLong => {
                integer().map(|number| number.to_string())
            }
            MysqlType::UnsignedTiny
            | MysqlType::UnsignedShort
            | MysqlType::UnsignedLong
            | MysqlType::UnsignedLongLong => {
                integer().map(|number| number.cast_unsigned().to_string())
            }
            MysqlType::Float => Some(f32::from_le_bytes(bytes.try_into().ok()?).to_string()),
            MysqlType::Double => Some(f64::from_le_bytes(bytes.try_into().ok()?).to_string()),
            MysqlType::Numeric
            | MysqlType::String
            | MysqlType::Blob
            | MysqlType::Enum
            | MysqlType::Set => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }
}

#[cfg(feature = "sqlite")]
impl AsText for diesel::sqlite::Sqlite {
    fn text(mut value: Self::RawValue<'_>) -> Option<String> {
        Some(value.read_text().to_owned())
    }
}
