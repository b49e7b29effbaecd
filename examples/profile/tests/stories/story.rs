//! `Story`: what one scenario is about.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::Router as App;
use cucumber::World;
use profile::{Lab, Nodes, Site, app};

use crate::browser::Browser;
use crate::client::{Client, Page};
use crate::redis::Redis;

/// How long something may take that happens soon.
const SOON: Duration = Duration::from_secs(30);
const USERS: u32 = 12;

#[derive(Debug, Default, World)]
pub(crate) struct Story {
    /// Before the nodes, whose connections it has.
    pub(crate) browser: Option<Browser>,
    pub(crate) services: Vec<Service>,
    nodes: Option<Nodes>,
    pub(crate) redis: Option<Redis>,
    clients: HashMap<i32, Client>,
    /// The last page that was opened.
    pub(crate) page: Option<Page>,
    /// What came of the reservations.
    pub(crate) reserved: usize,
}

/// One node of the service.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) site: Site,
    pub(crate) app: App,
}

impl Story {
    pub(crate) fn start_nodes(&mut self, replicas: usize) {
        self.nodes = Some(Nodes::start(replicas).expect("PostgreSQL"));
    }

    /// Starts a node of the service; the first one makes the tables.
    pub(crate) async fn start_service(&mut self, secret: u8) {
        let mut builder = Site::builder(self.nodes.as_ref().expect("nodes")).secret([secret; 32]);
        if self.services.is_empty() {
            builder = builder.plant(USERS);
        }
        if let Some(redis) = &self.redis {
            builder = builder.in_redis(&redis.url()).expect("a URL");
        }
        let site = builder.open().await.expect("a service");
        let app = app(site.clone());
        self.services.push(Service { site, app });
    }

    pub(crate) fn lab(&self) -> &Lab {
        let nodes = self.nodes.as_ref().expect("nodes");
        nodes.lab().expect("nodes of the kit's")
    }

    pub(crate) fn replicas(&self) -> std::ops::Range<usize> {
        0..self.lab().cluster().standbys().len()
    }

    pub(crate) fn client(&mut self, user: i32) -> &mut Client {
        let client = self.clients.entry(user);
        client.or_insert_with(|| Client::of_user(user))
    }

    /// Opens a page of a service, counted from 0.
    pub(crate) async fn open(&mut self, user: i32, path: &str, service: usize) {
        let app = self.services[service].app.clone();
        self.page = Some(self.client(user).get(&app, path).await);
    }

    /// Opens a page of the first service, whatever comes of it.
    pub(crate) async fn look(&mut self, user: i32, path: &str) -> Page {
        let app = self.services[0].app.clone();
        self.client(user).look(&app, path).await
    }

    pub(crate) async fn post(&mut self, user: i32, path: &str, form: &str) -> Page {
        let app = self.services[0].app.clone();
        self.client(user).post(&app, path, form).await
    }

    pub(crate) fn page(&self) -> &Page {
        self.page.as_ref().expect("a page was opened")
    }

    /// What the primary has, past the service.
    pub(crate) fn fact(&self, sql: &str) -> Option<String> {
        let primary = self.lab().cluster().primary();
        primary.query_value(sql).expect("an answer")
    }
}

/// Counts the time until something happens.
#[derive(Debug)]
pub(crate) struct Soon(Instant);

impl Soon {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Before the next look.
    pub(crate) async fn not_yet(&self, what: &str) {
        assert!(self.0.elapsed() < SOON, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
