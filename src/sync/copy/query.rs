//! `copy_to`: an export, before it runs.

use std::io::BufRead;

use diesel::deserialize::FromSqlRow;
use diesel::pg::{CopyFormat, CopyTarget, Pg};
use diesel::{AppearsOnTable, Expression, PgConnection, QueryResult, Selectable};

use super::{CopiesTo, CopyRows, CopyToReader};
use crate::statement::Key;

/// Creates a `COPY .. TO`, for every handle: Diesel's [`copy_to`](diesel::copy_to), whose own `load` takes raw connections only.
///
/// It reads, so replicas serve it: an export need not burden the primary. As in Diesel, [`load`](CopyToQuery::load) returns values, and
/// [`load_raw`](CopyToQuery::load_raw) the server's text or bytes in the [format](CopyToQuery::with_format) that is asked for.
///
/// # Example
///
/// ```no_run
/// use std::io::{BufRead, Write};
/// use diesel::pg::CopyFormat;
/// use diesel_routing::sync::pg::{ReadConn, copy_to};
/// use diesel_routing::{Replica, sync::prelude::*};
///
/// diesel::table! { users { id -> Integer, name -> Text, } }
///
/// #[derive(Queryable, Selectable)]
/// struct User {
///     id: i32,
///     name: String,
/// }
///
/// fn all(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
///     copy_to(users::table).load::<User, _>(conn)?.collect()
/// }
///
/// fn export(conn: &mut ReadConn<Replica>, file: &mut impl Write) -> Result<u64, Box<dyn std::error::Error>> {
///     let mut csv = copy_to(users::table)
///         .with_format(CopyFormat::Csv)
///         .with_header(true)
///         .load_raw(conn)?;
///     Ok(std::io::copy(&mut csv, file)?)
/// }
/// ```
pub fn copy_to<T: CopyTarget>(target: T) -> CopyToQuery<T> {
    CopyToQuery {
        target,
        options: NotSet(()),
    }
}

/// A `COPY .. TO`, from [`copy_to`].
#[derive(Debug, Clone)]
#[must_use = "`COPY TO` statements are only executed when calling `.load()` or `.load_raw()`"]
pub struct CopyToQuery<T, O = NotSet> {
    target: T,
    options: O,
}

/// The options of a `COPY .. TO` for which nothing was asked.
#[derive(Debug, Clone, Copy)]
pub struct NotSet(());

/// The options of a `COPY .. TO`.
#[derive(Debug, Clone, Default)]
pub struct CopyToOptions {
    format: CopyFormat,
    freeze: Option<bool>,
    delimiter: Option<char>,
    null: Option<String>,
    quote: Option<char>,
    escape: Option<char>,
    header: Option<bool>,
}

impl From<NotSet> for CopyToOptions {
    fn from(_: NotSet) -> Self {
        Self::default()
    }
}

impl<T: CopyTarget> CopyToQuery<T> {
    /// Runs it, and returns its rows as they come, in the binary format. The columns are those of `U`, as [`Selectable`] has them.
    ///
    /// Dropped before the last row, the rest is not read: the handle runs nothing more, and the pool closes its connection.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error. The iterator does where the server ends the export early, as a standby does on a conflict with recovery.
    pub fn load<U, H>(self, conn: &mut H) -> QueryResult<CopyRows<'_, U>>
    where
        U: FromSqlRow<<U::SelectExpression as Expression>::SqlType, Pg> + Selectable<Pg>,
        U::SelectExpression: AppearsOnTable<T::Table> + CopyTarget<Table = T::Table>,
        H: CopiesTo,
    {
        let (conn, guard) = conn.admit_copy(Key::new())?;
        CopyToReader::start(conn, guard, |conn| {
            let binary = diesel::copy_to(U::construct_selection()).with_format(CopyFormat::Binary);
            Ok(Box::new(binary.load_raw(conn)?))
        })
        .and_then(CopyRows::of)
    }
}

impl<T: CopyTarget, O: Into<CopyToOptions>> CopyToQuery<T, O> {
    /// Runs it, and returns what the server sends, to be read as from a file.
    ///
    /// Dropped before its end, the rest is not read: the handle runs nothing more, and the pool closes its connection.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error. The reader's has Diesel's inside, and comes also where the server ends the export early, as a standby does on a
    /// conflict with recovery: what was read then is not all there is.
    pub fn load_raw<H: CopiesTo>(self, conn: &mut H) -> QueryResult<CopyToReader<'_>> {
        let (conn, guard) = conn.admit_copy(Key::new())?;
        let Self { target, options } = self;
        let options = options.into();
        CopyToReader::start(conn, guard, move |conn| open(target, options, conn))
    }

    /// Sets the format. Defaults to PostgreSQL's text.
    pub fn with_format(self, format: CopyFormat) -> CopyToQuery<T, CopyToOptions> {
        self.with(|options| options.format = format)
    }

    /// Sets `FREEZE`, as Diesel does; servers take it for `COPY .. FROM` only.
    pub fn with_freeze(self, freeze: bool) -> CopyToQuery<T, CopyToOptions> {
        self.with(|options| options.freeze = Some(freeze))
    }

    /// Sets the character between columns, in text and CSV.
    pub fn with_delimiter(self, delimiter: char) -> CopyToQuery<T, CopyToOptions> {
        self.with(|options| options.delimiter = Some(delimiter))
    }

    /// Sets what stands for NULL, in text and CSV.
    pub fn with_null(self, null: impl Into<String>) -> CopyToQuery<T, CopyToOptions> {
        self.with(|options| options.null = Some(null.into()))
    }

    /// Sets the character around values, in CSV.
    pub fn with_quote(self, quote: char) -> CopyToQuery<T, CopyToOptions> {
        self.with(|options| options.quote = Some(quote))
    }

    /// Sets the character before a quote inside a value, in CSV.
    pub fn with_escape(self, escape: char) -> CopyToQuery<T, CopyToOptions> {
        self.with(|options| options.escape = Some(escape))
    }

    /// Sets whether the first line has the columns' names, in CSV, and from PostgreSQL 15 on in text.
    pub fn with_header(self, set: bool) -> CopyToQuery<T, CopyToOptions> {
        self.with(|options| options.header = Some(set))
    }

    fn with(self, set: impl FnOnce(&mut CopyToOptions)) -> CopyToQuery<T, CopyToOptions> {
        let mut options = self.options.into();
        set(&mut options);
        CopyToQuery {
            target: self.target,
            options,
        }
    }
}

/// Runs Diesel's query with these options.
fn open<T: CopyTarget>(
    target: T,
    options: CopyToOptions,
    conn: &mut PgConnection,
) -> QueryResult<Box<dyn BufRead + '_>> {
    let mut query = diesel::copy_to(target).with_format(options.format);
    if let Some(freeze) = options.freeze {
        query = query.with_freeze(freeze);
    }
    if let Some(delimiter) = options.delimiter {
        query = query.with_delimiter(delimiter);
    }
    if let Some(null) = options.null {
        query = query.with_null(null);
    }
    if let Some(quote) = options.quote {
        query = query.with_quote(quote);
    }
    if let Some(escape) = options.escape {
        query = query.with_escape(escape);
    }
    if let Some(set) = options.header {
        query = query.with_header(set);
    }
    Ok(Box::new(query.load_raw(conn)?))
}
