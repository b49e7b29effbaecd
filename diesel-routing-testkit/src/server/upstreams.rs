use super::ServerError;

/// The node that each node but the first follows, before the cluster is there. Node 0 is the primary.
#[derive(Debug, Clone, Default)]
pub(crate) struct Upstreams(Vec<usize>);

impl Upstreams {
    /// Adds so many more nodes that follow the primary.
    pub(crate) fn add(&mut self, count: usize) {
        self.0.extend(std::iter::repeat_n(0, count));
    }

    /// Adds one more node, which follows this one.
    pub(crate) fn add_below(&mut self, node: usize) {
        self.0.push(node);
    }

    /// Returns how many nodes there are, the primary included.
    pub(crate) fn nodes(&self) -> usize {
        self.0.len() + 1
    }

    /// Returns the upstream of each node, from node 1 on.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().copied()
    }

    /// Returns whether each node follows one that is added before it.
    pub(crate) fn check(&self) -> Result<(), ServerError> {
        for (before, upstream) in self.iter().enumerate() {
            if upstream > before {
                return Err(ServerError::Refused {
                    node: format!("node{}", before + 1),
                    step: "be set up",
                    reason: format!("it would follow node{upstream}, which is not added before it"),
                });
            }
        }
        Ok(())
    }
}
