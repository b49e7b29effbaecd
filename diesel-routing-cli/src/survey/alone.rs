//! Asks each node by itself, where no router can be built: none of them answers, or they do not belong together.

use diesel_routing::{Health, Introduction, NodeRole};
use futures_util::future::join_all;

use super::report::{NodeReport, Report, UpstreamReport};
use crate::cluster::{Cluster, Member};
use crate::node::{Connection, NodeError};

/// Asks all nodes at the same time.
pub(super) async fn report(cluster: &Cluster) -> Report {
    let nodes = cluster.members.iter().map(|member| ask(cluster, member));
    Report::new(join_all(nodes).await, cluster.kind.has_roles())
}

async fn ask(cluster: &Cluster, member: &Member) -> NodeReport {
    let mut report = NodeReport {
        name: member.node.name().to_owned(),
        configured: member.role.map(|role| role.to_string()),
        ..NodeReport::default()
    };
    if let Err(error) = fill(&mut report, cluster, member).await {
        report.health = Health::Down;
        report.problem = Some(format!("{}: {}", error.step, error.words));
    }
    report
}

async fn fill(
    report: &mut NodeReport,
    cluster: &Cluster,
    member: &Member,
) -> Result<(), NodeError> {
    let mut conn = Connection::open(cluster, member).await?;
    let Introduction {
        facts, observation, ..
    } = match conn.introduce(true).await {
        Ok(known) => known,
        Err(error) if error.is_timeout => return Err(error),
        // The account may be refused positions, and know all else.
        Err(error) => {
            let known = conn.introduce(false).await?;
            report.notice = Some(format!("its position is unknown: {}", error.words));
            known
        }
    };
    report.health = Health::Up;
    report.version = facts.version.map(|version| version.to_string());
    report.kind = facts.kind.map(|kind| kind.to_string());
    let observation = match observation {
        Some(observation) => Some(observation),
        None if report.notice.is_some() => None,
        None => conn.observe(&facts).await?,
    };
    let role = observation.as_ref().map(|observation| observation.role);
    let role = role.or(facts.role).or(member.role);
    report.role = role.map(|role| role.to_string());
    if let Some(observation) = observation {
        report.position = observation.position.as_ref().map(ToString::to_string);
        report.short_position = observation.position.as_ref().map(super::short);
        report.lag_seconds = observation.lag.map(|lag| lag.as_secs_f64());
        if let Some(problem) = observation.problem {
            report.health = Health::Excluded;
            report.problem = Some(problem.into_owned());
        }
    }
    if role == Some(NodeRole::ReplaysWrites) {
        let diagnosis = conn.diagnose(&facts).await?;
        report.upstream = diagnosis.source.map(|source| UpstreamReport {
            node: None,
            address: source.to_string(),
        });
        report.notice = report.notice.take().or(diagnosis.problem);
    }
    #[cfg(feature = "sqlite")]
    if matches!(cluster.kind, crate::backend::Kind::Sqlite) {
        fill_of_sqlite(report, &mut conn).await?;
    }
    Ok(())
}

#[cfg(feature = "sqlite")]
async fn fill_of_sqlite(report: &mut NodeReport, conn: &mut Connection) -> Result<(), NodeError> {
    let row = conn.row("SELECT sqlite_version() AS version").await?;
    report.kind = Some("SQLite".to_owned());
    report.version = row.and_then(|row| row.get("version").map(str::to_owned));
    Ok(())
}
