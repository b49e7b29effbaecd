//! Carries the schedule out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::client::World;
use crate::network::OnNetwork;
use crate::schedule::{Episode, OnPrimary, OnStandby};
use diesel_routing_verify::oracle::Event;

use super::network::{Network, standbys};
use super::replay::Hung;
use super::{Cluster, Node};

/// Writes that a failover loses are made in this time.
const LOST: Duration = Duration::from_millis(150);

/// Injects faults until time is up; returns how many of which kind there were.
pub(crate) fn inject(
    episodes: &[Episode],
    cluster: &Cluster,
    network: Option<&Network>,
    world: &World,
) -> Result<BTreeMap<&'static str, u64>> {
    let start = Instant::now();
    let mut injector = Injector {
        cluster,
        network,
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
    cluster: &'a Cluster,
    network: Option<&'a Network>,
    world: &'a World,
    counts: BTreeMap<&'static str, u64>,
}

impl Injector<'_> {
    fn play(&mut self, episode: &Episode) -> Result<()> {
        let until = Instant::now() + episode.lasts;
        let standbys = standbys(self.cluster);
        let network = self.network.zip(episode.network);
        if let Some((network, fault)) = network {
            self.on_network(network, fault)?;
        }
        let mut under = Vec::new();
        for (&standby, fault) in standbys.iter().zip(episode.standbys) {
            if let Some(fault) = fault {
                self.note(fault.name(), standby);
                let begun = Under::begin(fault, self.cluster, standby);
                under.push(begun.with_context(|| told(fault.name(), standby))?);
            }
        }
        if let Some(fault) = episode.primary {
            // In the middle: sessions work before and after it.
            self.world.sleep_until(until - episode.lasts / 2);
            let done = self.on_primary(fault, &standbys);
            done.with_context(|| fault.name())?;
        }
        self.world.sleep_until(until);
        for under in under {
            let (standby, fault) = (under.standby, under.fault);
            let ended = under.end(self.cluster);
            ended.with_context(|| told(fault.name(), standby))?;
            self.story(format!("{}: {} ends", standby.name(), fault.name()));
        }
        if let Some((network, fault)) = network {
            network
                .restore(self.cluster, Some(fault))
                .context(fault.name())?;
            self.story(format!("{}: {} ends", fault.place(), fault.name()));
        }
        Ok(())
    }

    fn on_network(&mut self, network: &Network, fault: OnNetwork) -> Result<()> {
        *self.counts.entry(fault.name()).or_default() += 1;
        self.story(format!("{}: {}: {fault:?}", fault.place(), fault.name()));
        network.begin(fault, self.cluster).context(fault.name())
    }

    fn on_primary(&mut self, fault: OnPrimary, standbys: &[&Node]) -> Result<()> {
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

    fn fail_over(&self, primary: &Node, to: &Node, loses: bool) -> Result<()> {
        let cluster = self.cluster;
        let timeline = super::history(primary)?;
        // First the one that stays a standby: it must not have what the promoted one lacks.
        let others = standbys(cluster).into_iter();
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
        if let Some(network) = self.network {
            network.lead_writer(cluster)?;
        }
        for other in &others {
            let how = super::rejoin(cluster, other.index(), to.index())?;
            self.story(format!("{} {how}", other.name()));
        }
        cluster.rebuild(primary.index())?;
        // Late: until here, they lead to the promoted one too.
        if let Some(network) = self.network {
            network.lead_readers(cluster)?;
        }
        Ok(())
    }

    fn note(&mut self, fault: &'static str, node: &Node) {
        *self.counts.entry(fault).or_default() += 1;
        self.story(format!("{}: {fault}", node.name()));
    }

    fn story(&self, text: String) {
        self.world.history.note(0, Event::Fault(text));
    }
}

/// Tells what went wrong where, with the server's own words.
fn told(fault: &'static str, node: &Node) -> String {
    format!(
        "{fault}; the log of {} ends:\n{}",
        node.name(),
        node.log_tail()
    )
}

/// A standby with its fault, until that is undone.
struct Under<'a> {
    standby: &'a Node,
    fault: OnStandby,
    replay: Option<Hung<'a>>,
}

impl<'a> Under<'a> {
    fn begin(fault: OnStandby, cluster: &Cluster, standby: &'a Node) -> Result<Self> {
        let mut replay = None;
        match fault {
            OnStandby::Pause => standby.pause_replay()?,
            OnStandby::Delay(delay) => standby.set_apply_delay(delay)?,
            OnStandby::HangReplay => replay = Some(Hung::hang(standby)?),
            OnStandby::Freeze => standby.freeze()?,
            OnStandby::Cut => cluster.cut_replication(standby.index())?,
            OnStandby::Hang => cluster.hang_replication(standby.index())?,
            OnStandby::Crash => {
                standby.kill()?;
                standby.start()?;
            }
            OnStandby::Down => standby.kill()?,
        }
        Ok(Self {
            standby,
            fault,
            replay,
        })
    }

    fn end(self, cluster: &Cluster) -> Result<()> {
        let standby = self.standby;
        match self.fault {
            OnStandby::Pause => standby.resume_replay()?,
            OnStandby::Delay(_) => standby.set_apply_delay(Duration::ZERO)?,
            OnStandby::HangReplay => self.replay.map_or(Ok(()), Hung::end)?,
            OnStandby::Freeze => standby.thaw()?,
            OnStandby::Cut | OnStandby::Hang => cluster.restore_replication(standby.index())?,
            OnStandby::Crash => {}
            OnStandby::Down => standby.start()?,
        }
        Ok(())
    }
}
