//! A wrapper has the effect of its field only if that field has one.

use diesel_routing::Statement;

#[derive(Statement)]
struct Wrapper<T>(#[statement(effect)] T);

fn read<M, Q: Statement<M>>(_: Q) {}

fn run() {
    read(Wrapper(diesel::sql_query("SELECT 1")));
    read(Wrapper("SELECT 1"));
}

fn main() {}
