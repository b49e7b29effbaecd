//! `doctor`: what is wrong with a cluster, and what to do. `docs/doctor.md` has all that it finds.
//!
//! [`ask`] asks the servers, without a look at what is wrong. [`facts`] are what they said. [`rules`] look for what is wrong in
//! facts, and ask nobody. [`report`] shows both.

#![cfg_attr(
    not(all(feature = "mysql", feature = "postgres", feature = "sqlite")),
    allow(
        dead_code,
        unreachable_code,
        reason = "facts and rules are of all servers, also of those that are not compiled in"
    )
)]

mod ask;
mod facts;
mod finding;
mod options;
mod pages;
mod report;
mod rules;

use crate::failure::{Failure, Outcome};
use crate::output::Output;
pub(crate) use options::Options;

/// Runs the command.
pub(crate) async fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    if options.list {
        return pages::list(out);
    }
    if let Some(word) = &options.explain {
        return pages::explain(word, out);
    }
    let rules = options.rules()?;
    let cluster = options.cluster.read()?;
    let topology = ask::topology(&cluster, options.instances).await;
    let mut findings = rules::findings(&topology, rules);
    findings.retain(|finding| finding.severity >= options.min_severity);
    report::show(&topology, &findings, out)?;
    if topology.reached().next().is_none() {
        return Err(Failure::Unreachable("no node answers".to_owned()));
    }
    let fails = findings
        .iter()
        .any(|finding| options.fail_on.includes(finding.severity));
    Ok(if fails {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}
