//! `effect` belongs on a field of a struct.

use diesel_routing::Statement;

#[derive(Statement)]
struct Wrapper<T>(#[statement(effect)] T);

#[derive(Statement)]
#[statement(effect)]
struct Outside<T>(T);

#[derive(Statement)]
enum Either<A, B> {
    Left(#[statement(effect)] A),
    Right(B),
}

#[derive(Statement)]
enum Step {
    #[statement(read)]
    Look,
}

fn main() {}
