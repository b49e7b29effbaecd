//! What must compile. These are modules of the test, not trybuild cases: they are built once, with
//! everything else, and the compiler's own errors say what broke.

mod consistency;
mod diesel_glob;
mod fragments;
mod futures;
mod generic_code;
mod laziness;
mod migrations;
mod multi_connections;
mod other_types;
mod postgres_extras;
mod raw_connections;
mod read_sql_files;
mod selects;
mod shared_handles;
mod spawned_tasks;
mod transactions;
mod upgrades;
mod writes;
