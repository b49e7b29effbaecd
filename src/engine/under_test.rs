//! Builders of routers for one test.

use super::{Flavour, RouterBuilder};
use crate::cluster::Node;

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> RouterBuilder<C, F> {
    /// Makes this a router of one database, whatever nodes it was given, whose connections come from this library.
    pub(crate) fn under_test(mut self, library: F::Library, node: Node) -> Self {
        self.library = library;
        self.on_one(node)
    }

    /// Makes this a router of one database, whatever nodes it was given.
    pub(crate) fn on_one(mut self, node: Node) -> Self {
        self.nodes.clear();
        self.single_database(node)
    }
}
