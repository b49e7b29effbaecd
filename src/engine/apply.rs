//! From one configuration to the next: what is to be done, and doing it at once.

use std::sync::Arc;

use super::configured::is_fixed;
use super::nodes::{Joining, Seat};
use super::router::Inner;
use super::{Change, Changed, Flavour, Leaving, Live, Router, Settings, Turnstile};
use crate::cluster::{Difference, Member, Members, Node, difference, newcomer, topology};
use crate::config::{
    Changes, KeyChange, NodeChange, RoutingConfig, Update, WhatChanged, changed_keys, is_below,
    with_key,
};
use crate::error::{ConfigError, Error};
use crate::mutex::lock;
use crate::server::{NodeRole, PoolKind};

/// The changes, and the pools of nodes that are gone.
pub(crate) type Applied<P> = (Changes, Vec<Leaving<P>>);

/// The changes that a configuration makes to a router. All that needs no server has been checked.
pub(crate) struct Transition {
    config: RoutingConfig,
    by: Option<String>,
    before: Live,
    after: Live,
    /// Nodes that are new, or take the place of the one with their name.
    pub(crate) comings: Vec<(Node, Change)>,
    /// Nodes with other settings, and the pools of theirs that are new.
    adjusted: Vec<(Node, Vec<PoolKind>)>,
    goings: Vec<String>,
    changes: Changes,
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Router<C, F> {
    /// Returns the configuration that it runs under: that which it was built with, or which was applied last; an empty one if
    /// there was none. What code has set is not in it.
    #[must_use]
    pub fn configuration(&self) -> RoutingConfig {
        self.databases().running()
    }

    /// Returns the settings that it was built with.
    pub(crate) fn settings(&self) -> &Settings {
        &self.databases().recipe.settings
    }

    /// Returns what those pass who change the configuration.
    pub(crate) fn turnstile(&self) -> &Arc<Turnstile> {
        self.databases().turnstile()
    }

    /// Returns what an update changes, if it may. Only one caller at a time may apply it.
    pub(crate) fn transition(&self, update: &Update<'_>) -> Result<Transition, Error> {
        self.check_open(0)?;
        let settings = &self.databases().recipe.settings;
        let is_watched = self.shared().is_watched();
        let (config, running) = (update.config, self.databases().running());
        settings.check(config, is_watched)?;
        let changed = changed_keys(&running, config);
        let fixed = changed.iter().filter(|change| is_fixed(&change.key));
        let keys: Vec<_> = fixed.map(|change| change.key.clone()).collect();
        if !keys.is_empty() {
            return Err(ConfigError::NeedsRestart { keys }.into());
        }
        let before = settings.live_under(&running, false)?;
        let after = settings.live_under(config, false)?;
        settings.check_live(&after, is_watched)?;
        let mut transition = Transition {
            config: config.clone(),
            by: update.by.clone(),
            changes: Changes {
                settings: with_effect(changed, settings, &running, config),
                ..Changes::default()
            },
            before,
            after,
            comings: Vec::new(),
            adjusted: Vec::new(),
            goings: Vec::new(),
        };
        let members = self.shared().members();
        transition.change_nodes(&members, settings, &running, is_watched)?;
        Ok(transition)
    }

    /// Carries a transition out: decisions see all of it or nothing. The nodes that come have been met.
    pub(crate) fn commit(
        &self,
        transition: Transition,
        joined: Vec<Joining<C, F>>,
    ) -> Result<Applied<F::Pools>, Error> {
        let Transition {
            config,
            by,
            before,
            after,
            comings: _,
            adjusted,
            goings,
            mut changes,
        } = transition;
        let databases = self.databases();
        let _changes = lock(&databases.changes);
        self.check_open(0)?;
        let (shared, settings) = (self.shared(), &databases.recipe.settings);
        let (members, routers) = (shared.members(), databases.open());
        joined.iter().try_for_each(Joining::check_member)?;
        let mut next = Members::clone(&members);
        let mut renewed = Vec::new();
        for (mut node, pools) in adjusted {
            // Code may have removed it meanwhile.
            let Some((slot, member)) = members.find(&node.name) else {
                continue;
            };
            node.latency.clone_from(&member.latency);
            next = next.changed(slot, node);
            let Some(member) = next.get(slot) else {
                continue;
            };
            for router in &routers {
                if let Some(seat) = Self::seat_anew(router, slot, member, &pools)? {
                    renewed.push((router, slot, Arc::new(seat)));
                }
            }
        }
        let replaced = joined
            .iter()
            .filter(|joining| joining.change == Change::Replace);
        let replaced = replaced.map(|joining| &joining.member.name);
        let gone = goings.iter().chain(replaced);
        let gone: Vec<_> = gone
            .filter_map(|name| Some(members.find(name)?.0))
            .collect();
        let left = gone.iter().map(|&slot| {
            let seats = routers.iter().filter_map(|router| router.seat_in(slot));
            Leaving::new(seats.collect(), settings.drain_timeout)
        });
        let left = left.collect();
        let newcomers = joined.iter().map(|joining| &*joining.member);
        shared.commit(settings, next, &gone, newcomers, |live| {
            live.rebased(&before, &after)
        });
        for (router, slot, seat) in renewed {
            router.seat_at(slot, Some(seat));
        }
        for (router, &slot) in routers
            .iter()
            .flat_map(|router| gone.iter().map(move |slot| (router, slot)))
        {
            router.seat_at(slot, None);
        }
        joined.into_iter().for_each(Joining::joined);
        databases.run_under(config);
        let settings = changes.settings.iter().map(|change| {
            // A mode that code overrides is not switched.
            let key = if change.is_overridden {
                ""
            } else {
                &change.key
            };
            Changed::of_key(key, change.to_string())
        });
        let changed: Vec<_> = settings
            .chain(changes.nodes.iter().map(Changed::of_node))
            .collect();
        changes.version = shared.configuration_changed(by.as_deref(), &changed);
        Ok((changes, left))
    }

    /// Makes the seat of a node whose settings changed, if a router has one for it: the renewed pools are new, the others stay.
    fn seat_anew(
        router: &Arc<Inner<F::Pools, F::Library, F::Hooks>>,
        slot: usize,
        member: &Arc<Member>,
        renewed: &[PoolKind],
    ) -> Result<Option<Seat<F::Pools>>, Error> {
        let Some(seat) = router.seat_in(slot) else {
            return Ok(None);
        };
        let databases = &router.databases;
        let pools = F::pools(
            &databases.recipe,
            member,
            router.database.as_ref(),
            databases.shared.is_watched(),
            Some((&seat.pools, renewed)),
        )?;
        let member = Arc::clone(member);
        Ok(Some(Seat { member, pools }))
    }
}

impl Transition {
    /// Returns whether it changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns whether a node of this name is replaced or removed.
    pub(crate) fn ends(&self, name: &str) -> bool {
        let mut replaced = self.comings.iter();
        replaced.any(|(node, change)| *change == Change::Replace && node.name == name)
            || self.goings.iter().any(|going| going == name)
    }

    /// Adds what becomes of nodes, and checks the set that comes of it.
    fn change_nodes(
        &mut self,
        members: &Members,
        settings: &Settings,
        running: &RoutingConfig,
        is_watched: bool,
    ) -> Result<(), ConfigError> {
        let nodes = self.config.read_nodes()?;
        if nodes.is_empty() && running.nodes.is_empty() {
            return Ok(());
        }
        if settings.single.is_some() {
            let problem =
                "this router is for a single database, which code gives it: leave the nodes out";
            return Err(ConfigError::setting("nodes", problem));
        }
        for node in nodes {
            self.change_node(node, members, is_watched)?;
        }
        let gone = running.nodes.keys();
        let gone = gone.filter(|name| !self.config.nodes.contains_key(*name));
        self.goings = gone
            .filter(|name| members.find(name).is_some())
            .cloned()
            .collect();
        for name in &self.goings {
            let (node, what) = (name.clone(), WhatChanged::Removed);
            self.changes.nodes.push(NodeChange { node, what });
        }
        let present = members.iter().map(|(_, member)| member);
        let stays = present.filter(|member| !member.is_joining() && !self.ends(&member.name));
        let is_adjusted = |name: &str| self.adjusted.iter().any(|(node, _)| node.name == name);
        let stays = stays.filter(|member| !is_adjusted(&member.name));
        let comes = self.comings.iter().map(|(node, _)| node.clone());
        let adjusted = self.adjusted.iter().map(|(node, _)| node.clone());
        let all = stays
            .map(|member| Node::clone(member))
            .chain(comes)
            .chain(adjusted);
        topology(all.collect(), None)?;
        Ok(())
    }

    /// Adds what becomes of a node.
    fn change_node(
        &mut self,
        mut node: Node,
        members: &Members,
        is_watched: bool,
    ) -> Result<(), ConfigError> {
        let present = members.find(&node.name).map(|(_, member)| member);
        if !is_watched {
            let role = present.map_or(Some(NodeRole::ReplaysWrites), |member| member.role);
            if present.is_some() && node.role.is_some() && node.role != role {
                let keys = vec![format!("nodes.{}.role", node.name)];
                return Err(ConfigError::NeedsRestart { keys });
            }
            node.role = node.role.or(role);
        }
        let role = node.role;
        let node = newcomer(node, role)?;
        let what = match present.map(|member| difference(member, &node)) {
            None => WhatChanged::Added,
            Some(Difference::None) => return Ok(()),
            Some(Difference::Node) => WhatChanged::Replaced,
            Some(Difference::Settings(renewed)) => WhatChanged::Adjusted { renewed },
        };
        self.changes.nodes.push(NodeChange {
            node: node.name.clone(),
            what: what.clone(),
        });
        match what {
            WhatChanged::Added => self.comings.push((node, Change::Add)),
            WhatChanged::Adjusted { renewed } => self.adjusted.push((node, renewed)),
            WhatChanged::Replaced | WhatChanged::Removed => {
                self.comings.push((node, Change::Replace));
            }
        }
        Ok(())
    }
}

/// Returns the changes, with those marked that code takes the effect of.
fn with_effect(
    mut changed: Vec<KeyChange>,
    settings: &Settings,
    before: &RoutingConfig,
    after: &RoutingConfig,
) -> Vec<KeyChange> {
    let live = |config: &RoutingConfig, is_alone| settings.live_under(config, is_alone).ok();
    for change in changed
        .iter_mut()
        .filter(|change| !is_below(&change.key, "nodes"))
    {
        let Some(with) = with_key(before, after, &change.key) else {
            continue;
        };
        change.is_overridden =
            live(before, true) != live(&with, true) && live(before, false) == live(&with, false);
    }
    changed
}
