//! `Source`: a place that knows which nodes there are.

use std::future::{Future, pending};
use std::time::Duration;

use diesel_routing::Node;

use crate::DiscoveryError;

/// A place that knows which nodes there are. [`Discovery`](crate::Discovery) asks it again and again.
///
/// # Example
///
/// A list that the program has from elsewhere:
///
/// ```
/// use diesel_routing::Node;
/// use diesel_routing_discovery::{DiscoveryError, Found, Source};
///
/// struct Fixed(Vec<Node>);
///
/// impl Source for Fixed {
///     fn name(&self) -> String {
///         "the fixed list".to_owned()
///     }
///
///     async fn ask(&mut self) -> Result<Found, DiscoveryError> {
///         Ok(Found::new(self.0.clone()))
///     }
/// }
/// ```
pub trait Source: Send + 'static {
    /// Returns what errors call it, in a few words and without secrets.
    fn name(&self) -> String;

    /// Asks for the nodes that there are now. Is dropped when it takes too long.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError`], if they cannot be told.
    fn ask(&mut self) -> impl Future<Output = Result<Found, DiscoveryError>> + Send;

    /// Waits for a sign that the nodes may have changed; the next question comes at once then. By default, there is
    /// none. Must be cancel safe.
    fn changed(&mut self) -> impl Future<Output = ()> + Send {
        pending()
    }
}

/// The nodes that a source knows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Found {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The time for which the answer stands, if the source says so, as DNS does.
    pub valid_for: Option<Duration>,
}

impl Found {
    /// Creates an answer that stands until the next one.
    #[must_use]
    pub fn new(nodes: Vec<Node>) -> Self {
        Self {
            nodes,
            valid_for: None,
        }
    }

    /// Sets the time for which it stands.
    #[must_use]
    pub fn valid_for(mut self, time: Duration) -> Self {
        self.valid_for = Some(time);
        self
    }
}
