use crate::kind::{Kind, Source};
use crate::lexer::has_other_reading;
use crate::quick::is_plain_select;
use crate::scan::{scan, scan_planned, unknown_call};
use crate::statement::classify;
use crate::token::Keyword;
use crate::tokens::Tokens;
use crate::unknown::calls_known_functions;
use crate::wrong::why_wrong;
use crate::{Dialect, Finding, Functions};

/// Checks that SQL written by a person is exactly one statement that only reads.
///
/// That is a SELECT, VALUES, TABLE or WITH .. SELECT without locks and without listed functions, an
/// EXPLAIN that runs no write, a SHOW, or a PRAGMA that only answers. One semicolon or more at the end
/// are fine. SQL that is wrong for every server is refused, as far as two or three tokens in a row show it.
///
/// With the feature `sqlparser`, what that parses must be a read to it as well; what it does not parse is refused, in its
/// words, if the tokens show that it is wrong. Else the parser does not know all of the server's grammar, and the tokens decide.
///
/// # Errors
///
/// Returns the first [`Finding`] that writes, or else the first finding.
///
/// # Example
///
/// ```
/// use diesel_routing_sql::{Dialect, Finding, Functions, inspect};
///
/// let functions = Functions::builtin(Dialect::Sqlite);
/// assert!(inspect("SELECT 'FOR UPDATE'", Dialect::Sqlite, &functions).is_ok());
/// assert_eq!(inspect("SELECT 1; SELECT 2", Dialect::Sqlite, &functions), Err(Finding::SeveralStatements));
/// ```
pub fn inspect(sql: &str, dialect: Dialect, functions: &Functions) -> Result<(), Finding> {
    let (kind, tokens) = check(sql, dialect, functions, Source::Written)?;
    match kind {
        // Their grammars are wide, and none of their forms writes.
        Kind::Show | Kind::Pragma => Ok(()),
        Kind::Query | Kind::Plan(_) | Kind::RunPlan(_) | Kind::CopyOut => {
            let why = why_wrong(&tokens, dialect);
            // There is nothing for a parser to find in a plain SELECT, without any word that a write or a lock needs.
            #[cfg(feature = "sqlparser")]
            if why.is_some() || !is_plain_select(sql, functions) {
                return crate::parse::confirm(sql, &tokens, dialect, kind, why);
            }
            match why {
                Some(why) => Err(Finding::Unparsable {
                    message: why.to_owned(),
                }),
                None => Ok(()),
            }
        }
    }
}

/// Checks that SQL rendered by Diesel, with binds as `$1` or `?`, only reads.
///
/// The rules are those of [`inspect`], except that `COPY .. TO STDOUT` is a read. The SQL need not parse: Diesel
/// knows syntax that sqlparser does not, so only its tokens are inspected, and for a plain SELECT only its
/// words, which makes this fast enough for statements that are checked each time they run. SQL that every
/// server rejects, such as an unterminated string, may pass.
///
/// # Errors
///
/// Returns the first [`Finding`] that writes, or else the first finding.
///
/// # Example
///
/// ```
/// use diesel_routing_sql::{Dialect, Finding, Functions, inspect_rendered};
///
/// let functions = Functions::builtin(Dialect::Postgres);
/// let nested = r#"SELECT "a"."id" FROM "a" WHERE "a"."id" = ANY (SELECT "b"."a_id" FROM "b" FOR UPDATE)"#;
/// let finding = inspect_rendered(nested, Dialect::Postgres, &functions);
/// assert_eq!(finding, Err(Finding::RowLock { clause: "FOR UPDATE".into() }));
/// ```
pub fn inspect_rendered(sql: &str, dialect: Dialect, functions: &Functions) -> Result<(), Finding> {
    if is_plain_select(sql, functions) {
        return Ok(());
    }
    check(sql, dialect, functions, Source::Rendered).map(|_| ())
}

/// Checks that each function that a rendered statement calls is known to change nothing.
///
/// A function that is not [listed](Functions) counts as a read elsewhere: where the server refuses writes, that does no
/// harm. Where it does not, a function of the application's own may have written. Known are the server's own functions that are not
/// listed, those that are, whose effect [`inspect_rendered`] judges, and those of [`Functions::with_pure`].
///
/// What looks like a call and is none causes no finding: keywords, types with their size, columns of aliases. What is
/// not seen: calls without parentheses (PostgreSQL's `t.f` for `f(t)`), operators, casts and views, and functions of the
/// application's own with the name of one of the server's.
///
/// # Errors
///
/// Returns [`Finding::UnknownCall`], with the first such function; or the finding for a text that is not understood.
///
/// # Example
///
/// ```
/// use diesel_routing_sql::{Dialect, Finding, Functions, inspect_calls};
///
/// let functions = Functions::builtin(Dialect::Postgres);
/// let own = r#"SELECT lower("name"), touch("id") FROM "users""#;
/// let finding = inspect_calls(own, Dialect::Postgres, &functions);
/// assert_eq!(finding, Err(Finding::UnknownCall { function: "touch".into() }));
/// assert_eq!(inspect_calls(own, Dialect::Postgres, &functions.with_pure("touch")), Ok(()));
/// ```
pub fn inspect_calls(sql: &str, dialect: Dialect, functions: &Functions) -> Result<(), Finding> {
    if calls_known_functions(sql, functions) {
        return Ok(());
    }
    for other_reading in readings(sql, dialect) {
        match Tokens::read_as(sql, dialect, other_reading) {
            // The words of a PRAGMA are its own.
            Ok(tokens) if dialect == Dialect::Sqlite && tokens.keyword(0) == Keyword::Pragma => {}
            Ok(tokens) => unknown_call(&tokens, dialect, functions).map_or(Ok(()), Err)?,
            // A server that cannot read it runs none of it.
            Err(refusal) if other_reading && refusal.is_certain => {}
            Err(refusal) => return Err(refusal.finding),
        }
    }
    Ok(())
}

/// Checks that part of a statement, such as an expression, only reads.
///
/// The part may have unbalanced parentheses or be empty; a semicolon followed by anything else is
/// refused.
///
/// # Errors
///
/// Returns the first [`Finding`] that writes, or else the first finding.
///
/// # Example
///
/// ```
/// use diesel_routing_sql::{Dialect, Functions, inspect_fragment};
///
/// let functions = Functions::builtin(Dialect::Postgres);
/// assert!(inspect_fragment("lower(name)", Dialect::Postgres, &functions).is_ok());
/// assert!(inspect_fragment("nextval('s')", Dialect::Postgres, &functions).is_err());
/// ```
pub fn inspect_fragment(sql: &str, dialect: Dialect, functions: &Functions) -> Result<(), Finding> {
    for other_reading in readings(sql, dialect) {
        match Tokens::read_as(sql, dialect, other_reading) {
            Ok(tokens) => scan(&tokens.one_statement()?, 0, dialect, functions)?,
            // A server that cannot read it runs none of it.
            Err(refusal) if other_reading && refusal.is_certain => {}
            Err(refusal) => return Err(refusal.finding),
        }
    }
    Ok(())
}

fn check<'a>(
    sql: &'a str,
    dialect: Dialect,
    functions: &Functions,
    source: Source,
) -> Result<(Kind, Tokens<'a>), Finding> {
    for other_reading in readings(sql, dialect).filter(|&other| other) {
        match Tokens::read_as(sql, dialect, other_reading) {
            Ok(tokens) => {
                check_tokens(tokens, dialect, functions, source)?;
            }
            // A server that cannot read it runs none of it.
            Err(refusal) if refusal.is_certain => {}
            Err(refusal) => return Err(refusal.finding),
        }
    }
    check_tokens(Tokens::read(sql, dialect)?, dialect, functions, source)
}

/// Returns how servers may read a text: as they do by default, and, where a setting can turn that round, with
/// backslashes in strings meaning the opposite.
pub(crate) fn readings(sql: &str, dialect: Dialect) -> impl Iterator<Item = bool> {
    let both = has_other_reading(sql, dialect);
    [false, true]
        .into_iter()
        .filter(move |other| both || !other)
}

fn check_tokens<'a>(
    tokens: Tokens<'a>,
    dialect: Dialect,
    functions: &Functions,
    source: Source,
) -> Result<(Kind, Tokens<'a>), Finding> {
    let tokens = tokens.one_statement()?;
    let kind = classify(&tokens, dialect, source)?;
    match kind {
        Kind::Plan(explained) => scan_planned(&tokens, explained, dialect, functions)?,
        Kind::RunPlan(query) => scan(&tokens, query, dialect, functions)?,
        Kind::Query | Kind::Show | Kind::Pragma | Kind::CopyOut => {
            scan(&tokens, 0, dialect, functions)?;
        }
    }
    Ok((kind, tokens))
}
