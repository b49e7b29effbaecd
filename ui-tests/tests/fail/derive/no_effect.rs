//! A derived statement says what it does.

use diesel_routing::Statement;

#[derive(Statement)]
#[statement(read)]
struct Count;

#[derive(Statement)]
struct Truncate;

fn main() {}
