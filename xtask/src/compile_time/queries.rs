//! The sample's query functions, of the kinds that a service's repositories are made of.

use super::crates::Flavour;
use super::table;

/// A function's text; `{t}` is the table, `{p}` its parent, `{n}` the function's number in its module.
/// `{ok}` and `{end}` stand around its result.
type Template = &'static str;

/// Seven reads and four writes: about the mix of a service.
const KINDS: [Template; 11] = [
    "pub fn find_{n}(conn: &mut Reads, id: i32) -> QueryResult<Option<Row>> {
    {ok}{t}::table.find(id).select(Row::as_select()).first(conn).optional(){end}
}
",
    "pub fn page_{n}(conn: &mut Reads, limit: i64, offset: i64) -> QueryResult<Vec<Row>> {
    {ok}{t}::table
        .filter({t}::active.eq(true))
        .order(({t}::created_at.desc(), {t}::id))
        .limit(limit)
        .offset(offset)
        .select(Row::as_select())
        .load(conn){end}
}
",
    "pub fn add_{n}(conn: &mut Writes, row: &NewRow<'_>) -> QueryResult<Row> {
    {ok}diesel::insert_into({t}::table).values(row).returning(Row::as_returning()).get_result(conn){end}
}
",
    "pub fn with_parent_{n}(conn: &mut Reads, name: &str) -> QueryResult<Vec<(Row, String)>> {
    {ok}{t}::table
        .inner_join({p}::table)
        .filter({p}::name.eq(name).and({t}::score.gt(0.5)))
        .select((Row::as_select(), {p}::name))
        .load(conn){end}
}
",
    "pub fn change_{n}(conn: &mut Writes, id: i32, change: &Change<'_>) -> QueryResult<usize> {
    {ok}diesel::update({t}::table.find(id)).set(change).execute(conn){end}
}
",
    "pub fn search_{n}(conn: &mut Reads, name: Option<&str>, active: Option<bool>) -> QueryResult<Vec<Row>> {
    let mut query = {t}::table.select(Row::as_select()).into_boxed();
    if let Some(name) = name {
        query = query.filter({t}::name.like(format!(\"%{name}%\")));
    }
    if let Some(active) = active {
        query = query.filter({t}::active.eq(active));
    }
    {ok}query.order({t}::name).limit(50).load(conn){end}
}
",
    "pub fn count_{n}(conn: &mut Reads, score: f64) -> QueryResult<i64> {
    {ok}{t}::table.filter({t}::score.ge(score)).count().get_result(conn){end}
}
",
    "pub fn upsert_{n}(conn: &mut Writes, row: &NewRow<'_>) -> QueryResult<usize> {
    {ok}diesel::insert_into({t}::table)
        .values(row)
        .on_conflict({t}::id)
        .do_update()
        .set({t}::visits.eq({t}::visits + 1))
        .execute(conn){end}
}
",
    "pub fn by_state_{n}(conn: &mut Reads) -> QueryResult<Vec<(bool, i64)>> {
    {ok}{t}::table.group_by({t}::active).select(({t}::active, diesel::dsl::count_star())).load(conn){end}
}
",
    "pub fn is_known_{n}(conn: &mut Reads, email: &str) -> QueryResult<bool> {
    {ok}diesel::select(diesel::dsl::exists({t}::table.filter({t}::email.eq(email)))).get_result(conn){end}
}
",
    "pub fn forget_{n}(conn: &mut Writes, before: &str) -> QueryResult<usize> {
    {ok}diesel::delete({t}::table.filter({t}::created_at.lt(before))).execute(conn){end}
}
",
];

/// The functions of one table's module, when `queries` are spread evenly over all tables.
pub(super) fn module(flavour: Flavour, number: u16, tables: u16, queries: u16) -> String {
    let (table, parent) = (
        table::name(number),
        table::name(table::parent(number, tables)),
    );
    let upto = |number: usize| usize::from(queries) * number / usize::from(tables);
    let numbers = upto(usize::from(number))..upto(usize::from(number) + 1);
    let functions: String = KINDS
        .iter()
        .cycle()
        .skip(numbers.start % KINDS.len())
        .take(numbers.len())
        .enumerate()
        .map(|(n, kind)| {
            flavour
                .function(kind)
                .replace("{t}", &table)
                .replace("{p}", &parent)
                .replace("{n}", &n.to_string())
        })
        .collect();
    let import = if functions.contains(&format!("{parent}::")) {
        format!("use crate::schema::{parent};\n")
    } else {
        String::new()
    };
    format!("{import}\n{functions}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queries_add_up_over_all_tables() {
        for (tables, queries) in [(60, 300), (3, 1), (7, 100)] {
            let all: String = (0..tables)
                .map(|number| module(Flavour::Plain, number, tables, queries))
                .collect();
            assert_eq!(all.matches("pub fn ").count(), usize::from(queries));
        }
    }

    #[test]
    fn no_placeholder_is_left() {
        let all: String = (0..60)
            .map(|number| module(Flavour::Annotated, number, 60, 300))
            .collect();
        assert!(
            ["{t}", "{p}", "{n}", "{ok}", "{end}"]
                .iter()
                .all(|placeholder| !all.contains(placeholder))
        );
        assert!(
            all.contains("use crate::schema::t059;")
                && all.contains("&mut Reads")
                && all.contains("&mut Writes")
        );
    }
}
