//! `DbSession`: the request's session as an argument of handlers.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError};
use diesel_routing::edge::AnySession;

/// Extracts the request's session, which [`SessionMiddleware`](crate::SessionMiddleware) put there: `DbSession<pg::Session>`, or
/// `DbSession<sync::pg::Session>` for blocking Diesel.
///
/// ```
/// use diesel_routing::sqlite::Session;
/// use diesel_routing_actix::DbSession;
///
/// async fn show(DbSession(session): DbSession<Session>) -> String {
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

impl<S: AnySession> FromRequest for DbSession<S> {
    type Error = NoSessionMiddleware;
    type Future = Ready<Result<Self, NoSessionMiddleware>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session = request.extensions().get::<S>().cloned();
        ready(session.map(Self).ok_or(NoSessionMiddleware))
    }
}

/// A handler asked for a session, and the request has none: status 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error(
    "a handler takes a `DbSession`, and no `SessionMiddleware` of this kind of connection is around it: add \
     `.wrap(SessionMiddleware::new(router)?)` to its `App` or scope"
)]
pub struct NoSessionMiddleware;

/// Status 500, with the message as its body.
impl ResponseError for NoSessionMiddleware {}
