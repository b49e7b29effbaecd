//! Diesel's writes, told by the names of their types.

/// Returns whether `Q` is Diesel's INSERT, UPDATE or DELETE, judging by its name.
///
/// Most of them have no static query id, and would be rendered and inspected on every run. The compiler does
/// not guarantee a type's name, and nothing depends on it: a statement whose name is not recognised is
/// inspected.
pub(crate) fn names_a_write<Q>() -> bool {
    const WRITES: [&str; 3] = [
        "insert_statement::InsertStatement<",
        "update_statement::UpdateStatement<",
        "delete_statement::DeleteStatement<",
    ];
    std::any::type_name::<Q>()
        .trim_start_matches('&')
        .strip_prefix("diesel::query_builder::")
        .is_some_and(|name| WRITES.iter().any(|write| name.starts_with(write)))
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::query_builder::AsQuery;

    use super::*;

    diesel::table! {
        users (id) {
            id -> Integer,
            name -> Text,
        }
    }

    fn is_known<Q>(_: &Q) -> bool {
        names_a_write::<Q>()
    }

    #[test]
    fn diesels_writes_are_told_by_their_names() {
        let name = users::name.eq("a");
        assert!(is_known(&diesel::insert_into(users::table).values(name)));
        assert!(is_known(&diesel::update(users::table).set(name)));
        assert!(is_known(&diesel::delete(users::table)));
        assert!(is_known(&&diesel::delete(users::table.find(1))));
    }

    #[test]
    fn reads_and_raw_sql_are_not_taken_for_writes() {
        assert!(!is_known(&users::table.as_query()));
        assert!(!is_known(&users::table.find(1).for_update()));
        assert!(!is_known(&diesel::sql_query("DELETE FROM users")));
    }
}
