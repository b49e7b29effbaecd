//! What a run has shown.

use std::collections::BTreeMap;

use diesel_routing_verify::oracle::Kept;
use diesel_routing_verify::oracle::Record;

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) records: Vec<Record>,
    pub(crate) kept: Kept,
    /// How many of which kind were injected.
    pub(crate) faults: BTreeMap<&'static str, u64>,
    /// What failed, and how often.
    pub(crate) errors: BTreeMap<String, u64>,
}
