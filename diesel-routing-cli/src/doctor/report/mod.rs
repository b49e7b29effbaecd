//! The report: the nodes first, then what is wrong, worst first.

mod json;
mod text;

use super::facts::Topology;
use super::finding::Finding;
use crate::failure::Failure;
use crate::output::Output;

/// Shows what is known and what is wrong.
pub(super) fn show(
    topology: &Topology,
    findings: &[Finding],
    out: &mut Output,
) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(&json::Document::new(topology, findings));
    }
    text::print(topology, findings, out)
}
