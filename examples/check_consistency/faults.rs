//! Carries the schedule out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use diesel_routing::testkit::{PgCluster, PgNode, ServerError};

use crate::client::World;
use crate::history::Event;
use crate::schedule::{Episode, OnPrimary, OnStandby};

/// Writes that a failover loses are made in this time.
const LOST: Duration = Duration::from_millis(150);

/// Injects faults until time is up; returns how many of which kind there were.
pub(crate) fn inject(
    episodes: &[Episode],
    cluster: &PgCluster,
    world: &World,
) -> Result<BTreeMap<&'static str, u64>> {
    let start = Instant::now();
    let mut injector = Injector {
        cluster,
        world,
        counts: BTreeMap::new(),
    };
    for episode in episodes {
        if !world.sleep_until(start + episode.from) {
            break;
        }
        injector.play(episode)?;
    }
    Ok(injector.counts)
}

struct Injector<'a> {
    cluster: &'a PgCluster,
    world: &'a World,
    counts: BTreeMap<&'static str, u64>,
}

impl<'a> Injector<'a> {
    fn play(&mut self, episode: &Episode) -> Result<()> {
        let until = Instant::now() + episode.lasts;
        let standbys = self.standbys();
        let pairs: Vec<_> = standbys.iter().zip(episode.standbys).collect();
        for &(standby, fault) in &pairs {
            if let Some(fault) = fault {
                self.note(fault.name(), standby);
                fault.begin(self.cluster, standby)?;
            }
        }
        if let Some(fault) = episode.primary {
            // In the middle: sessions work before and after it.
            self.world.sleep_until(until - episode.lasts / 2);
            self.on_primary(fault, &standbys)?;
        }
        self.world.sleep_until(until);
        for &(standby, fault) in &pairs {
            if let Some(fault) = fault {
                fault.end(self.cluster, standby)?;
                self.story(format!("{}: {} ends", standby.name(), fault.name()));
            }
        }
        Ok(())
    }

    fn on_primary(&mut self, fault: OnPrimary, standbys: &[&PgNode]) -> Result<()> {
        let primary = self.cluster.primary();
        self.note(fault.name(), primary);
        match fault {
            OnPrimary::Restart => primary.restart()?,
            OnPrimary::Crash => {
                primary.kill()?;
                primary.start()?;
            }
            OnPrimary::Failover { to, loses } => {
                let to = standbys[to];
                self.fail_over(primary, to, loses)?;
            }
        }
        self.story(format!("{}: {} is over", primary.name(), fault.name()));
        Ok(())
    }

    fn fail_over(&self, primary: &PgNode, to: &PgNode, loses: bool) -> Result<()> {
        let cluster = self.cluster;
        let timeline = i32::try_from(primary.timeline()?)?;
        // First the one that stays a standby: it must not have what the promoted one lacks.
        let others = self.standbys().into_iter();
        let others: Vec<_> = others.filter(|node| node.index() != to.index()).collect();
        for other in &others {
            cluster.cut_replication(other.index())?;
        }
        if loses {
            cluster.cut_replication(to.index())?;
            self.world.sleep_until(Instant::now() + LOST);
        }
        primary.kill()?;
        self.world.history.note(0, Event::Ends { timeline });
        to.promote()?;
        self.story(format!("{} was promoted", to.name()));
        for other in &others {
            cluster.repoint(other.index(), to.index())?;
            cluster.restore_replication(other.index())?;
        }
        cluster.rebuild(primary.index())?;
        Ok(())
    }

    /// Those that are standbys now, in the order of the nodes.
    fn standbys(&self) -> Vec<&'a PgNode> {
        let primary = self.cluster.primary().index();
        let nodes = self.cluster.nodes().iter();
        nodes.filter(|node| node.index() != primary).collect()
    }

    fn note(&mut self, fault: &'static str, node: &PgNode) {
        *self.counts.entry(fault).or_default() += 1;
        self.story(format!("{}: {fault}", node.name()));
    }

    fn story(&self, text: String) {
        self.world.history.note(0, Event::Fault(text));
    }
}

impl OnStandby {
    fn name(self) -> &'static str {
        match self {
            Self::Pause => "replay paused",
            Self::Delay(_) => "apply delay",
            Self::HangReplay => "replay hangs",
            Self::Freeze => "frozen",
            Self::Cut => "replication cut",
            Self::Hang => "replication hangs",
            Self::Crash => "standby crash",
            Self::Down => "standby down",
        }
    }

    fn begin(self, cluster: &PgCluster, standby: &PgNode) -> Result<(), ServerError> {
        match self {
            Self::Pause => standby.pause_replay(),
            Self::Delay(delay) => standby.set_apply_delay(delay),
            Self::HangReplay => standby.freeze_replay(),
            Self::Freeze => standby.freeze(),
            Self::Cut => cluster.cut_replication(standby.index()),
            Self::Hang => cluster.hang_replication(standby.index()),
            Self::Crash => {
                standby.kill()?;
                standby.start()
            }
            Self::Down => standby.kill(),
        }
    }

    fn end(self, cluster: &PgCluster, standby: &PgNode) -> Result<(), ServerError> {
        match self {
            Self::Pause => standby.resume_replay(),
            Self::Delay(_) => standby.set_apply_delay(Duration::ZERO),
            Self::HangReplay | Self::Freeze => standby.thaw(),
            Self::Cut | Self::Hang => cluster.restore_replication(standby.index()),
            Self::Crash => Ok(()),
            Self::Down => standby.start(),
        }
    }
}

impl OnPrimary {
    fn name(self) -> &'static str {
        match self {
            Self::Restart => "primary restart",
            Self::Crash => "primary crash",
            Self::Failover { loses: false, .. } => "failover",
            Self::Failover { loses: true, .. } => "failover with loss",
        }
    }
}
