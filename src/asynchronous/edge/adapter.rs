//! What adapters of frameworks use, on diesel-async.

use http::HeaderMap;
use http::request::Parts;

use crate::asynchronous::RoutedConnection;
use crate::context::Scoped;
use crate::edge::{AnyEdge, AnyExchange, AnyRouter, AnySession, Edge, EdgeError, Exchange, Sealed};
use crate::engine::{Router, Session};

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
        self.begin(&request).await
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
        self.session().clone().scope(future)
    }

    async fn leave(mut self, mut headers: HeaderMap) -> (Self, HeaderMap) {
        self.finish(&mut headers).await;
        (self, headers)
    }
}
