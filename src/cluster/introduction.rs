//! `Introduction`: what a server says on a new connection.

use super::{Observation, ServerFacts};

/// The facts that a server tells of itself on a new connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Introduction {
    /// The facts about it.
    pub facts: ServerFacts,
    /// Its role and position, if they came with the facts. Otherwise they are asked for where they are needed.
    pub observation: Option<Observation>,
}

impl From<ServerFacts> for Introduction {
    fn from(facts: ServerFacts) -> Self {
        Self {
            facts,
            observation: None,
        }
    }
}

impl Introduction {
    /// Adds the role and the position, if they came with the facts.
    #[must_use]
    pub fn with_observation(mut self, observation: Option<Observation>) -> Self {
        self.observation = observation;
        self
    }
}
