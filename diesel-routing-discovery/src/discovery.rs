//! `Discovery`: asks a source again and again.

use std::collections::HashSet;
use std::time::Duration;

use diesel_routing::Node;
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use rand::RngExt as _;

use crate::{DiscoveryError, Found, Source};

/// Asks a [`Source`] again and again, and tells the sets of nodes that it gives.
///
/// # Example
///
/// ```no_run
/// # #[cfg(feature = "dns")]
/// # fn example() -> Result<(), diesel_routing_discovery::DiscoveryError> {
/// use diesel_routing::Node;
/// use diesel_routing_discovery::{Discovery, Dns};
///
/// let replicas = Dns::addresses("replicas.db.internal", |address| {
///     Node::new(address.to_string(), format!("postgres://app@{address}/app"))
/// })?;
/// let node_sets = Discovery::of(replicas).into_stream();
/// # let _ = node_sets;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Discovery<S> {
    source: S,
    floor: Duration,
    ceiling: Duration,
    timeout: Duration,
    most: usize,
}

impl<S: Source> Discovery<S> {
    /// Creates one that asks this source every 5 s, give or take a tenth.
    #[must_use]
    pub fn of(source: S) -> Self {
        Self {
            source,
            floor: Duration::from_secs(1),
            ceiling: Duration::from_secs(5),
            timeout: Duration::from_secs(5),
            most: 1_000,
        }
    }

    /// Sets the least time between two questions, for sources that say how long an answer stands, and after signs of a
    /// change. Defaults to 1 s.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use diesel_routing_discovery::{Discovery, Source};
    ///
    /// fn calm(source: impl Source) -> Discovery<impl Source> {
    ///     Discovery::of(source)
    ///         .no_more_often_than(Duration::from_secs(10))
    ///         .at_least_every(Duration::from_secs(60))
    ///         .timeout(Duration::from_secs(2))
    ///         .at_most_nodes(16)
    /// }
    ///
    /// async fn look(discovery: &mut Discovery<impl Source>) -> Result<(), diesel_routing_discovery::DiscoveryError> {
    ///     for node in discovery.ask().await? {
    ///         println!("{}", node.name());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn no_more_often_than(mut self, floor: Duration) -> Self {
        self.floor = floor;
        self.ceiling = self.ceiling.max(floor);
        self
    }

    /// Sets the most time between two questions. Defaults to 5 s.
    #[must_use]
    pub fn at_least_every(mut self, ceiling: Duration) -> Self {
        self.ceiling = ceiling;
        self.floor = self.floor.min(ceiling);
        self
    }

    /// Sets how long the source may take to answer. Defaults to 5 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the most nodes that are believed. Defaults to 1,000: more is a mistake of the source, and each would cost pools
    /// and a watcher.
    #[must_use]
    pub fn at_most_nodes(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// Asks once.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError`], if the source does not answer in time, or with something that cannot be a set of nodes.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn ask(&mut self) -> Result<Vec<Node>, DiscoveryError> {
        self.look().await.map(|found| found.nodes)
    }

    /// Returns the node sets as a stream, which does not end: the first at once, later ones as they are asked for.
    ///
    /// An error means that the last set stands. Polls of the stream do the work: what nobody polls asks nothing. Dropping it
    /// ends it. Needs tokio's time.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<Node>, DiscoveryError>> + Send {
        stream::unfold((self, None::<Pause>), |(mut this, pause)| async move {
            if let Some(pause) = pause {
                this.rest(pause).await;
            }
            let found = this.look().await;
            let pause = Pause::after(found.as_ref().ok(), this.floor, this.ceiling);
            let nodes = found.map(|found| found.nodes);
            Some((nodes, (this, Some(pause))))
        })
    }

    /// Returns the node sets as an iterator that waits between them, for blocking code: give it a thread.
    ///
    /// # Errors
    ///
    /// The system's, if no runtime can be started to ask in.
    pub fn into_blocking(
        self,
    ) -> std::io::Result<impl Iterator<Item = Result<Vec<Node>, DiscoveryError>> + Send> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let mut sets = Box::pin(self.into_stream());
        Ok(std::iter::from_fn(move || runtime.block_on(sets.next())))
    }

    async fn look(&mut self) -> Result<Found, DiscoveryError> {
        let Ok(answer) = tokio::time::timeout(self.timeout, self.source.ask()).await else {
            return Err(DiscoveryError::TimedOut {
                source_name: self.source.name(),
                timeout: self.timeout,
            });
        };
        let found = answer?;
        check(&found.nodes, self.most, || self.source.name())?;
        Ok(found)
    }

    /// Waits until the next question.
    async fn rest(&mut self, pause: Pause) {
        tokio::time::sleep(pause.least).await;
        tokio::select! {
            () = tokio::time::sleep(pause.most.saturating_sub(pause.least)) => {}
            () = self.source.changed() => {}
        }
    }
}

/// The time between two questions.
#[derive(Debug, Clone, Copy)]
struct Pause {
    /// The time that passes in any case.
    least: Duration,
    /// The time after which the source is asked though it gives no sign.
    most: Duration,
}

impl Pause {
    /// Returns the time after this answer: as long as it stands, within the limits.
    fn after(found: Option<&Found>, floor: Duration, ceiling: Duration) -> Self {
        let stands = found.and_then(|found| found.valid_for).unwrap_or(ceiling);
        // So that the processes of a service do not ask all at once.
        let jitter = rand::rng().random_range(0.9..1.1);
        let most = stands.clamp(floor, ceiling).mul_f64(jitter);
        Self {
            least: floor.min(most),
            most,
        }
    }
}

/// Checks that these can be a router's nodes.
fn check(
    nodes: &[Node],
    most: usize,
    source_name: impl Fn() -> String,
) -> Result<(), DiscoveryError> {
    if nodes.is_empty() {
        return Err(DiscoveryError::Empty {
            source_name: source_name(),
            remedy: "the nodes that it told last stand; see whether it is the right place to ask",
        });
    }
    if nodes.len() > most {
        return Err(DiscoveryError::TooMany {
            source_name: source_name(),
            found: nodes.len(),
            limit: most,
        });
    }
    let mut names = HashSet::new();
    match nodes.iter().find(|node| !names.insert(node.name())) {
        Some(node) => Err(DiscoveryError::DuplicateName {
            source_name: source_name(),
            name: node.name().to_owned(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::pin;
    use std::sync::Arc;

    use tokio::sync::Notify;
    use tokio::time::Instant;

    use super::*;

    /// A source with these answers, the last of them for ever; `None` never comes.
    struct Told {
        answers: VecDeque<Option<Found>>,
        sign: Arc<Notify>,
    }

    fn told(answers: impl IntoIterator<Item = Option<Found>>) -> Told {
        Told {
            answers: answers.into_iter().collect(),
            sign: Arc::default(),
        }
    }

    impl Source for Told {
        fn name(&self) -> String {
            "the list".to_owned()
        }

        async fn ask(&mut self) -> Result<Found, DiscoveryError> {
            let answer = match self.answers.len() {
                1 => self.answers[0].clone(),
                _ => self.answers.pop_front().unwrap(),
            };
            match answer {
                Some(found) => Ok(found),
                None => std::future::pending().await,
            }
        }

        async fn changed(&mut self) {
            self.sign.notified().await;
        }
    }

    fn nodes(names: &[&str]) -> Found {
        Found::new(names.iter().map(|name| Node::new(*name, "url")).collect())
    }

    fn names(nodes: &[Node]) -> Vec<&str> {
        nodes.iter().map(Node::name).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_set_comes_at_once_and_later_ones_in_time() {
        let source = told([Some(nodes(&["one"])), Some(nodes(&["one", "two"]))]);
        let mut sets = pin!(Discovery::of(source).into_stream());
        let start = Instant::now();
        assert_eq!(names(&sets.next().await.unwrap().unwrap()), ["one"]);
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(names(&sets.next().await.unwrap().unwrap()), ["one", "two"]);
        let passed = start.elapsed();
        assert!((4_500..=5_501).contains(&passed.as_millis()), "{passed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_stands_for_a_time_is_asked_for_again_after_it_within_limits() {
        for (stands, limits) in [(2, 1_800..=2_201), (0, 900..=1_101), (60, 4_500..=5_501)] {
            let answer = nodes(&["one"]).valid_for(Duration::from_secs(stands));
            let mut sets = pin!(Discovery::of(told([Some(answer)])).into_stream());
            sets.next().await.unwrap().unwrap();
            let start = Instant::now();
            sets.next().await.unwrap().unwrap();
            let passed = start.elapsed().as_millis();
            assert!(limits.contains(&passed), "{stands} s: {passed} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_sign_of_a_change_the_source_is_asked_before_its_time() {
        let source = told([Some(nodes(&["one"]))]);
        let sign = Arc::clone(&source.sign);
        let mut sets = pin!(Discovery::of(source).into_stream());
        sets.next().await.unwrap().unwrap();
        let start = Instant::now();
        sign.notify_one();
        sets.next().await.unwrap().unwrap();
        assert!(
            start.elapsed() < Duration::from_millis(1_101),
            "{:?}",
            start.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_does_not_answer_fails_in_time_and_is_asked_again() {
        let source = told([None, Some(nodes(&["one"]))]);
        let mut sets = pin!(Discovery::of(source).into_stream());
        let error = sets.next().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "the list has not answered within 5s");
        assert_eq!(names(&sets.next().await.unwrap().unwrap()), ["one"]);
    }

    #[test]
    fn blocking_code_gets_the_same_sets() {
        let source = told([Some(nodes(&["one"])), Some(nodes(&["two"]))]);
        let quick = Duration::from_millis(1);
        let discovery = Discovery::of(source)
            .no_more_often_than(quick)
            .at_least_every(quick);
        let mut sets = discovery.into_blocking().unwrap();
        assert_eq!(names(&sets.next().unwrap().unwrap()), ["one"]);
        assert_eq!(names(&sets.next().unwrap().unwrap()), ["two"]);
    }

    #[tokio::test]
    async fn what_cannot_be_a_set_of_nodes_is_refused() {
        let many = (0..10_000)
            .map(|index: u32| Node::new(index.to_string(), "url"))
            .collect();
        let cases = [
            (Found::new(Vec::new()), "the list knows no node"),
            (
                Found::new(many),
                "the list knows 10000 nodes, and at most 1000 are believed",
            ),
            (
                nodes(&["one", "two", "one"]),
                "the list has two nodes called `one`",
            ),
        ];
        for (found, words) in cases {
            let error = Discovery::of(told([Some(found)])).ask().await.unwrap_err();
            assert!(error.to_string().starts_with(words), "{error}");
        }
    }
}
