//! Carries checkouts out in the model, while what chance has happens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::servers::{Pooled, identity, known, said};
use super::steps::Chance;
use super::world::{World, name};
use crate::engine::Grant;
use crate::engine::checkout::{Checkout, Next, Outcome};
use crate::error::{Error, Step as ErrorStep};
use crate::position::{Lsn, PgPosition, Position};
use crate::session::Clock;

impl World {
    pub(super) fn carry_out(
        &mut self,
        router: usize,
        mut checkout: Checkout<'_, Pooled>,
        chances: &mut impl Iterator<Item = Chance>,
    ) -> Option<(Pooled, Grant)> {
        self.failed = None;
        let mut outcome = Outcome::Started;
        // More steps than any checkout takes: one that goes on for ever, or asks without end, is a fault.
        for _ in 0..100 {
            self.system += Duration::from_nanos(1);
            outcome = match checkout.next(outcome, self.system) {
                Next::Take { node, serial, .. } => {
                    let chance = chances.next().unwrap_or(Chance::Nothing);
                    self.take(router, (node, serial), chance)
                }
                Next::Wait { until, .. } => match chances.next().unwrap_or(Chance::Nothing) {
                    Chance::Nothing | Chance::Refusal => {
                        let left = until.saturating_duration_since(self.system);
                        self.system += left;
                        self.clock.pass(left);
                        Outcome::TimedOut
                    }
                    Chance::Restart { back_by } => {
                        self.restart(1, back_by);
                        self.answered(router, 1);
                        Outcome::Answered
                    }
                    Chance::Answer(which) => {
                        if !self.answers.is_empty() {
                            self.answer(which.index(self.answers.len()));
                        }
                        Outcome::Answered
                    }
                    Chance::Progress { node, by } => {
                        self.replay(self.leads[node], by);
                        self.answered(router, node);
                        Outcome::Answered
                    }
                    Chance::Change(change) => {
                        self.change(change);
                        Outcome::Answered
                    }
                },
                Next::Ask { guard, until, .. } => {
                    let chance = chances.next().unwrap_or(Chance::Nothing);
                    self.put_question(router, guard, until, chance)
                }
                Next::Probe(guard, grant) => {
                    assert_eq!(guard.node, grant.node, "the route names another node");
                    let chance = chances.next().unwrap_or(Chance::Nothing);
                    match self.probe(router, &mut checkout, guard, chance) {
                        Ok(lent) => return Some(lent),
                        Err(outcome) => checkout.refuse(*outcome),
                    }
                    Outcome::Started
                }
                Next::AwaitReplay {
                    guard, required, ..
                } => {
                    if let Some(Chance::Progress { by, .. }) = chances.next() {
                        self.replay(guard.server, by);
                    }
                    let server = self.servers[guard.server];
                    let state = Position::Postgres(PgPosition::new(7, 1, Lsn(server.replayed)));
                    if server.run == guard.run && state.covers(&required) {
                        Outcome::Replayed(guard)
                    } else {
                        Outcome::NotReplayed
                    }
                }
                Next::SetCausalReads { mut guard, on, .. } => {
                    guard.known.reads_causally = on;
                    Outcome::Set(guard)
                }
                Next::ChangeSettings {
                    node,
                    mut guard,
                    settings,
                    ..
                } => {
                    guard.known.applied.begin_change();
                    if matches!(chances.next(), Some(Chance::Refusal)) {
                        self.give_back(router, guard);
                        let (step, why) = (ErrorStep::SetUp, "it has ended");
                        let error = Error::checkout(node.to_string(), step, self.system, why);
                        Outcome::Failed(error)
                    } else {
                        guard.known.applied.finish_change(settings, false);
                        Outcome::Set(guard)
                    }
                }
                Next::Lend(guard, grant) => {
                    assert_eq!(guard.node, grant.node, "the route names another node");
                    self.give_back(router, guard.clone());
                    return Some((guard, grant));
                }
                Next::Fail(error) => {
                    self.failed = Some(error);
                    return None;
                }
            };
        }
        panic!("the checkout does not end");
    }

    /// Asks a connection's server, as far as fate has it.
    fn put_question(
        &mut self,
        router: usize,
        mut guard: Pooled,
        until: Instant,
        chance: Chance,
    ) -> Outcome<Pooled> {
        match chance {
            Chance::Restart { back_by } if guard.server != 0 => {
                self.restart(guard.server, back_by);
            }
            Chance::Progress { by, .. } => self.replay(guard.server, by),
            Chance::Change(change) => self.change(change),
            _ => {}
        }
        let server = self.servers[guard.server];
        let why = if server.run != guard.run {
            guard.known.is_spent = true;
            "it has ended"
        } else if matches!(chance, Chance::Refusal) {
            let left = until.saturating_duration_since(self.system);
            self.system += left;
            self.clock.pass(left);
            "no answer"
        } else {
            let said = said(guard.server, server.replayed);
            return Outcome::Said(guard, Some(said));
        };
        let (node, step) = (guard.node, ErrorStep::Recycle);
        self.give_back(router, guard);
        let error = Error::checkout(node.to_string(), step, self.system, why);
        Outcome::Failed(error)
    }

    /// Reads on probation: asks the connection's server, and the primary if that is to be asked as well; before the answers are there,
    /// others write, and the replica goes on.
    fn probe(
        &mut self,
        router: usize,
        checkout: &mut Checkout<'_, Pooled>,
        guard: Pooled,
        chance: Chance,
    ) -> Result<(Pooled, Grant), Box<Outcome<Pooled>>> {
        let until = checkout.probes_until().expect("it is on probation");
        let shared = Arc::clone(&self.routers[router]);
        let asks_primary = checkout.asks_primary();
        let ask_primary = |world: &Self| {
            if asks_primary {
                let position = world.servers[0].replayed;
                shared.hear(Some(identity(0)), world.clock.now(), &said(0, position));
            }
        };
        // By turns the one and the other is asked first.
        let is_first = self.probes.is_multiple_of(2);
        self.probes += 1;
        if is_first {
            ask_primary(self);
        }
        let outcome = self.put_question(router, guard, until, chance);
        if !is_first {
            ask_primary(self);
        }
        let (mut guard, said) = match outcome {
            Outcome::Said(guard, Some(said)) => (guard, said),
            outcome => return Err(Box::new(outcome)),
        };
        match checkout.prove(&guard, &said, self.system) {
            Some(grant) => {
                guard.known.said(said, self.system);
                self.give_back(router, guard.clone());
                self.proved_behind += 1;
                Ok((guard, grant))
            }
            None => Err(Box::new(Outcome::Said(guard, Some(said)))),
        }
    }

    /// Takes a connection from a pool, as far as fate has it.
    pub(super) fn take(
        &mut self,
        router: usize,
        (slot, serial): (usize, u32),
        chance: Chance,
    ) -> Outcome<Pooled> {
        match chance {
            Chance::Refusal => {
                let name = slot.to_string();
                let step = ErrorStep::Connect;
                let error = Error::checkout(name, step, Instant::now(), "refused");
                return Outcome::Failed(error);
            }
            Chance::Change(change) => self.change(change),
            _ => {}
        }
        let members = self.routers[router].members();
        let member = members.get(slot).filter(|member| member.serial == serial);
        let Some(member) = member else {
            return Outcome::Failed(Error::removed("?", Instant::now()));
        };
        let name = name(member);
        match chance {
            Chance::Restart { back_by } if self.leads[name] != 0 => {
                self.restart(self.leads[name], back_by);
            }
            Chance::Answer(which) if !self.answers.is_empty() => {
                self.answer(which.index(self.answers.len()));
            }
            Chance::Progress { node, by } => self.replay(self.leads[node], by),
            _ => {}
        }
        let pool = self.pools.entry((router, serial)).or_default();
        // As pools do, with two connections each: the oldest first, or a new one.
        pool.retain(|conn| {
            self.servers[conn.server].run == conn.run
                && !conn.known.is_spent
                && !conn.known.applied.is_unsettled()
        });
        let conn = if pool.len() < 2 {
            let server = self.leads[name];
            let run = self.servers[server].run;
            Pooled {
                node: slot,
                server,
                run,
                known: known(server, self.system),
                member: Arc::clone(member),
            }
        } else {
            pool.remove(0)
        };
        if matches!(chance, Chance::Restart { .. }) {
            self.answered(router, name);
        }
        Outcome::Taken(conn)
    }

    /// A connection comes back to its pool, unless its node was removed.
    pub(super) fn give_back(&mut self, router: usize, conn: Pooled) {
        if !conn.member.has_left() {
            let pool = self.pools.entry((router, conn.member.serial));
            pool.or_default().push(conn);
        }
    }
}
