//! `Databases`: what the routers for the databases of the same servers share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use diesel_routing_sql::Dialect as Sql;

use super::router::Inner;
use super::{Recipe, Shared};
use crate::connect::is_plain;
use crate::error::ConfigError;
use crate::mutex::lock;
use crate::server::PoolKind;

/// The state that the router that was built shares with those [for other databases](super::Router::for_database) of its servers:
/// all that is known of the nodes, for that holds whatever the database.
pub(super) struct Databases<P, L, H> {
    pub(super) shared: Arc<Shared>,
    pub(super) recipe: Arc<Recipe<L, H>>,
    /// Locked while nodes come and go, and while pools to one are made.
    pub(super) changes: Mutex<()>,
    open: Mutex<Open<P, L, H>>,
    /// The configuration that the routers run under, as far as they have one.
    #[cfg(feature = "config")]
    running: Mutex<crate::config::RoutingConfig>,
    /// For those who change the configuration.
    #[cfg(feature = "config")]
    turnstile: Arc<super::Turnstile>,
}

/// The routers that are neither dropped nor closed. The watchers run for them.
struct Open<P, L, H> {
    /// The one that was built: its nodes have their URLs as given.
    built: Option<Weak<Inner<P, L, H>>>,
    by_name: HashMap<Arc<str>, Weak<Inner<P, L, H>>>,
}

/// A router that is open.
type Found<P, L, H> = Arc<Inner<P, L, H>>;

impl<P, L, H> Databases<P, L, H> {
    pub(super) fn new(shared: Arc<Shared>, recipe: Arc<Recipe<L, H>>) -> Self {
        Self {
            #[cfg(feature = "config")]
            running: Mutex::new(
                recipe
                    .settings
                    .configured
                    .config()
                    .map_or_else(Default::default, |config| (**config).clone()),
            ),
            #[cfg(feature = "config")]
            turnstile: Arc::default(),
            shared,
            recipe,
            changes: Mutex::default(),
            open: Mutex::new(Open {
                built: None,
                by_name: HashMap::new(),
            }),
        }
    }

    /// Returns the configuration that the routers run under.
    #[cfg(feature = "config")]
    pub(super) fn running(&self) -> crate::config::RoutingConfig {
        lock(&self.running).clone()
    }

    /// Records the configuration that the routers run under.
    #[cfg(feature = "config")]
    pub(super) fn run_under(&self, config: crate::config::RoutingConfig) {
        *lock(&self.running) = config;
    }

    /// Returns what those pass who change the configuration.
    #[cfg(feature = "config")]
    pub(super) fn turnstile(&self) -> &Arc<super::Turnstile> {
        &self.turnstile
    }

    /// Records the router that was built.
    pub(super) fn built(&self, router: &Arc<Inner<P, L, H>>) {
        lock(&self.open).built = Some(Arc::downgrade(router));
    }

    /// Has the recorder of metrics know the pools of all routers.
    #[cfg(feature = "metrics")]
    pub(super) fn record(self: &Arc<Self>)
    where
        P: super::NodePools,
        L: Send + Sync + 'static,
        H: Send + Sync + 'static,
    {
        let databases = Arc::downgrade(self);
        self.shared.recording.of_seats(move |each| {
            let Some(databases) = databases.upgrade() else {
                return;
            };
            for router in databases.open() {
                router.each_seat(|seat| each(&seat.member, &seat.pools));
            }
        });
        self.shared.record_metrics();
    }

    /// Returns the router for a database: the one that there is, else a new one; `None` if `asked`, which is asked for it, is
    /// closed. `decodes` says whether MySQL's driver decodes the name in a URL.
    pub(super) fn router(
        &self,
        asked: &Inner<P, L, H>,
        name: &str,
        decodes: bool,
    ) -> Result<Option<Found<P, L, H>>, ConfigError> {
        let mut open = lock(&self.open);
        if asked.is_closed() {
            return Ok(None);
        }
        let known = open.by_name.get(name).and_then(Weak::upgrade);
        if known.is_some() {
            return Ok(known);
        }
        self.check(name, decodes)?;
        let built = open.built.as_ref().and_then(Weak::upgrade);
        let router = match built {
            Some(built) if self.is_given(name) => built,
            _ => Arc::new(Inner::new(
                Arc::clone(&asked.databases),
                Some(name.into()),
                Vec::new(),
            )),
        };
        open.by_name.insert(name.into(), Arc::downgrade(&router));
        // Not dropped while this is locked: dropping it locks it.
        drop(open);
        Ok(Some(router))
    }

    /// Returns the routers that are open.
    pub(super) fn open(&self) -> Vec<Found<P, L, H>> {
        let open = lock(&self.open);
        let routers = open.built.iter().chain(open.by_name.values());
        let mut routers: Vec<_> = routers.filter_map(Weak::upgrade).collect();
        drop(open);
        // The one that was built may have a name as well.
        routers.sort_by_key(Arc::as_ptr);
        routers.dedup_by(|one, other| Arc::ptr_eq(one, other));
        routers
    }

    /// Returns the router that was built, if it is open.
    pub(super) fn open_as_built(&self) -> Option<Found<P, L, H>> {
        lock(&self.open).built.as_ref().and_then(Weak::upgrade)
    }

    /// Forgets a router that is closed or dropped. After the last one, the watchers stop.
    pub(super) fn forget(&self, router: &Inner<P, L, H>) {
        let mut open = lock(&self.open);
        let is_it = |other: &Weak<_>| std::ptr::eq(other.as_ptr(), router);
        match &router.database {
            // Another may have its name by now.
            Some(name) if open.by_name.get(name).is_some_and(is_it) => {
                open.by_name.remove(name);
            }
            Some(_) => {}
            None => {
                open.built.take_if(|built| is_it(built));
                open.by_name.retain(|_, other| !is_it(other));
            }
        }
        if open.built.is_none() && open.by_name.is_empty() {
            self.shared.signals.stop();
        }
    }

    /// Returns whether the nodes' URLs were given with this database.
    fn is_given(&self, name: &str) -> bool {
        let members = self.shared.members();
        members.iter().all(|(_, member)| member.leads_to(name))
    }

    /// Checks that there may be a database of this name, and that the nodes' URLs can be made to lead to it.
    fn check(&self, name: &str, decodes: bool) -> Result<(), ConfigError> {
        let database = || name.to_owned();
        let invalid = |why| {
            Err(ConfigError::DatabaseName {
                database: database(),
                why,
            })
        };
        let dialect = self.shared.dialect;
        if dialect == Sql::Sqlite {
            return Err(ConfigError::OneDatabase {
                database: database(),
            });
        }
        if name.is_empty() {
            return invalid("it is empty, and the server would take another");
        }
        if name.contains('\0') {
            return invalid("it has a NUL character");
        }
        if dialect == Sql::Postgres && name.len() > LONGEST {
            return invalid("it has more than 63 bytes, and PostgreSQL would cut it off there");
        }
        // The URL standard takes these for steps along the path.
        if dialect == Sql::Mysql && matches!(name, "." | "..") {
            return invalid("no URL can name it");
        }
        if dialect == Sql::Mysql && !decodes && !is_plain(name) {
            return invalid(
                "Diesel's blocking MySQL connection takes names from URLs as they stand there, and this would have to be encoded",
            );
        }
        let members = self.shared.members();
        for (_, member) in members.iter() {
            for pool in PoolKind::ALL {
                member.url_to(Some(name), Some(pool))?;
            }
        }
        Ok(())
    }
}

/// The most bytes of a name on PostgreSQL, which does not refuse a longer one: of two tenants' names with the same beginning, both
/// would lead to the database of one.
const LONGEST: usize = 63;
