//! What adapters of async frameworks use, on blocking Diesel.

use std::panic::resume_unwind;

use http::HeaderMap;
use http::request::Parts;
use tokio::runtime::Handle;

use super::{Edge, Exchange};
use crate::context::{Scope, Scoped};
use crate::edge::{AnyEdge, AnyExchange, AnyRouter, AnySession, EdgeError, Sealed};
use crate::sync::{RoutedConnection, Router, Session};

impl<C: RoutedConnection> Sealed for Router<C> {}
impl<C: RoutedConnection> Sealed for Edge<C> {}
impl<C: RoutedConnection> Sealed for Exchange<C> {}
impl<C: RoutedConnection> Sealed for Session<C> {}

impl<C: RoutedConnection> AnySession for Session<C> {}

impl<C: RoutedConnection> AnyRouter for Router<C> {
    type Edge = Edge<C>;

    fn edge(self) -> Result<Edge<C>, EdgeError> {
        Edge::new(self)
    }
}

impl<C: RoutedConnection> AnyEdge for Edge<C> {
    type Session = Session<C>;
    type Exchange = Exchange<C>;

    async fn arrive(&self, request: Parts) -> Exchange<C> {
        let mut exchange = self.arrival(&request);
        if exchange.key().is_none() {
            return exchange;
        }
        off_thread(move || {
            exchange.load();
            exchange
        })
        .await
    }
}

impl<C: RoutedConnection> AnyExchange for Exchange<C> {
    type Session = Session<C>;

    fn session(&self) -> &Session<C> {
        self.session()
    }

    fn has_news(&self) -> bool {
        self.news().is_any()
    }

    fn around<F: Future>(&self, future: F) -> Scoped<F> {
        Scope::current()
            .and(self.session().clone().into_view())
            .run(future)
    }

    async fn leave(mut self, mut headers: HeaderMap) -> (Self, HeaderMap) {
        if !self.has_news() {
            self.finish(&mut headers);
            return (self, headers);
        }
        off_thread(move || {
            self.finish(&mut headers);
            (self, headers)
        })
        .await
    }
}

/// Runs `work` where it may block: on a thread for that, if this is tokio's.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let Ok(runtime) = Handle::try_current() else {
        return work();
    };
    let failure = match runtime.spawn_blocking(work).await {
        Ok(done) => return done,
        Err(failure) => failure,
    };
    match failure.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        // The runtime is being shut down, and this task with it.
        Err(_) => std::future::pending().await,
    }
}
