//! GraphQL with async-graphql: the request's session is in the context of its execution.
//!
//! The fields of a mutation run one after the other, and what they return is resolved after them: in the same session, so that it shows
//! what they have written. The token of the response covers all of it, whatever `errors` has.
//!
//! - The parts of a batch share the HTTP request's session: `batch.data(session)`.
//! - A `DataLoader` runs in a task of its own. Make it for each request, with the session in it: a loader that is shared by users would
//!   give one what it has read for another.
//! - A subscription lives longer than its request: read with the session of its handshake, and absorb the tokens of what it is told.

use async_graphql::{Context, EmptySubscription, Object, Result, Schema};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router as App};
use diesel_routing::edge::{EdgeError, SessionLayer};
use diesel_routing::sqlite::{Router, Session};

use crate::theme::{set_theme, theme};

type Themes = Schema<Query, Mutation, EmptySubscription>;

/// Builds the service, at `/graphql`.
///
/// # Errors
///
/// [`EdgeError::NoTokenKeys`], if the router has none.
pub fn app(router: Router) -> Result<App, EdgeError> {
    Ok(App::new()
        .route("/graphql", post(answer))
        .with_state(Schema::new(Query, Mutation, EmptySubscription))
        .layer(SessionLayer::new(router)?))
}

async fn answer(
    State(schema): State<Themes>,
    session: Session,
    Json(request): Json<async_graphql::Request>,
) -> Json<async_graphql::Response> {
    Json(schema.execute(request.data(session)).await)
}

/// The root of queries, and what mutations return.
#[derive(Debug)]
pub struct Query;

#[Object]
impl Query {
    /// The theme.
    async fn theme(&self, context: &Context<'_>) -> Result<String> {
        Ok(theme(context.data::<Session>()?).await?)
    }
}

/// The root of mutations.
#[derive(Debug)]
pub struct Mutation;

#[Object]
impl Mutation {
    /// Sets the theme.
    async fn set_theme(&self, context: &Context<'_>, theme: String) -> Result<Query> {
        set_theme(context.data::<Session>()?, &theme).await?;
        Ok(Query)
    }

    /// Sets the theme, and fails.
    async fn set_theme_and_fail(&self, context: &Context<'_>, theme: String) -> Result<Query> {
        set_theme(context.data::<Session>()?, &theme).await?;
        Err("on purpose".into())
    }
}
