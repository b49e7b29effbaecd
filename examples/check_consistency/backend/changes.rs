//! Removes, adds and replaces the routers' nodes while sessions work.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use diesel_routing::{Error, Node};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::runtime::Handle;

use crate::client::World;
use crate::schedule::millis;
use diesel_routing_verify::oracle::Event;

use super::{blocking_handles, handles};

/// A router, and the nodes that it may have.
#[derive(Debug)]
pub(crate) struct Changing {
    pub(crate) router: AnyRouter,
    pub(crate) nodes: Vec<Named>,
}

#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) node: Node,
}

#[derive(Debug)]
pub(crate) enum AnyRouter {
    Asynchronous(handles::Router),
    Blocking(blocking_handles::Router),
}

impl AnyRouter {
    fn names(&self) -> Vec<String> {
        match self {
            Self::Asynchronous(router) => router.nodes().names(),
            Self::Blocking(router) => router.nodes().names(),
        }
    }

    fn add(&self, node: Node, runtime: &Handle) -> Result<(), Error> {
        match self {
            Self::Asynchronous(router) => runtime.block_on(router.nodes().add(node)),
            Self::Blocking(router) => router.nodes().add(node),
        }
    }

    fn remove(&self, name: &str, runtime: &Handle) -> Result<(), Error> {
        match self {
            Self::Asynchronous(router) => runtime.block_on(router.nodes().remove(name)).map(drop),
            Self::Blocking(router) => router.nodes().remove(name).map(drop),
        }
    }

    fn replace(&self, node: Node, runtime: &Handle) -> Result<(), Error> {
        match self {
            Self::Asynchronous(router) => runtime.block_on(router.nodes().replace(node)).map(drop),
            Self::Blocking(router) => router.nodes().replace(node).map(drop),
        }
    }
}

/// Changes nodes until time is up; returns how often it did what.
pub(crate) fn change(
    routers: &[Changing],
    runtime: &Handle,
    world: &World,
) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    // Another sequence than those of the faults.
    let mut random = SmallRng::seed_from_u64(world.seed.rotate_left(32));
    while world.sleep_until(Instant::now() + millis(&mut random, 20, 400)) {
        let number = random.random_range(0..routers.len());
        let Changing { router, nodes } = &routers[number];
        let Named { name, node } = &nodes[random.random_range(0..nodes.len())];
        let names = router.names();
        let (what, done) = if !names.contains(name) {
            ("node added", router.add(node.clone(), runtime))
        } else if names.len() > 1 && random.random_bool(0.5) {
            ("node removed", router.remove(name, runtime))
        } else {
            ("node replaced", router.replace(node.clone(), runtime))
        };
        let outcome = match done {
            Ok(()) => {
                *counts.entry(what).or_default() += 1;
                String::new()
            }
            Err(error) => format!(": {error}"),
        };
        let told = format!("router {number}: {name}: {what}{outcome}");
        world.history.note(0, Event::Fault(told));
    }
    counts
}

/// The time that is waited for the handles of a node that is removed: short, so that nodes change often.
pub(crate) const DRAIN: Duration = Duration::from_millis(100);
