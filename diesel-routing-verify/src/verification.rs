//! `Verification`: what is verified, and how hard.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use diesel_routing::Router;

use crate::activity::Node;
use crate::error::Error;
use crate::report::Report;
use crate::run;
use crate::sql::Place;
use crate::statements::Verifiable;
use crate::strategy::Strategy;
use crate::subject::{Custom, Routed, Subject};

/// The age of what a bounded read may lack.
pub(crate) const BOUND: Duration = Duration::from_secs(1);

/// The longest run: everything that clients are shown is kept until it is judged.
const LONGEST: Duration = Duration::from_secs(600);

/// A verification of a router, or of a [`Strategy`]: see the [crate](crate).
///
/// It writes into a schema (PostgreSQL), a database (MySQL, MariaDB) or tables (SQLite) of its own with a name that begins with
/// `diesel_routing_verify_`, which it removes in the end, whatever came between. If its future is dropped, it is removed in the
/// background, as long as the runtime lives. What a killed process leaves behind is named by the next run's report, and removed by one
/// that is [told to](Self::remove_leftovers).
pub struct Verification {
    pub(crate) subject: Arc<dyn Subject>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) length: Duration,
    pub(crate) clients: u32,
    pub(crate) pause: Duration,
    pub(crate) seed: Option<u64>,
    pub(crate) place: Place,
    pub(crate) removes_leftovers: bool,
    pub(crate) progress: Option<OnProgress>,
}

type OnProgress = Box<dyn FnMut(&Progress) + Send>;

/// The progress of a run, once a second.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Progress {
    /// The present step.
    pub step: &'static str,
    /// The time since its clients began.
    pub elapsed: Duration,
    /// The time that they have in all.
    pub length: Duration,
    /// Acts that succeeded: reads, locks, writes.
    pub acts: u64,
    /// Acts that failed.
    pub failed: u64,
}

impl Verification {
    /// Verifies a router.
    #[must_use]
    pub fn new<C: Verifiable>(router: &Router<C>) -> Self {
        Self::of(Arc::new(Routed(router.clone())))
    }

    /// Verifies a way to choose connections that is not a router's.
    #[must_use]
    pub fn of_strategy<C: Verifiable, S: Strategy<C>>(strategy: S) -> Self {
        Self::of(Arc::new(Custom::<C, S>::new(strategy)))
    }

    fn of(subject: Arc<dyn Subject>) -> Self {
        Self {
            place: run::default_place(&*subject),
            subject,
            nodes: Vec::new(),
            length: Duration::from_secs(10),
            clients: 10,
            pause: Duration::from_millis(10),
            seed: None,
            removes_leftovers: false,
            progress: None,
        }
    }

    /// Adds the primary among the nodes that are asked what they run. Its name and URL are all that is used of it.
    #[must_use]
    pub fn primary(self, node: &diesel_routing::Node) -> Self {
        self.add(node, Some(true))
    }

    /// Adds a replica among the nodes that are asked what they run.
    #[must_use]
    pub fn replica(self, node: &diesel_routing::Node) -> Self {
        self.add(node, Some(false))
    }

    /// Adds a node of whichever role among those that are asked what they run. Servers say which role they have, but for SQLite.
    #[must_use]
    pub fn node(self, node: &diesel_routing::Node) -> Self {
        self.add(node, None)
    }

    fn add(mut self, node: &diesel_routing::Node, is_primary: Option<bool>) -> Self {
        self.nodes.push(Node {
            name: node.name().to_owned(),
            url: node.url().to_owned(),
            is_primary,
        });
        self
    }

    /// Sets for how many seconds clients work. Defaults to 10; 600 at most.
    #[must_use]
    pub fn seconds(mut self, seconds: u64) -> Self {
        self.length = Duration::from_secs(seconds);
        self
    }

    /// Sets the number of clients that work at the same time. Defaults to 10.
    #[must_use]
    pub fn clients(mut self, clients: u32) -> Self {
        self.clients = clients;
        self
    }

    /// Sets the longest pause of a client between two acts. Defaults to 10 ms: so 10 clients do up to 2,000 acts a second.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Sets the seed of what clients do. Defaults to one at random, which the report has.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Puts the run's tables beside the application's, with the run's name in front of theirs, for accounts that may not create
    /// schemas (PostgreSQL) or databases (MySQL, MariaDB). SQLite's are always there.
    #[must_use]
    pub fn in_tables(mut self) -> Self {
        self.place = Place::Tables;
        self
    }

    /// Removes what runs that are over have left behind, before this one begins.
    #[must_use]
    pub fn remove_leftovers(mut self) -> Self {
        self.removes_leftovers = true;
        self
    }

    /// Calls `f` once a second while the run goes on, and at each of its steps.
    #[must_use]
    pub fn on_progress(mut self, f: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.progress = Some(Box::new(f));
        self
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// Returns why nothing could be verified. What was found to be wrong is no error: see
    /// [`Report::violations`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the run's tables are removed in the background, as long as the runtime lives.
    pub async fn run(self) -> Result<Report, Error> {
        self.run_until(std::future::pending()).await
    }

    /// Runs it until `stop` is done, if that is before its time: what there is by then is judged, and the run's tables are removed.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// As for [`run`](Self::run).
    ///
    /// # Example
    ///
    /// ```no_run
    /// use diesel_routing::pg::Router;
    /// use diesel_routing_verify::Verification;
    ///
    /// async fn until_asked_to_stop(router: &Router, stop: impl Future<Output = ()> + Send) {
    ///     let report = Verification::new(router)
    ///         .remove_leftovers() // of runs that were killed
    ///         .seed(7)
    ///         .on_progress(|progress| println!("{:?}: {} acts", progress.elapsed, progress.acts))
    ///         .run_until(stop)
    ///         .await;
    ///     match report {
    ///         Ok(report) => match report.shows_nothing() {
    ///             Some(why) => println!("it shows nothing: {why}"),
    ///             None => println!("{}", report.to_json()),
    ///         },
    ///         Err(error) => println!("{}: {error}", error.code()),
    ///     }
    /// }
    /// ```
    pub async fn run_until(self, stop: impl Future<Output = ()> + Send) -> Result<Report, Error> {
        if self.clients == 0 {
            return Err(Error::Settings("there must be a client".to_owned()));
        }
        if self.length.is_zero() || self.length > LONGEST {
            let longest = LONGEST.as_secs();
            return Err(Error::Settings(format!(
                "a run takes from 1 to {longest} seconds: run it again for longer"
            )));
        }
        run::run(self, stop).await
    }
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<_> = self.nodes.iter().map(|node| &node.name).collect();
        f.debug_struct("Verification")
            .field("nodes", &nodes)
            .field("length", &self.length)
            .field("clients", &self.clients)
            .finish_non_exhaustive()
    }
}
