//! `crate` takes the path of this crate, in a string, once.

use diesel_routing::Statement;

#[derive(Statement)]
#[statement(read, crate = "diesel_routing")]
struct Count;

#[derive(Statement)]
#[statement(read, crate = diesel_routing)]
struct Bare;

#[derive(Statement)]
#[statement(read, crate = "diesel_routing", crate = "diesel_routing")]
struct Twice;

fn main() {}
