//! `status`: each node's role, health, lag and position, once.

use diesel_routing::Health;

use crate::cluster::ClusterArgs;
use crate::failure::{Failure, Outcome};
use crate::output::{Cell, Output, Sheet};
use crate::survey::{NodeReport, Report, Survey};

/// The options of `status`.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Runs the command.
pub(crate) async fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let mut survey = Survey::new(options.cluster.read()?);
    let report = survey.report().await;
    if out.is_json() {
        out.json(&report)?;
    } else {
        print(&report, out)?;
    }
    if !report.is_reached() {
        return Err(Failure::Unreachable("no node answers".to_owned()));
    }
    Ok(report.outcome())
}

fn print(report: &Report, out: &mut Output) -> Result<(), Failure> {
    let mut sheet = Sheet::new([
        "node", "role", "health", "lag", "position", "upstream", "server",
    ]);
    for node in &report.nodes {
        sheet.row([
            node.name.as_str().into(),
            role(node),
            health(node.health),
            lag(node),
            node.short_position.clone().unwrap_or_default().into(),
            upstream(node).into(),
            Cell::from(node.server()).faint(),
        ]);
    }
    out.sheet(&sheet)?;
    let lacks = report.lacks.filter(|_| report.is_reached());
    let words = lacks.into_iter().chain(report.refused.as_deref());
    let words: Vec<_> = words.map(str::to_owned).collect();
    let of_nodes = report.nodes.iter().flat_map(words_on);
    for words in words.into_iter().chain(of_nodes) {
        out.line("")?;
        out.paragraph(&words)?;
    }
    Ok(())
}

fn words_on(node: &NodeReport) -> impl Iterator<Item = String> {
    let words = [&node.problem, &node.notice].into_iter().flatten();
    words.map(|words| format!("{}: {words}", node.name))
}

fn role(node: &NodeReport) -> Cell {
    let role = node.role.clone().unwrap_or_default();
    // A node that does not answer may have another by now.
    if node.health == Health::Up {
        role.into()
    } else if role.is_empty() {
        Cell::default()
    } else {
        Cell::from(format!("{role}?")).faint()
    }
}

pub(super) fn health(health: Health) -> Cell {
    let cell = Cell::from(health.to_string());
    match health {
        Health::Up => cell.good(),
        Health::Down | Health::Excluded => cell.bad(),
        _ => cell.doubtful(),
    }
}

/// The lag from which on a cell is coloured. Chosen: about that of a healthy replica in the next room.
const NOTICEABLE: f64 = 1.0;

fn lag(node: &NodeReport) -> Cell {
    let cell = Cell::from(node.lag());
    match node.lag_seconds {
        Some(lag) if lag >= NOTICEABLE => cell.doubtful(),
        _ => cell,
    }
}

fn upstream(node: &NodeReport) -> String {
    node.upstream.as_ref().map_or_else(String::new, |upstream| {
        upstream
            .node
            .clone()
            .unwrap_or_else(|| upstream.address.clone())
    })
}
