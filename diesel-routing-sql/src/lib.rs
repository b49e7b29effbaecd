//! The statement inspector of `diesel-routing`: finds out what a piece of SQL does.
//!
//! It decides whether SQL may run on a replica. Three functions apply the same rules, and a fourth one asks for more:
//!
//! | function | input | used by |
//! |---|---|---|
//! | [`inspect`] | one statement; with the feature `sqlparser` also parsed, as far as that knows its grammar | the `read_sql!` macros, `ReadSql::check` |
//! | [`inspect_rendered`] | one statement as Diesel rendered it (`$1`, `?`) | the statement check at run time |
//! | [`inspect_fragment`] | part of a statement | literals given to `sql::<..>("..")` |
//! | [`inspect_calls`] | one statement as Diesel rendered it: does it call what may write? | the statement check, where the server takes writes |
//!
//! Another one, [`session_effect`], finds out what SQL leaves behind for whoever uses the connection next. And an [`Outline`] is what logs and
//! traces may have of SQL: its text without values, its verb, the tables that it names.
//!
//! ```
//! use diesel_routing_sql::{Dialect, Finding, Functions, inspect};
//!
//! let functions = Functions::builtin(Dialect::Postgres);
//! assert_eq!(inspect("SELECT id FROM users", Dialect::Postgres, &functions), Ok(()));
//!
//! let locked = inspect("SELECT id FROM users FOR NO KEY UPDATE", Dialect::Postgres, &functions);
//! assert_eq!(locked, Err(Finding::RowLock { clause: "FOR NO KEY UPDATE".into() }));
//! ```
//!
//! # Findings
//!
//! | rule | PostgreSQL | MySQL and MariaDB | SQLite |
//! |---|---|---|---|
//! | row lock, at any depth | `FOR UPDATE`, `FOR NO KEY UPDATE`, `FOR SHARE`, `FOR KEY SHARE`, with `OF`, `NOWAIT`, `SKIP LOCKED` | `FOR UPDATE`, `FOR SHARE`, `LOCK IN SHARE MODE` | the same words |
//! | table lock | `LOCK TABLE` | `LOCK TABLES` | |
//! | write | DML, DDL, `COPY`, data-modifying CTEs, `SELECT INTO` | DML, DDL, `INTO OUTFILE`, `INTO DUMPFILE`, `INTO @variable` | DML, DDL |
//! | not a read | `SET`, `BEGIN`, `NOTIFY`, `LISTEN`, .. | `SET`, `BEGIN`, `HANDLER`, .. | `ATTACH`, `PRAGMA` with an effect, .. |
//! | side effect | [the listed functions](Functions), `NEXT VALUE FOR` | the same | the same |
//! | `EXPLAIN` | of a query or a write; with `ANALYZE` only of a read | of a read | of a query, a write, or a PRAGMA that only answers |
//! | conditional comment | | `/*! .. */`, `/*M! .. */` | |
//!
//! Words inside strings, comments and quoted names are not code and cause no finding.
//!
//! A text that a server, one of its versions or one of its settings may cut into tokens in another way is
//! refused: a number with a letter right behind it, an escape string that goes on behind a newline, a
//! `U&".."` that may name a function, odd blanks, .. The rules of each server stand in
//! `docs/lexical-rules.md`.
//!
//! # What is not found
//!
//! The effects of functions, views, operators and casts inside the server (add your functions with
//! [`Functions::with`]), SQL inside a string argument of a function that is not listed, and what a
//! multi-byte encoding other than UTF-8 does to quotes. Assigning a MySQL user variable in a SELECT
//! (`@row := @row + 1`) counts as a read.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod calls;
mod dialect;
mod explain;
mod finding;
mod functions;
mod inspect;
mod keywords;
mod kind;
mod lexer;
mod locate;
mod outline;
#[cfg(feature = "sqlparser")]
mod parse;
mod pragma;
mod quick;
mod scan;
mod session_effect;
mod side_effect;
mod statement;
mod summary;
mod token;
mod tokens;
mod unknown;
mod with_list;
mod wrong;

pub use dialect::Dialect;
pub use finding::Finding;
pub use functions::Functions;
pub use inspect::{inspect, inspect_calls, inspect_fragment, inspect_rendered};
pub use outline::Outline;
pub use session_effect::{SessionEffect, session_effect};
pub use side_effect::SideEffect;
