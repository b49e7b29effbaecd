//! A router.

use diesel::ConnectionResult;
use diesel_routing::{Error, Reason, Route, Router, Session};
use futures_core::future::BoxFuture;

use super::{Answer, Client, Inquiry, Level, Loan, Opened, Subject};
use crate::failure::Failure;
use crate::seen::Line;
use crate::statements::{Change, Family, Shown, Verifiable};
use crate::verification::BOUND;

/// A router.
pub(crate) struct Routed<C: Verifiable>(pub(crate) Router<C>);

impl<C: Verifiable> Subject for Routed<C> {
    fn name(&self) -> String {
        "diesel-routing".to_owned()
    }

    fn family(&self) -> Family {
        C::FAMILY
    }

    fn has_levels(&self) -> bool {
        true
    }

    fn begin(&self) -> Box<dyn Client> {
        Box::new(RoutedClient(self.0.session()))
    }

    fn run<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mut conn = self.0.write().await?;
            Ok(C::run_writer(&mut conn, sql).await?)
        })
    }

    fn ask<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<Vec<Line>, Failure>> {
        Box::pin(async move {
            let mut conn = self.0.write().await?;
            Ok(C::ask_writer(&mut conn, sql).await?)
        })
    }

    fn open<'a>(&'a self, url: &'a str) -> BoxFuture<'a, ConnectionResult<Box<dyn Inquiry>>> {
        Box::pin(async move {
            let conn = C::open(url).await?;
            Ok(Box::new(Opened(conn)) as Box<dyn Inquiry>)
        })
    }
}

struct RoutedClient<C: Verifiable>(Session<C>);

impl<C: Verifiable> Client for RoutedClient<C> {
    fn read<'a>(
        &'a mut self,
        level: Level,
        sql: &'a str,
    ) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let session = &self.0;
            // Each handle in its own scope: their types differ.
            let (last, loan) = match level {
                Level::Eventual => {
                    let mut conn = session.read_eventual().await?;
                    (C::read(&mut conn, sql).await?, loan(conn.route()))
                }
                Level::Bounded => {
                    let mut conn = session.read_bounded(BOUND).await?;
                    (C::read(&mut conn, sql).await?, loan(conn.route()))
                }
                Level::Session => {
                    let mut conn = session.read().await?;
                    (C::read(&mut conn, sql).await?, loan(conn.route()))
                }
                Level::Strong => {
                    let mut conn = session.read_primary().await?;
                    (C::read(&mut conn, sql).await?, loan(conn.route()))
                }
            };
            let first = Vec::new();
            Ok(Answer::of(Shown { first, last }, loan))
        })
    }

    fn snapshot<'a>(
        &'a mut self,
        first: &'a str,
        last: &'a str,
    ) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let mut conn = self.0.read().await?;
            let shown = C::snapshot(&mut conn, first, last).await?;
            Ok(Answer::of(shown, loan(conn.route())))
        })
    }

    fn lock<'a>(
        &'a mut self,
        first: &'a str,
        last: &'a str,
    ) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let mut conn = self.0.read_primary().await?;
            let shown = C::lock(&mut conn, first, last).await?;
            Ok(Answer::of(shown, loan(conn.route())))
        })
    }

    fn change<'a>(&'a mut self, change: &'a Change) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let mut conn = self.0.write().await?;
            let shown = C::change(&mut conn, change).await?;
            Ok(Answer::of(shown, loan(conn.route())))
        })
    }

    fn hand_over(&mut self) -> BoxFuture<'_, Result<Option<Box<dyn Client>>, Failure>> {
        Box::pin(async move {
            let token = match self.0.token().await {
                Ok(token) => token.to_string(),
                // The router has no keys to sign with.
                Err(Error::Config(_)) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let session = self.0.router().session();
            session.absorb(&token).map_err(|rejection| Failure {
                code: "token_rejected".to_owned(),
                text: rejection.to_string(),
                is_read_only: false,
            })?;
            Ok(Some(Box::new(Self(session)) as Box<dyn Client>))
        })
    }
}

fn loan(route: Route<'_>) -> Loan {
    let pool = match route.reason {
        Reason::Write => "write",
        Reason::Fallback | Reason::StateUnknown => "fallback",
        _ => "read",
    };
    Loan {
        node: route.node.to_owned(),
        reason: route.reason.as_str(),
        pool,
        is_primary: Some(route.is_primary),
    }
}
