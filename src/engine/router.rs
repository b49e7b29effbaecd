//! `Router`: one primary, any number of replicas, and the pools to them.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Instant;

use arc_swap::ArcSwapOption;

use super::{Async, Flavour, NodePools, Options, Request, Session, Shared, Status};
use crate::error::{Error, Step};
use crate::routing::{Level, Tag, Target};
use crate::statement::Access;

/// Lends connections of one primary and its replicas, as handles that say what they may do.
///
/// Reads belong to a [`Session`], which remembers what it wrote; outside one, reads go to the primary unless
/// the caller says `read_eventual`. A router without replicas is legal: everything goes to the primary.
///
/// Cheap to clone; clones share the pools. When the last clone and the last session are dropped, the pools are
/// closed.
///
/// The flavour `F` is [`Async`], or [`Blocking`](crate::Blocking) as in [`sync::Router`](crate::sync::Router).
///
/// # Example
///
/// ```no_run
/// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
/// use diesel_routing::{Node, pg::Router, prelude::*};
///
/// # async fn example() -> Result<(), diesel_routing::Error> {
/// let router = Router::builder()
///     .primary(Node::new("primary", "postgres://app@10.0.0.1/app"))
///     .replica(Node::new("replica-1", "postgres://app@10.0.0.2/app"))
///     .build()
///     .await?;
///
/// let session = router.session();
/// let mut conn = session.read().await?;
/// let one: i32 = diesel::select(1.into_sql::<diesel::sql_types::Integer>())
///     .get_result(&mut conn)
///     .await?;
/// # Ok(()) }
/// # }
/// ```
#[expect(private_bounds, reason = "there are two flavours, and no others")]
pub struct Router<C, F: Flavour<C> = Async> {
    inner: Arc<Inner<F::Pools>>,
    /// The replicas that its reads ask for, and those of its sessions.
    pub(super) on: Option<Tag>,
}

struct Inner<P> {
    shared: Arc<Shared>,
    /// By node; `None` once the router is closed.
    pools: ArcSwapOption<Vec<P>>,
}

impl<P> Drop for Inner<P> {
    fn drop(&mut self) {
        self.shared.signals.stop();
    }
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Router<C, F> {
    pub(crate) fn new(shared: Arc<Shared>, pools: Vec<F::Pools>) -> Self {
        let pools = ArcSwapOption::from_pointee(pools);
        Self {
            inner: Arc::new(Inner { shared, pools }),
            on: None,
        }
    }

    /// Starts a session, which has written nothing yet.
    #[must_use]
    pub fn session(&self) -> Session<C, F> {
        Session::new(self.clone(), Options::default(), None)
    }

    /// Resumes the session that `token` was issued for. Its reads will observe everything that session has
    /// written or read in any process.
    ///
    /// This never fails. If `token` is malformed, forged, expired, or from another cluster, a new session is
    /// returned and the rejection is counted in [`status`](Self::status).
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(
    /// #     here: diesel_routing::pg::Router,
    /// #     there: diesel_routing::pg::Router,
    /// # ) -> Result<(), diesel_routing::Error> {
    /// let session = here.session();
    /// // .. writes ..
    /// let token = session.token().await?.to_string(); // a cookie, a header, a job's payload
    ///
    /// let session = there.resume(&token); // in another process with the same keys
    /// let conn = session.read().await?; // sees those writes
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn resume(&self, token: &str) -> Session<C, F> {
        let session = self.session();
        // A rejection is counted; the caller gets a new session.
        let _ = session.absorb(token);
        session
    }

    /// Returns this router, with reads on replicas with this [tag](crate::Node::tag), those of sessions that it starts
    /// included: see [`Session::on`]. Both have the same pools.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(router: diesel_routing::pg::Router) -> Result<(), diesel_routing::Error> {
    /// let reports = router.on("reporting");
    /// let conn = reports.read_eventual().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn on(&self, tag: impl Into<Tag>) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            on: Some(tag.into()),
        }
    }

    /// Closes the pools: every later checkout fails with [`Step::Closed`]. Handles that are out go on working;
    /// their connections are closed as they come back.
    pub fn close(&self) {
        self.inner.shared.signals.stop();
        self.inner.pools.store(None);
    }

    /// Returns what the router knows of its nodes, pools and tokens now. Asks no server.
    #[must_use]
    pub fn status(&self) -> Status {
        let pools = self.inner.pools.load_full();
        self.inner.shared.status(|node| {
            let pools = pools.as_deref().and_then(|pools| pools.get(node));
            pools.map_or_else(Vec::new, NodePools::status)
        })
    }

    /// Returns what a call outside any session asks for.
    pub(crate) fn request(&self, level: Level, access: Access) -> Request<'_> {
        Request {
            level,
            access,
            session: None,
            wait: self.inner.shared.wait,
            avoid: None,
            may_try: true,
            max_lag: None,
            on: self.target(),
            function: None,
        }
    }

    /// Returns the replicas that its reads ask for.
    pub(crate) fn target(&self) -> Option<Target<'_>> {
        self.on.as_ref().map(Tag::target)
    }

    /// Returns the pools of all nodes; none once the router is closed.
    pub(crate) fn pools(&self) -> Option<Arc<Vec<F::Pools>>> {
        self.inner.pools.load_full()
    }

    /// Returns the error of a checkout from a router that is closed.
    pub(crate) fn closed(&self, node: usize) -> Error {
        let node = self.inner.shared.name(node).to_owned();
        Error::checkout(node, Step::Closed, Instant::now(), "the router was closed")
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Returns whether both are clones of one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    pub(crate) fn downgrade(&self) -> WeakRouter<C, F> {
        WeakRouter(Arc::downgrade(&self.inner), self.on.clone())
    }
}

/// A router, if anyone keeps it.
pub(crate) struct WeakRouter<C, F: Flavour<C>>(Weak<Inner<F::Pools>>, Option<Tag>);

impl<C, F: Flavour<C>> WeakRouter<C, F> {
    pub(crate) fn upgrade(&self) -> Option<Router<C, F>> {
        let inner = self.0.upgrade()?;
        Some(Router {
            inner,
            on: self.1.clone(),
        })
    }
}

impl<C, F: Flavour<C>> Clone for WeakRouter<C, F> {
    fn clone(&self) -> Self {
        Self(Weak::clone(&self.0), self.1.clone())
    }
}

impl<C, F: Flavour<C>> Clone for Router<C, F> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            on: self.on.clone(),
        }
    }
}

impl<C, F: Flavour<C>> fmt::Debug for Router<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("nodes", &self.inner.shared.nodes)
            .finish_non_exhaustive()
    }
}
