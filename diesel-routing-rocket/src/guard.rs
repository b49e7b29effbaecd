//! `DbSession`: the request's session as a guard.

use std::ops::Deref;

use diesel_routing::edge::AnySession;
use rocket::Request;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};

/// Guards a handler with the request's session, which [`SessionFairing`](crate::SessionFairing) put there: `DbSession<pg::Session>`, or
/// `DbSession<sync::pg::Session>` for blocking Diesel.
///
/// ```
/// use diesel_routing::sqlite::Session;
/// use diesel_routing_rocket::DbSession;
///
/// #[rocket::get("/theme")]
/// async fn show(session: DbSession<Session>) -> String {
///     let session = session.into_inner();
///     // .. `session.read()`, or a `#[consistency(..)]` function with `&session` ..
/// # let _ = session;
/// #     String::new()
/// }
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "handlers take it apart")]
pub struct DbSession<S>(pub S);

impl<S> DbSession<S> {
    /// Returns the session.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.0
    }
}

impl<S> Deref for DbSession<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

#[rocket::async_trait]
impl<'r, S: AnySession> FromRequest<'r> for DbSession<S> {
    type Error = NoSessionFairing;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, NoSessionFairing> {
        match request.local_cache(|| None::<S>) {
            Some(session) => Outcome::Success(Self(session.clone())),
            None => Outcome::Error((Status::InternalServerError, NoSessionFairing)),
        }
    }
}

/// A handler is guarded by a session, and the request has none: status 500. Rocket logs it; a catcher may ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error(
    "a handler takes a `DbSession`, and no `SessionFairing` of this kind of connection is attached: add \
     `.attach(SessionFairing::new(router)?)` to `rocket::build()`"
)]
pub struct NoSessionFairing;
