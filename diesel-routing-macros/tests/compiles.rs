//! The expansions compile, against a stand-in that has the shape of `diesel-routing`.

extern crate self as diesel_routing;

use std::any::type_name;
use std::marker::PhantomData;

use diesel_routing_macros::{Statement, read_sql_mysql, read_sql_pg, read_sql_sqlite};

pub(crate) trait Statement<M> {
    type Effect;
}

pub(crate) mod effect {
    pub(crate) struct Read;
    pub(crate) struct RowLock;
    pub(crate) struct Write;
}

pub(crate) mod __private {
    use std::marker::PhantomData;

    pub(crate) struct Pg;
    pub(crate) struct Mysql;
    pub(crate) struct Sqlite;
    pub(crate) struct Derived;
    pub(crate) struct AsField<M>(PhantomData<M>);

    pub(crate) struct ReadSql<D>(pub(crate) &'static str, PhantomData<D>);

    pub(crate) const fn read_sql_checked<D>(sql: &'static str) -> ReadSql<D> {
        ReadSql(sql, PhantomData)
    }
}

mod elsewhere {
    pub(crate) mod routing {
        pub(crate) use crate::{__private, Statement, effect};
    }
}

/// Names the effect that inference finds.
fn effect_of<M, S: Statement<M>>(_: &S) -> &'static str {
    type_name::<S::Effect>()
        .rsplit("::")
        .next()
        .unwrap_or_default()
}

#[derive(Statement)]
#[statement(read)]
struct Now;

#[derive(Statement)]
#[statement(row_lock)]
enum Locked {
    One,
}

#[derive(Statement)]
#[statement(write, crate = "elsewhere::routing")]
struct Bump<'a, T: ?Sized, const N: usize>(&'a [u8; N], PhantomData<T>)
where
    T: Send;

#[derive(Statement)]
struct Paginated<T> {
    #[statement(effect)]
    query: T,
    page: i64,
}

#[derive(Statement)]
#[statement(crate = "crate::elsewhere::routing")]
struct Counted<'a, __M: 'a, const N: usize = 1>(#[statement(effect)] Paginated<__M>, &'a [u8; N])
where
    __M: Send;

#[test]
fn a_word_gives_its_effect() {
    assert_eq!(effect_of(&Now), "Read");
    assert_eq!(effect_of(&Locked::One), "RowLock");
    let bump = Bump::<str, 2>(&[1, 2], PhantomData);
    assert_eq!((effect_of(&bump), bump.0), ("Write", &[1, 2]));
}

#[test]
fn a_field_gives_its_effect_through_every_layer() {
    let paginated = Paginated {
        query: Now,
        page: 1,
    };
    assert_eq!((effect_of(&paginated), paginated.page), ("Read", 1));
    assert_eq!(effect_of(&paginated.query), "Read");

    let counted = Counted(
        Paginated {
            query: Locked::One,
            page: 1,
        },
        &[0],
    );
    assert_eq!((effect_of(&counted), counted.1), ("RowLock", &[0]));
}

#[test]
fn checked_sql_keeps_its_text_and_its_dialect() {
    let sql: __private::ReadSql<__private::Pg> = read_sql_pg!("SELECT 1");
    assert_eq!(sql.0, "SELECT 1");
    let sql: __private::ReadSql<__private::Mysql> = read_sql_mysql!(r"SELECT `a` FROM t");
    assert_eq!(sql.0, "SELECT `a` FROM t");
    let sql: __private::ReadSql<__private::Sqlite> = read_sql_sqlite!("PRAGMA user_version",);
    assert_eq!(sql.0, "PRAGMA user_version");
}

#[test]
fn checked_sql_can_be_a_constant() {
    const SQL: __private::ReadSql<__private::Pg> = read_sql_pg!("SELECT 1");
    assert_eq!(SQL.0, "SELECT 1");
}

#[test]
fn a_literal_may_come_through_another_macro() {
    macro_rules! wrap {
        ($sql:literal) => {
            read_sql_pg!($sql)
        };
    }
    assert_eq!(wrap!("SELECT 2").0, "SELECT 2");
}
