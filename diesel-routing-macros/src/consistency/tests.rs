use std::str::FromStr;

use proc_macro2::TokenStream;

use crate::snapshot::assert_expansion;

/// Compares the expansion of an attribute and an item, as a user writes them.
fn snapshot(name: &str, attribute: &str, item: &str) {
    let tokens = |text| TokenStream::from_str(text).expect("Rust");
    let expansion = super::expand(tokens(attribute), tokens(item), false);
    let input = format!("#[consistency({attribute})]\n{item}");
    assert_expansion!(name, &input, expansion);
}

#[test]
fn every_level_has_its_handle() {
    for (level, attribute, handle) in [
        ("eventual", "eventual", "ReadConn<Replica>"),
        ("bounded", "bounded = \"250ms\"", "ReadConn<Replica>"),
        ("session", "session", "ReadConn<CaughtUp>"),
        ("strong", "strong", "ReadConn<Primary>"),
        ("write", "write", "WriteConn"),
    ] {
        let item = format!(
            "async fn find(conn: &mut {handle}, id: i32) -> Result<User, Error> {{ users::table.find(id).first(conn).await }}"
        );
        snapshot(&format!("level_{level}"), attribute, &item);
    }
}

#[test]
fn options_are_a_constant() {
    snapshot(
        "options_of_a_read",
        "session, wait = \"50ms\", class = \"payments\", name = \"find a user\"",
        "fn find(conn: &mut ReadConn<CaughtUp>) -> Result<User, Error> { go(conn) }",
    );
    snapshot(
        "options_on",
        "eventual, on = \"reporting\", or_fail",
        "fn find(conn: &mut ReadConn<Replica>) -> Result<User, Error> { go(conn) }",
    );
    snapshot(
        "options_of_a_write",
        "write, untracked, crate = \"my::routing\"",
        "fn log(conn: &mut WriteConn) -> Result<(), Error> { go(conn) }",
    );
}

#[test]
fn a_read_that_retries_has_its_body_in_a_loop() {
    snapshot(
        "retry_async",
        "session, retry",
        "async fn find(conn: &mut ReadConn<CaughtUp>, id: i32) -> Result<User, Error> { go(conn, id).await }",
    );
    snapshot(
        "retry_sync",
        "eventual, retry",
        "fn find(conn: &mut ReadConn<Replica>) -> Result<User, Error> { go(conn) }",
    );
    snapshot(
        "retry_of_a_session",
        "session, retry",
        "async fn find(&self, session: &Session) -> Result<User, Error> { go(session).await }",
    );
    snapshot(
        "retry_boxed_by_async_trait",
        "session, retry",
        "fn find<'life0, 'async_trait>(session: &'life0 Session) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'async_trait>> \
         { Box::pin(async move { if let Some(ret) = None::<Result<(), Error>> { return ret; } let session = session; go(session).await }) }",
    );
}

#[test]
fn a_shared_handle_is_shared_in_the_body() {
    snapshot(
        "shared",
        "session",
        "async fn find(mut conn: &ReadConn<CaughtUp>, id: i32) -> Result<User, Error> { go(&mut conn, id).await }",
    );
    snapshot(
        "shared_retry",
        "session, retry",
        "async fn find(conn: &ReadConn<CaughtUp>, id: i32) -> Result<User, Error> { go(conn, id).await }",
    );
    snapshot(
        "error_shared_blocking",
        "session",
        "fn find(conn: &ReadConn<CaughtUp>) -> Result<User, Error> { go(conn) }",
    );
}

#[test]
fn functions_keep_their_shape() {
    snapshot(
        "shape_generic",
        "session",
        "/// Documented.\n#[inline]\npub(crate) async fn find<'a, T>(id: T, conn: &mut pg::ReadConn<CaughtUp>, name: &'a str) \
         -> Result<impl Send, Error> where T: Into<i32> { Ok(()) }",
    );
    snapshot(
        "shape_method",
        "strong",
        "async fn find(self: Arc<Self>, conn: &mut ReadConn<Primary>) -> Result<(), Error> { self.go(conn).await }",
    );
    snapshot(
        "shape_another_name",
        "session",
        "fn find(db: &mut Db) -> Result<(), Error> { go(db) }",
    );
    snapshot(
        "shape_unused",
        "session",
        "fn find(_: &mut ReadConn<CaughtUp>) -> Result<(), Error> { Ok(()) }",
    );
}

#[test]
fn a_trait_s_method_takes_a_session() {
    snapshot(
        "session_async",
        "session",
        "async fn find(&self, session: &Session, id: i32) -> Result<User, Error> { users::table.find(id).first(session).await }",
    );
    snapshot(
        "session_sync_write",
        "write",
        "fn save(&self, session: &Session) -> Result<(), Error> { go(session) }",
    );
    snapshot(
        "session_boxed_by_async_trait",
        "strong",
        "fn find<'life0, 'async_trait>(session: &'life0 Session) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'async_trait>> \
         { Box::pin(async move { if let Some(ret) = None::<Result<(), Error>> { return ret; } let session = session; go(session).await }) }",
    );
}

#[test]
fn an_impl_block_is_the_default_of_its_methods() {
    snapshot(
        "impl_block",
        "session",
        "impl Users { \
           async fn find(&self, conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> { go(conn).await } \
           #[consistency(write)] async fn save(&self, conn: &mut WriteConn) -> Result<(), Error> { go(conn).await } \
           fn push(&self, list: &mut Vec<i32>) { list.push(1) } \
         }",
    );
}

#[test]
fn a_body_that_may_run_on_a_replica_is_checked() {
    let body = "{ let one = posts.for_update().skip_locked(); \
                  let two = sql::<Integer>(\"nextval('s')\"); \
                  let fine = (sql::<Integer>(\"1\"), shop.for_update(1)); \
                  #[consistency(vouch)] let vouched = posts.for_share(); \
                  fn inner() { posts.for_update(); } \
                  go(conn, one, two, fine, vouched) }";
    let item = |handle| format!("fn find(conn: &mut {handle}) -> Result<(), Error> {body}");
    snapshot("body_checked", "session", &item("ReadConn<CaughtUp>"));
    snapshot("body_on_the_primary", "strong", &item("ReadConn<Primary>"));
}

#[test]
fn with_a_class_alone_the_handle_has_the_level() {
    snapshot(
        "class_alone",
        "class = \"payments\"",
        "async fn find(conn: &mut ReadConn<CaughtUp>) -> Result<User, Error> { go(conn).await }",
    );
    // Whether it may run on a replica, only the type tells.
    snapshot(
        "class_alone_body",
        "class = \"payments\"",
        "fn find(conn: &mut ReadConn<Primary>) -> Result<(), Error> { let one = posts.for_update(); \
           let two = sql::<Integer>(\"nextval('s')\"); go(conn, one, two) }",
    );
}

#[test]
fn after_an_error_the_function_is_still_there() {
    let item = "fn find(conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> { \
                #[consistency(vouch)] go(conn) }";
    snapshot("error_unknown_word", "linearizable", item);
    snapshot("error_no_level", "", item);
    snapshot(
        "error_class_of_session",
        "class = \"payments\"",
        "fn find(session: &Session) -> Result<(), Error> { go(session) }",
    );
    snapshot(
        "error_class_alone_with_wait",
        "class = \"payments\", wait = \"1s\"",
        item,
    );
}

#[test]
fn a_registered_function_says_where_it_is_and_what_it_asks_for() {
    for (name, attribute, item) in [
        (
            "registered",
            "session, class = \"payments\"",
            "/// Finds what is due.\n/// And more.\n///\n/// # Errors\nasync fn due<T>(conn: &mut ReadConn<CaughtUp>) -> Result<T, Error> { go(conn).await }",
        ),
        (
            "registered_level_of_handle",
            "class = \"payments\"",
            "fn due(conn: &mut pg::ReadConn<routing::Primary>) -> Result<(), Error> { go(conn) }",
        ),
        (
            "registered_level_unknown",
            "class = \"payments\"",
            "fn due(conn: &mut Db) -> Result<(), Error> { go(conn) }",
        ),
    ] {
        let tokens = |text| TokenStream::from_str(text).expect("Rust");
        let expansion = super::expand(tokens(attribute), tokens(item), true);
        let input = format!("#[consistency({attribute})]\n{item}");
        assert_expansion!(name, &input, expansion);
    }
}

/// Editors expand a body while it is being written, and complete what the expansion shows: whatever is wrong, the item stays.
#[test]
fn what_does_not_parse_is_passed_on_as_it_stands() {
    for item in [
        "async fn find(conn: &mut ReadConn<CaughtUp>) -> Result<User, Error> { conn. }",
        "async fn find(conn: &mut ReadConn<CaughtUp>) -> Result<User, Error> { let id = conn.; go(id) }",
        "fn find(conn: &mut ReadConn<CaughtUp>) -> Result<User, Error> { users::table.filter(users::).load(conn) }",
        "fn find(session: &Session) -> Result<User, Error> { if session. { } }",
        "impl Users { fn find(&self, conn: &mut ReadConn<CaughtUp>) -> Result<User, Error> { self. } }",
        "fn find(conn: &mut ReadConn<CaughtUp>",
    ] {
        let Ok(tokens) = TokenStream::from_str(item) else {
            assert!(!item.ends_with('}'), "{item}");
            continue;
        };
        for attribute in ["session", "session, retry", "sess", "session,"] {
            let attribute = TokenStream::from_str(attribute).expect("Rust");
            let expansion = super::expand(attribute, tokens.clone(), false).to_string();
            assert!(expansion.contains("compile_error"), "{expansion}");
            let item = tokens.to_string();
            assert!(expansion.ends_with(&item), "{item}\nbecame\n{expansion}");
        }
    }
}

/// The word at a cursor once rust-analyzer has mended the syntax for the macro: it looks for it in the expansion.
#[test]
fn the_word_at_a_cursor_stays_once_and_the_handle_keeps_its_type() {
    for (signature, handle) in [
        (
            "async fn find(conn: &mut ReadConn<CaughtUp>, id: i32)",
            "conn",
        ),
        ("fn find(conn: &mut ReadConn<CaughtUp>)", "conn"),
        ("async fn find(&self, session: &Session)", "session"),
    ] {
        for attribute in ["session", "session, retry", "session, wait = \"1s\""] {
            let body =
                format!("let a = {handle}.route(); {handle}.cursor; users::table.find(1).cursor2");
            let item = format!("{signature} -> Result<User, Error> {{ {body} }}");
            let tokens = |text: &str| TokenStream::from_str(text).expect("Rust");
            let expansion = super::expand(tokens(attribute), tokens(&item), false).to_string();
            let count = |text: &str| expansion.matches(text).count();
            let [body, binding] = [tokens(&body).to_string(), format!("let {handle}")];
            assert_eq!(count(&body), 1, "{body}\nis not in\n{expansion}");
            assert!(
                count(&binding) + count(&format!("let mut {handle}")) > 0,
                "{expansion}"
            );
        }
    }
}
