//! What does this SQL do? The statement inspector of `diesel-routing`.
//!
//! It answers one question: may this SQL run on a replica? Three doors, one set of rules:
//!
//! | function | input | used by |
//! |---|---|---|
//! | [`inspect`] | one statement; must also parse | the `read_sql!` macros, `ReadSql::check` |
//! | [`inspect_rendered`] | one statement as Diesel rendered it (`$1`, `?`) | the statement check at run time |
//! | [`inspect_fragment`] | part of a statement | literals given to `sql::<..>("..")` |
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
//! # What is found
//!
//! | rule | PostgreSQL | MySQL and MariaDB | SQLite |
//! |---|---|---|---|
//! | row lock, at any depth | `FOR UPDATE`, `FOR NO KEY UPDATE`, `FOR SHARE`, `FOR KEY SHARE`, with `OF`, `NOWAIT`, `SKIP LOCKED` | `FOR UPDATE`, `FOR SHARE`, `LOCK IN SHARE MODE` | the same words |
//! | table lock | `LOCK TABLE` | `LOCK TABLES` | |
//! | write | DML, DDL, `COPY`, data-modifying CTEs, `SELECT INTO` | DML, DDL, `INTO OUTFILE`, `INTO DUMPFILE`, `INTO @variable` | DML, DDL |
//! | not a read | `SET`, `BEGIN`, `NOTIFY`, `LISTEN`, .. | `SET`, `BEGIN`, `HANDLER`, .. | `ATTACH`, `PRAGMA` with an effect, .. |
//! | side effect | [the listed functions](Functions), `NEXT VALUE FOR` | the same | the same |
//! | `EXPLAIN` | of anything; with `ANALYZE` only of a read | of a read | of anything |
//! | conditional comment | | `/*! .. */`, `/*M! .. */` | |
//!
//! Words inside strings, comments and quoted names are not code and raise no alarm.
//!
//! # What is not found
//!
//! This is a net under mistakes, not a wall against an adversary. It does not see what a function or
//! a view does inside the server (add yours with [`Functions::with`]), SQL inside a string argument,
//! names written with Unicode escapes (`U&".."`), nor SQL whose meaning hangs on a server setting:
//! `sql_mode` `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES`, or `standard_conforming_strings = off`.
//! Assigning a MySQL user variable in a SELECT (`@row := @row + 1`) counts as a read.

mod calls;
mod dialect;
mod explain;
mod finding;
mod functions;
mod inspect;
mod kind;
mod lexer;
mod parse;
mod pragma;
mod quick;
mod scan;
mod side_effect;
mod statement;
mod token;
mod tokens;
mod with_list;
mod wrong;

pub use dialect::Dialect;
pub use finding::Finding;
pub use functions::Functions;
pub use inspect::{inspect, inspect_fragment, inspect_rendered};
pub use side_effect::SideEffect;
