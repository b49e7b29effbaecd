//! The query log of the enum: the text as its database gets it, and the values.

use diesel_routing::QueryLog;
use diesel_routing::sync::prelude::*;
use tracing::Level;

use super::PLACEHOLDER;
use super::world::World;
use crate::flavour::{User, users};
use crate::query_heard::Heard;

#[test]
fn a_line_has_the_text_as_its_database_gets_it_and_the_values() {
    let world = World::with(|builder| builder.query_log(QueryLog::new().with_values()));
    let mut conn = world.router.read_eventual().unwrap();
    let (heard, _guard) = Heard::listen(Level::DEBUG);
    let query = users::table.filter(users::name.eq("ann").and(users::id.gt(0)));
    assert_eq!(query.load::<User>(&mut conn).unwrap().len(), 1);
    let line = heard.line();
    let text = line.fields.get("db.query.text");
    assert!(text.contains(PLACEHOLDER), "{text}");
    assert_eq!(line.fields.get("db.routing.values"), r#"["ann", 0]"#);
}
