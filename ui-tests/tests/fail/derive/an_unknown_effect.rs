//! There are three effects to say, and `effect` for a field.

use diesel_routing::Statement;

#[derive(Statement)]
#[statement(read)]
struct Count;

#[derive(Statement)]
#[statement(reads)]
struct Reads;

#[derive(Statement)]
struct Wrapper<T>(#[statement(read)] T);

fn main() {}
