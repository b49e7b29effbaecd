//! On which server the calls of `#[consistency]` functions run, asked of the server itself.

mod asynchronous;
mod blocking;

diesel::define_sql_function! { fn pg_is_in_recovery() -> diesel::sql_types::Bool; }
