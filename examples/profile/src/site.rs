//! `Site`: one instance of the service.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use diesel_async::AsyncPgConnection;
use diesel_routing::edge::{Edge, MemoryStore, RedisStore, TokenCookie};
use diesel_routing::pg::Router;
use diesel_routing::{Breaker, Node, RouterBuilder, TokenKeys};

use crate::gauge::Gauge;
use crate::letters::Queue;
use crate::{Lab, Nodes, Trail, inventory, seed, web};

/// The number of sessions that the store in memory keeps.
const SESSIONS: u64 = 10_000;

/// How long the primary must be well before it serves more again: short, for people who watch.
const HOLD: Duration = Duration::from_secs(2);

/// The class of reads that the shop can do without.
pub(crate) const SHOP_WINDOW: &str = "shop window";
/// The class of reads of a user's own pages.
pub(crate) const OWN_PAGES: &str = "own pages";

/// One instance of the service: a router of its own, and what it saw. Clones share them.
#[derive(Debug, Clone)]
pub struct Site {
    pub(crate) router: Router,
    pub(crate) edge: Edge<AsyncPgConnection>,
    pub(crate) trail: Trail,
    pub(crate) letters: Queue,
    pub(crate) lab: Option<Arc<Lab>>,
    pub(crate) gauge: Gauge,
}

impl Site {
    /// Begins an instance on these nodes, whose sessions travel in a cookie.
    pub fn builder(nodes: &Nodes) -> SiteBuilder<'_> {
        SiteBuilder {
            nodes,
            router: None,
            secret: None,
            store: None,
            users: None,
        }
    }

    /// Returns the same instance, whose responses do not say where their reads came from.
    #[must_use]
    pub fn untimed(&self) -> Self {
        Self {
            edge: self.edge.clone().server_timing(false),
            ..self.clone()
        }
    }

    /// Returns its router.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// Returns its edge, with what it had to do without.
    pub fn edge(&self) -> &Edge<AsyncPgConnection> {
        &self.edge
    }

    /// Returns the trail: where its connections came from.
    #[must_use]
    pub fn trail(&self) -> &Trail {
        &self.trail
    }
}

/// The parts that an instance is made of.
#[derive(Debug)]
#[must_use = "a site starts with `open`"]
pub struct SiteBuilder<'a> {
    nodes: &'a Nodes,
    router: Option<Router>,
    secret: Option<[u8; 32]>,
    store: Option<Store>,
    users: Option<u32>,
}

#[derive(Debug)]
enum Store {
    Memory(MemoryStore),
    Redis(RedisStore),
}

impl<'a> SiteBuilder<'a> {
    /// Sets what tokens are signed with: the same for all instances. Defaults to a random one.
    pub fn secret(mut self, secret: [u8; 32]) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Serves with this router, a test's say, in place of one on the nodes.
    pub fn on(mut self, router: Router) -> Self {
        self.router = Some(router);
        self
    }

    /// Keeps sessions' states in this process, 10,000 at most; no token travels.
    pub fn in_memory(self) -> Self {
        self.in_store(MemoryStore::new(SESSIONS))
    }

    /// Does the same, in a store that the caller keeps an eye on.
    pub fn in_store(mut self, store: MemoryStore) -> Self {
        self.store = Some(Store::Memory(store));
        self
    }

    /// Keeps sessions' states in this Redis; no token travels.
    ///
    /// # Errors
    ///
    /// It is no URL of a Redis.
    pub fn in_redis(mut self, url: &str) -> Result<Self> {
        self.store = Some(Store::Redis(RedisStore::new(url)?));
        Ok(self)
    }

    /// Makes the tables anew, with so many users.
    pub fn plant(mut self, users: u32) -> Self {
        self.users = Some(users);
        self
    }

    /// Connects to the nodes.
    ///
    /// # Errors
    ///
    /// A node gives no connection, or is not what it should be; a replica does not replay.
    pub async fn open(mut self) -> Result<Site> {
        let gauge = Gauge::default();
        let router = match self.router.take() {
            Some(router) => router,
            None => self.connect(&gauge).await?,
        };
        if let Some(users) = self.users {
            let mark = seed::plant(&router, users).await?;
            for replica in &self.nodes.replicas {
                seed::wait_for(replica, &mark).await?;
            }
        }
        let edge = match self.store {
            // Without TLS, and so without `Secure`: it listens on this machine only.
            None => Edge::new(router.clone())?.cookie(TokenCookie::default().secure(false))?,
            Some(Store::Memory(store)) => Edge::stored(router.clone(), store, web::store_key),
            Some(Store::Redis(store)) => Edge::stored(router.clone(), store, web::store_key),
        };
        let edge = edge
            .rules(inventory::rules())?
            .server_timing(true)
            // The same user belongs to a share or does not, on every instance.
            .session_key(web::store_key);
        let trail = Trail::default();
        Ok(Site {
            letters: Queue::start(router.clone(), trail.clone()),
            edge,
            router,
            trail,
            lab: self.nodes.lab.clone(),
            gauge,
        })
    }

    /// Returns the settings of its router, which is on no nodes yet.
    ///
    /// # Errors
    ///
    /// The system gives no random numbers.
    pub fn settings(&self) -> Result<RouterBuilder<AsyncPgConnection>> {
        let secret = match self.secret {
            Some(secret) => secret,
            None => random()?,
        };
        let mut builder = Router::builder()
            .name("profile")
            .token_keys(TokenKeys::new(1, secret)?)
            .breaker(Breaker::new().hold(HOLD));
        for (name, class) in inventory::classes() {
            builder = builder.class(name, class);
        }
        Ok(builder)
    }

    async fn connect(&self, gauge: &Gauge) -> Result<Router> {
        let node = |address: &crate::Address| Node::new(&address.name, &address.url);
        let load = gauge.clone();
        web::install_recorder();
        let builder = self.settings()?.load_with(move || load.share());
        let mut builder = builder.primary(node(&self.nodes.primary));
        for replica in &self.nodes.replicas {
            builder = builder.replica(node(replica));
        }
        builder.build().await.context("the router does not start")
    }
}

fn random() -> Result<[u8; 32]> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).context("the system gives no random numbers")?;
    Ok(secret)
}
