//! One test for both flavours, where only building a router differs.

use std::time::Duration;

use diesel_routing::{Error, Node, Status};

use super::{Router as AsyncRouter, sync};

/// A router of either flavour.
pub(crate) enum Router {
    /// With the runtime that its watchers live in.
    Async(
        AsyncRouter,
        #[expect(dead_code, reason = "kept")] tokio::runtime::Runtime,
    ),
    Blocking(sync::Router),
}

/// A builder of either flavour.
macro_rules! configured {
    ($router:ty, $primary:expr, $replicas:expr, $all:expr) => {{
        let builder = <$router>::builder().primary($primary);
        let builder = $replicas
            .into_iter()
            .fold(builder, |builder, replica| builder.replica(replica));
        if $all {
            // Round trips are counted: no question comes in between.
            builder
                .require_all()
                .watch_interval(Duration::from_secs(10))
        } else {
            builder
        }
    }};
}

impl Router {
    /// Both flavours' outcomes of one configuration, one after the other.
    pub(crate) fn build_both(
        primary: &Node,
        replicas: &[Node],
    ) -> impl Iterator<Item = Result<Self, Error>> {
        Self::build_each(primary, replicas, false)
    }

    /// The same, if all nodes are what they are configured as.
    pub(crate) fn build_both_of_all(
        primary: &Node,
        replicas: &[Node],
    ) -> impl Iterator<Item = Result<Self, Error>> {
        Self::build_each(primary, replicas, true)
    }

    fn build_each(
        primary: &Node,
        replicas: &[Node],
        all: bool,
    ) -> impl Iterator<Item = Result<Self, Error>> + use<> {
        let (primary, replicas) = (primary.clone(), replicas.to_vec());
        [Self::build_async, Self::build_blocking]
            .into_iter()
            .map(move |build| build(primary.clone(), replicas.clone(), all))
    }

    pub(crate) fn status(&self) -> Status {
        match self {
            Self::Async(router, _) => router.status(),
            Self::Blocking(router) => router.status(),
        }
    }

    fn build_async(primary: Node, replicas: Vec<Node>, all: bool) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let builder = configured!(AsyncRouter, primary, replicas, all);
        let router = runtime.block_on(builder.build())?;
        Ok(Self::Async(router, runtime))
    }

    fn build_blocking(primary: Node, replicas: Vec<Node>, all: bool) -> Result<Self, Error> {
        let builder = configured!(sync::Router, primary, replicas, all);
        builder.build().map(Self::Blocking)
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Async(..) => "the async router",
            Self::Blocking(_) => "the blocking router",
        })
    }
}
