//! `Router`: one primary, any number of replicas, and the pools to them.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Instant;

use arc_swap::ArcSwapOption;

use super::nodes::{Leaving, Seat};
use super::{
    Async, Databases, Flavour, NodePools, Nodes, Options, PoolStatus, Recipe, Request, Session,
    Settings, Shared, Status, Wait,
};
use crate::cluster::Member;
#[cfg(doc)]
use crate::error::ConfigError;
use crate::error::{Error, Step};
use crate::mutex::lock;
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
///     .primary(Node::new("db-1", "postgres://app@10.0.0.1/app"))
///     .replica(Node::new("db-2", "postgres://app@10.0.0.2/app"))
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
    pub(super) on: Option<Arc<Tag>>,
}

/// The pools of a router for one database.
pub(super) struct Inner<P, L, H> {
    pub(super) databases: Arc<Databases<P, L, H>>,
    /// The database; `None` for the one that the nodes' URLs were given with.
    pub(super) database: Option<Arc<str>>,
    /// By slot; `None` once the router is closed.
    seats: ArcSwapOption<Seats<P>>,
    /// That of `databases`: each checkout needs it.
    shared: Arc<Shared>,
}

/// The pools of the nodes, by slot.
type Seats<P> = Vec<Option<Arc<Seat<P>>>>;

/// The state that the routers for the databases of the same servers share.
type DatabasesOf<C, F> =
    Databases<<F as Flavour<C>>::Pools, <F as Flavour<C>>::Library, <F as Flavour<C>>::Hooks>;

pub(super) type WeakDatabases<C, F> = Weak<DatabasesOf<C, F>>;

impl<P, L, H> Inner<P, L, H> {
    pub(super) fn new(
        databases: Arc<Databases<P, L, H>>,
        database: Option<Arc<str>>,
        seats: Seats<P>,
    ) -> Self {
        Self {
            shared: Arc::clone(&databases.shared),
            databases,
            database,
            seats: ArcSwapOption::from_pointee(seats),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.seats.load().is_none()
    }

    /// Returns the pools of the node in `slot`, if there are any.
    pub(super) fn seat_in(&self, slot: usize) -> Option<Arc<Seat<P>>> {
        let seats = self.seats.load();
        seats.as_deref()?.get(slot)?.clone()
    }

    /// Calls `each` with the pools of each node that has any.
    #[cfg(feature = "metrics")]
    pub(super) fn each_seat(&self, mut each: impl FnMut(&Seat<P>)) {
        let seats = self.seats.load();
        let seats = seats.as_deref().into_iter().flatten();
        seats.flatten().for_each(|seat| each(seat));
    }

    /// Puts the pools of a node in its slot. Only one caller at a time may.
    pub(super) fn seat_at(&self, slot: usize, seat: Option<Arc<Seat<P>>>) {
        let Some(seats) = self.seats.load_full() else {
            return;
        };
        let mut seats = (*seats).clone();
        if slot >= seats.len() {
            seats.resize_with(slot + 1, || None);
        }
        seats[slot] = seat;
        self.seats.store(Some(Arc::new(seats)));
    }
}

impl<P, L, H> Drop for Inner<P, L, H> {
    fn drop(&mut self) {
        self.databases.forget(self);
    }
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Router<C, F> {
    pub(crate) fn new(
        shared: Arc<Shared>,
        recipe: Arc<Recipe<F::Library, F::Hooks>>,
        seats: impl IntoIterator<Item = Seat<F::Pools>>,
    ) -> Self {
        let seats = seats.into_iter().map(|seat| Some(Arc::new(seat)));
        let databases = Arc::new(Databases::new(shared, recipe));
        let inner = Inner::new(Arc::clone(&databases), None, seats.collect());
        let inner = Arc::new(inner);
        databases.built(&inner);
        #[cfg(feature = "metrics")]
        databases.record();
        Self { inner, on: None }
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
    /// nodes.add(Node::new("db-3", "postgres://app@10.0.0.3/app")).await?;
    /// assert_eq!(nodes.names(), ["db-1", "db-2", "db-3"]);
    ///
    /// // A new secret: new connections are opened with it, and the old ones are closed as they come back.
    /// nodes.replace(Node::new("db-2", format!("postgres://app:{secret}@10.0.0.2/app"))).await?;
    ///
    /// // Gone at once for whoever asks for a connection; this waits for the handles that are out.
    /// nodes.remove("db-3").await?;
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
            on: Some(Arc::new(tag.into())),
        }
    }

    /// Returns the router for another database of the same servers: a tenant's, say. It knows what this one knows, so it
    /// costs the servers no more questions, and nodes that are added, removed or replaced through one are so for all.
    ///
    /// It has pools of its own, of the sizes and with the accounts that the nodes have for this one. They are made at the first
    /// checkout from a node, and keep no [idle connections](crate::PoolOptions::min_idle) for later ones. As long as
    /// anybody keeps the router, or a session of it, the same name gives it again; dropping the last one closes its
    /// connections. So keep it for as long as it is in use. The name that the nodes' URLs have gives the
    /// router that was built.
    ///
    /// Sessions and tokens are about servers, whatever the database: a token of one database's router is valid at another's.
    ///
    /// # Errors
    ///
    /// [`ConfigError::DatabaseName`] for an empty name, one with NUL, one that PostgreSQL would cut off, or one that Diesel's
    /// blocking MySQL connection cannot be told;
    /// [`ConfigError::DatabaseInUrl`] if a node's URL does not tell where its database stands;
    /// [`ConfigError::OneDatabase`] on SQLite, where a file is the database; [`Error::Checkout`] once this router is closed.
    /// A database that does not exist is the server's error at a checkout.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
    /// use diesel_routing::{Node, pg::Router};
    ///
    /// # async fn example() -> Result<(), diesel_routing::Error> {
    /// let router = Router::builder()
    ///     .primary(Node::new("db-1", "postgres://app@10.0.0.1/postgres").read_pool_size(4))
    ///     .replica(Node::new("db-2", "postgres://app@10.0.0.2/postgres").read_pool_size(4))
    ///     .build()
    ///     .await?;
    ///
    /// let tenant = router.for_database("tenant_7")?;
    /// let session = tenant.session();
    /// let conn = session.read().await?; // in the database `tenant_7`
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn for_database(&self, name: impl AsRef<str>) -> Result<Self, Error> {
        let databases = &self.inner.databases;
        let router = databases.router(&self.inner, name.as_ref(), F::DECODES_NAMES)?;
        let inner = router.ok_or_else(|| self.closed(self.inner.shared.primary().0))?;
        let on = self.on.clone();
        Ok(Self { inner, on })
    }

    /// Returns the name of the database that the router was [asked for](Self::for_database); `None` if it was built, and its
    /// database is the one that its nodes' URLs have.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        self.inner.database.as_deref()
    }

    /// Closes the pools: every later checkout fails with [`Step::Closed`]. Handles that are out go on working;
    /// their connections are closed as they come back.
    ///
    /// Routers for [other databases](Self::for_database) stay open, and the nodes are watched until the last one is closed or
    /// dropped. The same name gives a new router afterwards.
    ///
    #[doc = include_str!("examples/close.md")]
    pub fn close(&self) {
        let _changes = lock(&self.inner.databases.changes);
        self.inner.seats.store(None);
        self.inner.databases.forget(&self.inner);
    }

    /// Returns what the router knows of its nodes, pools and tokens now. Asks no server.
    ///
    /// Of routers for the databases of the same servers, all but the pools is the same.
    ///
    #[doc = include_str!("examples/status.md")]
    #[must_use]
    pub fn status(&self) -> Status {
        let seats = self.inner.seats.load();
        self.inner.shared.status(|slot, member| {
            let Some(seats) = seats.as_deref() else {
                return Vec::new();
            };
            let seat = seats.get(slot).and_then(Option::as_ref);
            seat.map_or_else(|| PoolStatus::none_of(member), |seat| seat.pools.status())
        })
    }

    /// Returns what a call outside any session asks for.
    pub(crate) fn request(&self, level: Level, access: Access) -> Request<'_> {
        Request {
            level: Request::level_of(level, access),
            access,
            session: None,
            wait: Wait::default(),
            avoid: None,
            again: None,
            may_try: true,
            advice: None,
            class: None,
            on: self.target(),
            settings: None,
            function: None,
        }
    }

    /// Returns the replicas that its reads ask for.
    pub(crate) fn target(&self) -> Option<Target<'_>> {
        self.on.as_deref().map(Tag::target)
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
            None => self.take_seat(slot, serial),
        }
    }

    /// Makes the pools of a node, at the first checkout there.
    #[cold]
    fn take_seat(&self, slot: usize, serial: u32) -> Result<Arc<Seat<F::Pools>>, Error> {
        let _changes = lock(&self.inner.databases.changes);
        if self.inner.is_closed() {
            return Err(self.closed(slot));
        }
        // Whoever came first has made them.
        let seat = self.inner.seat_in(slot);
        if let Some(seat) = seat.filter(|seat| seat.member.serial == serial) {
            return Ok(seat);
        }
        let shared = self.shared();
        let members = shared.members();
        let member = members.get(slot).filter(|member| member.serial == serial);
        let Some(member) = member else {
            return Err(Error::removed(&shared.name(slot), Instant::now()));
        };
        let seat = Arc::new(self.seat_of(member)?);
        self.inner.seat_at(slot, Some(Arc::clone(&seat)));
        Ok(seat)
    }

    /// Makes the pools of a node.
    fn seat_of(&self, member: &Arc<Member>) -> Result<Seat<F::Pools>, Error> {
        let Inner {
            databases,
            database,
            shared,
            ..
        } = &*self.inner;
        let is_watched = shared.is_watched();
        let pools = F::pools(
            &databases.recipe,
            member,
            database.as_ref(),
            is_watched,
            None,
        )?;
        #[cfg(feature = "metrics")]
        shared.record_times(member, &pools);
        let member = Arc::clone(member);
        Ok(Seat { member, pools })
    }

    /// Makes the pools of a node that joins, for the router that was built: those for other databases wait for a checkout.
    pub(super) fn seat_newcomer(&self, slot: usize, member: &Arc<Member>) -> Result<(), Error> {
        let Some(inner) = self.inner.databases.open_as_built() else {
            return Ok(());
        };
        let built = Self { inner, on: None };
        let seat = Arc::new(built.seat_of(member)?);
        built.inner.seat_at(slot, Some(seat));
        Ok(())
    }

    /// Takes the node in `slot` out: no decision is for it any more, and its pools lend nothing.
    pub(super) fn unseat(&self, settings: &Settings, slot: usize) -> Leaving<F::Pools> {
        let routers = self.inner.databases.open();
        let seats = routers.iter().filter_map(|router| router.seat_in(slot));
        let seats = seats.collect();
        self.inner.shared.let_go(settings, slot);
        for router in &routers {
            router.seat_at(slot, None);
        }
        Leaving::new(seats, settings.drain_timeout)
    }

    /// Returns what routers for all databases share, to be locked while nodes come and go.
    pub(super) fn databases(&self) -> &DatabasesOf<C, F> {
        &self.inner.databases
    }

    /// Returns the same, to keep no router.
    pub(super) fn databases_weak(&self) -> WeakDatabases<C, F> {
        Arc::downgrade(&self.inner.databases)
    }

    /// Returns a router that is open, for any database.
    pub(super) fn any_of(databases: &WeakDatabases<C, F>) -> Option<Self> {
        let inner = databases.upgrade()?.open().into_iter().next()?;
        Some(Self { inner, on: None })
    }

    /// Returns an error if the router is closed.
    pub(super) fn check_open(&self, node: usize) -> Result<(), Error> {
        if self.inner.is_closed() {
            return Err(self.closed(node));
        }
        Ok(())
    }

    /// Returns the error of a checkout from a router that is closed.
    pub(crate) fn closed(&self, node: usize) -> Error {
        let node = self.inner.shared.name(node);
        Error::checkout(node, Step::Closed, Instant::now(), "the router was closed")
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Returns whether both are clones of one: routers for two databases are not.
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
    Option<Arc<Tag>>,
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
            .field("database", &self.database())
            .finish_non_exhaustive()
    }
}
