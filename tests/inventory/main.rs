//! The inventory: all functions with an attribute, whatever their shape, whether or not they are called.
#![forbid(unsafe_code)]
#![expect(dead_code, reason = "functions need not be called to be listed")]

use std::time::Duration;

use diesel_routing::config::RoutingConfig;
use diesel_routing::edge::Rule;
use diesel_routing::inventory::{Function, Inventory, Otherwise, functions};
use diesel_routing::{CaughtUp, Class, Error, Level, Primary, Replica, consistency};

mod asynchronous {
    use super::*;
    use diesel_routing::Session;
    use diesel_routing::sqlite::{Connection, ReadConn, WriteConn};

    /// Finds what is due,
    /// of all users.
    ///
    /// # Errors
    #[consistency(session, class = "payments", wait = "50ms")]
    pub(crate) async fn due(conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
        let _ = conn;
        Ok(())
    }

    #[consistency(bounded = "250ms")]
    async fn generic<T: Default + Send>(conn: &mut ReadConn<Replica>) -> Result<T, Error> {
        let _ = conn;
        Ok(T::default())
    }

    trait Repository {
        async fn lock(&self, session: &Session<Connection>) -> Result<(), Error>;
    }

    struct Stock<T>(T);

    impl<T: Sync> Repository for Stock<T> {
        #[consistency(strong)]
        async fn lock(&self, session: &Session<Connection>) -> Result<(), Error> {
            let _ = session;
            Ok(())
        }
    }

    #[consistency(write)]
    impl<T: Sync> Stock<T> {
        async fn reserve(&self, conn: &mut WriteConn) -> Result<(), Error> {
            let _ = conn;
            Ok(())
        }

        #[consistency(write, untracked, name = "stock: log")]
        async fn log(&self, conn: &mut WriteConn) -> Result<(), Error> {
            let _ = conn;
            Ok(())
        }
    }
}

mod blocking {
    use super::*;
    use diesel_routing::sync::sqlite::ReadConn;

    type Strong = ReadConn<Primary>;

    #[consistency(eventual, on = "reporting", or_fail)]
    fn report(conn: &mut ReadConn<Replica>) -> Result<(), Error> {
        let _ = conn;
        Ok(())
    }

    #[consistency(class = "payments")]
    fn of_its_handle(conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
        let _ = conn;
        Ok(())
    }

    #[consistency(class = "payments")]
    fn of_an_alias(conn: &mut Strong) -> Result<(), Error> {
        let _ = conn;
        Ok(())
    }

    #[expect(
        clippy::extra_unused_type_parameters,
        reason = "what is inside must not need it"
    )]
    fn outer<T>() {
        #[consistency(strong)]
        fn inner<U>(conn: &mut ReadConn<Primary>) -> Result<Option<U>, Error> {
            let _ = conn;
            Ok(None)
        }
    }
}

fn function(name: &str) -> Function {
    let mut found = functions()
        .into_iter()
        .filter(|function| function.path == name || function.path.ends_with(&format!("::{name}")));
    match (found.next(), found.next()) {
        (Some(function), None) => function,
        found => panic!("{name}: {found:?}"),
    }
}

#[test]
fn functions_of_every_shape_are_listed_with_what_they_ask_for() {
    let level = |name| function(name).level;
    assert_eq!(level("due"), Some(Level::Session));
    assert_eq!(
        level("generic"),
        Some(Level::Bounded(Duration::from_millis(250)))
    );
    assert_eq!(level("lock"), Some(Level::Strong));
    assert_eq!(level("reserve"), Some(Level::Write));
    assert_eq!(level("report"), Some(Level::Eventual));
    assert_eq!(level("of_its_handle"), Some(Level::Session));
    assert_eq!(level("of_an_alias"), None);
    assert_eq!(level("inner"), Some(Level::Strong));
    assert!(function("stock: log").untracked && !function("reserve").untracked);
    assert_eq!(functions().len(), 9);
}

#[test]
fn a_function_says_where_it_is_and_what_it_is_for() {
    let due = function("due");
    assert_eq!(due.doc, "Finds what is due, of all users.");
    assert!(
        due.file.ends_with("tests/inventory/main.rs"),
        "{}",
        due.file
    );
    let text = include_str!("main.rs");
    for name in ["due", "reserve", "inner"] {
        let line = text.lines().nth(function(name).line as usize - 1);
        assert!(
            line.is_some_and(|line| line.contains(&format!("fn {name}"))),
            "{line:?}"
        );
    }
    assert_eq!(due.class.as_deref(), Some("payments"));
    assert_eq!(
        due.wait.map(Duration::from),
        Some(Duration::from_millis(50))
    );
    assert!(due.is_async && !function("inner").is_async);
    let on = function("report").on;
    assert!(on.is_some_and(|on| on.tag == "reporting" && on.otherwise == Otherwise::Fail));
}

#[test]
fn an_inventory_has_the_classes_and_rules_of_configuration_and_code() {
    let config = RoutingConfig::from_json(
        r#"{ "classes": { "payments": { "level": "strong" } },
             "edge": { "rules": [ { "path": "/admin", "level": "strong" } ] } }"#,
    );
    let inventory = Inventory::collect(&config.unwrap());
    assert!(inventory.is_strong(&function("due")));
    assert_eq!(inventory.rules[0].path, "/admin");
    assert!(inventory.unknown_classes().is_empty());

    let inventory = Inventory::collect(&RoutingConfig::default());
    assert_eq!(
        inventory.unknown_classes().into_iter().collect::<Vec<_>>(),
        ["payments"]
    );
    let inventory = inventory
        .class("payments", Class::new().level(Level::Session))
        .rules([Rule::class("/checkout", "payments").on(http::Method::POST)]);
    assert!(!inventory.is_strong(&function("due")));
    assert_eq!(inventory.rules[0].method.as_deref(), Some("POST"));
    assert_eq!(Inventory::from_json(&inventory.to_json()), Ok(inventory));
}
