//! `Router`: one primary, any number of replicas, and the pools to them.

use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::Instant;

use arc_swap::ArcSwapOption;

use super::nodes::{Leaving, Seat};
use super::{
    Async, Flavour, NodePools, Nodes, Options, Recipe, Request, Session, Settings, Shared, Status,
};
use crate::error::{Error, Step};
use crate::mutex::lock;
use crate::routing::{Level, RegionPolicy, Tag, Target};
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
    inner: Arc<Inner<F::Pools, F::Library, F::Hooks>>,
    /// The replicas that its reads ask for, and those of its sessions.
    pub(super) on: Option<Tag>,
}

struct Inner<P, L, H> {
    shared: Arc<Shared>,
    /// By slot; `None` once the router is closed.
    seats: ArcSwapOption<Seats<P>>,
    /// Locked while nodes come and go; `None` once the router is closed.
    recipe: Mutex<Option<Arc<Recipe<L, H>>>>,
}

/// The pools of the nodes, by slot.
type Seats<P> = Vec<Option<Arc<Seat<P>>>>;

/// What the pools of a router's nodes are made with, behind the lock of those who change them.
type Changes<C, F> =
    Mutex<Option<Arc<Recipe<<F as Flavour<C>>::Library, <F as Flavour<C>>::Hooks>>>>;

impl<P, L, H> Drop for Inner<P, L, H> {
    fn drop(&mut self) {
        self.shared.signals.stop();
    }
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Router<C, F> {
    pub(crate) fn new(
        shared: Arc<Shared>,
        recipe: Arc<Recipe<F::Library, F::Hooks>>,
        seats: impl IntoIterator<Item = Seat<F::Pools>>,
    ) -> Self {
        let seats: Vec<_> = seats.into_iter().map(|seat| Some(Arc::new(seat))).collect();
        Self {
            inner: Arc::new(Inner {
                shared,
                seats: ArcSwapOption::from_pointee(seats),
                recipe: Mutex::new(Some(recipe)),
            }),
            on: None,
        }
    }

    /// Returns the router's nodes, which may be added, removed and replaced while it runs.
    ///
    /// # Example
    ///
    /// A replica that the autoscaler has started serves reads a moment later; one that it stops loses none.
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
    /// use diesel_routing::{Node, pg::Router};
    ///
    /// # async fn example(router: Router, secret: &str) -> Result<(), diesel_routing::Error> {
    /// let nodes = router.nodes();
    /// nodes.add(Node::new("replica-2", "postgres://app@10.0.0.3/app")).await?;
    /// assert_eq!(nodes.names(), ["primary", "replica-1", "replica-2"]);
    ///
    /// // A new secret: new connections are opened with it, and the old ones are closed as they come back.
    /// nodes.replace(Node::new("replica-1", format!("postgres://app:{secret}@10.0.0.2/app"))).await?;
    ///
    /// // Gone at once for whoever asks for a connection; this waits for the handles that are out.
    /// nodes.remove("replica-2").await?;
    /// # Ok(()) }
    /// # }
    /// ```
    #[must_use]
    pub fn nodes(&self) -> Nodes<C, F> {
        Nodes {
            router: self.clone(),
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
        let mut recipe = lock(&self.inner.recipe);
        self.inner.seats.store(None);
        *recipe = None;
    }

    /// Returns what the router knows of its nodes, pools and tokens now. Asks no server.
    #[must_use]
    pub fn status(&self) -> Status {
        let seats = self.inner.seats.load();
        self.inner.shared.status(|slot| {
            let seat = seats.as_deref().and_then(|seats| seats.get(slot)?.as_ref());
            seat.map_or_else(Vec::new, |seat| seat.pools.status())
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
            region: RegionPolicy::Pay,
            function: None,
        }
    }

    /// Returns the replicas that its reads ask for.
    pub(crate) fn target(&self) -> Option<Target<'_>> {
        self.on.as_ref().map(Tag::target)
    }

    /// Returns the pools of the node in `slot`, if it is still the one with this serial.
    pub(crate) fn seat(&self, slot: usize, serial: u32) -> Result<Arc<Seat<F::Pools>>, Error> {
        let seats = self.inner.seats.load();
        let Some(seats) = seats.as_deref() else {
            return Err(self.closed(slot));
        };
        let seat = seats.get(slot).and_then(Option::as_ref);
        match seat.filter(|seat| seat.member.serial == serial) {
            Some(seat) => Ok(Arc::clone(seat)),
            None => Err(Error::removed(
                &self.inner.shared.name(slot),
                Instant::now(),
            )),
        }
    }

    /// Puts the pools of a node in its slot.
    pub(super) fn seat_at(&self, slot: usize, seat: Option<Arc<Seat<F::Pools>>>) {
        let Some(seats) = self.inner.seats.load_full() else {
            return;
        };
        let mut seats = (*seats).clone();
        if slot >= seats.len() {
            seats.resize_with(slot + 1, || None);
        }
        seats[slot] = seat;
        self.inner.seats.store(Some(Arc::new(seats)));
    }

    /// Takes the node in `slot` out: no decision is for it any more, and its pools lend nothing.
    pub(super) fn unseat(&self, settings: &Settings, slot: usize) -> Leaving<F::Pools> {
        let seats = self.inner.seats.load_full();
        let seat = seats.and_then(|seats| seats.get(slot)?.clone());
        self.inner.shared.let_go(settings, slot);
        self.seat_at(slot, None);
        Leaving::new(seat, settings.drain_timeout)
    }

    /// Returns what pools are made with, to be locked while nodes come and go.
    pub(super) fn recipe(&self) -> &Changes<C, F> {
        &self.inner.recipe
    }

    /// Returns the error of a checkout from a router that is closed.
    pub(crate) fn closed(&self, node: usize) -> Error {
        let node = self.inner.shared.name(node);
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
pub(crate) struct WeakRouter<C, F: Flavour<C>>(
    Weak<Inner<F::Pools, F::Library, F::Hooks>>,
    Option<Tag>,
);

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
            .field("nodes", &self.nodes().names())
            .finish_non_exhaustive()
    }
}
