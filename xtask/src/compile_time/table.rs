//! One table of the sample: its schema and its structs.

/// The table's name; it is its module's name as well.
pub(super) fn name(number: u16) -> String {
    format!("t{number:03}")
}

/// The table that this one's `parent_id` points at: the one before, so that every table has a join.
pub(super) fn parent(number: u16, tables: u16) -> u16 {
    number.checked_sub(1).unwrap_or(tables - 1)
}

/// All tables, as `diesel print-schema` would write them.
pub(super) fn schema(tables: u16) -> String {
    let definitions = (0..tables).map(definition);
    let joins = (0..tables).map(|number| {
        format!(
            "diesel::joinable!({} -> {} (parent_id));\n",
            name(number),
            name(parent(number, tables))
        )
    });
    let names: Vec<_> = (0..tables).map(name).collect();
    let together = format!(
        "diesel::allow_tables_to_appear_in_same_query!({});\n",
        names.join(", ")
    );
    definitions.chain(joins).chain([together]).collect()
}

fn definition(number: u16) -> String {
    let table = name(number);
    format!(
        "diesel::table! {{
    {table} (id) {{
        id -> Integer,
        parent_id -> Integer,
        name -> Text,
        email -> Nullable<Text>,
        score -> Double,
        visits -> BigInt,
        active -> Bool,
        created_at -> Text,
    }}
}}
"
    )
}

/// What its rows are read into and written from.
pub(super) fn models(number: u16) -> String {
    let table = name(number);
    format!(
        "use crate::schema::{table};

#[derive(Debug, Clone, Queryable, Selectable, Identifiable)]
#[diesel(table_name = {table})]
pub struct Row {{
    pub id: i32,
    pub parent_id: i32,
    pub name: String,
    pub email: Option<String>,
    pub score: f64,
    pub visits: i64,
    pub active: bool,
    pub created_at: String,
}}

#[derive(Debug, Insertable)]
#[diesel(table_name = {table})]
pub struct NewRow<'a> {{
    pub parent_id: i32,
    pub name: &'a str,
    pub email: Option<&'a str>,
    pub active: bool,
    pub created_at: &'a str,
}}

#[derive(Debug, AsChangeset)]
#[diesel(table_name = {table})]
pub struct Change<'a> {{
    pub name: Option<&'a str>,
    pub email: Option<Option<&'a str>>,
    pub score: Option<f64>,
}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_defined_and_joined_to_another() {
        let schema = schema(3);
        assert_eq!(schema.matches("diesel::table!").count(), 3);
        for join in ["t000 -> t002", "t001 -> t000", "t002 -> t001"] {
            assert!(schema.contains(join), "{schema}");
        }
        assert!(schema.ends_with("allow_tables_to_appear_in_same_query!(t000, t001, t002);\n"));
    }
}
