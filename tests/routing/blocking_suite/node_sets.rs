//! Node sets that the test tells, as an iterator.

use std::sync::mpsc::{Sender, channel};

use super::*;

pub(crate) type Told = Result<Vec<Node>, String>;

/// Has the router follow what is sent.
pub(crate) fn followed(router: &Router) -> Sender<Told> {
    let (tell, sets) = channel::<Told>();
    let nodes = router.nodes();
    std::thread::spawn(move || nodes.follow(sets));
    tell
}
