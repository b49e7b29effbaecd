//! On each framework, users see what they have written while the replica is behind.

mod graphql;
mod hyper;
mod jobs;
mod poem;
mod salvo;
