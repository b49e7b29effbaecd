//! A statement has one effect.

use diesel_routing::Statement;

#[derive(Statement)]
#[statement(write)]
struct Truncate;

#[derive(Statement)]
#[statement(read, write)]
struct Both;

#[derive(Statement)]
#[statement(read)]
struct Named<T>(#[statement(effect)] T);

#[derive(Statement)]
struct Pair<A, B>(#[statement(effect)] A, #[statement(effect)] B);

fn main() {}
