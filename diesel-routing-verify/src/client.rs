//! One client: it writes and reads through the subject, and notes what it is shown.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use crate::act::{Act, Acts};
use crate::failure::Failure;
use crate::mark::Word;
use crate::oracle::{Event, Moment, Read, Row};
use crate::seen::Seen;
use crate::sql::Lock;
use crate::statements::Change;
use crate::subject::{Answer, Level};
use crate::tally::{Doing, Odd};
use crate::verification::BOUND;
use crate::world::World;

/// The time after which an act is given up: its future is dropped half-way.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes and reads until the run is over.
pub(crate) async fn run(world: Arc<World>, number: u64) {
    let locks = world.sql.kind.locks();
    let mut client = Client {
        acts: Acts::new(number, world.seed, world.pause, locks),
        id: world.new_session(),
        session: world.subject.begin(),
        world,
    };
    while !client.world.is_over() {
        let act = client.acts.next();
        let doing = Doing::of(&act);
        match timeout(PATIENCE, client.act(act)).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => client.world.tally().failed(doing, failure),
            Err(_) => client
                .world
                .tally()
                .failed(doing, Failure::no_answer(PATIENCE)),
        }
        sleep(client.acts.pause()).await;
    }
}

struct Client {
    world: Arc<World>,
    acts: Acts,
    session: Box<dyn crate::subject::Client>,
    /// The session's number.
    id: u32,
}

impl Client {
    async fn act(&mut self, act: Act) -> Result<(), Failure> {
        match act {
            Act::Read(level, keys) => {
                let level = match self.world.subject.has_levels() {
                    true => level,
                    false => Level::Session,
                };
                self.read(level, &keys).await
            }
            Act::Snapshot(keys) => self.snapshot(&keys).await,
            Act::Lock(key, lock) => self.lock(key, lock).await,
            Act::Write { keys, locks } => {
                self.write(&keys, locks).await?;
                // What a session wrote is what it looks at next.
                let key = keys.last().copied().into_iter().collect::<Vec<_>>();
                self.read(Level::Session, &key).await
            }
            Act::HandOver => self.hand_over().await,
            Act::Renew => {
                self.session = self.world.subject.begin();
                self.id = self.world.new_session();
                Ok(())
            }
        }
    }

    async fn read(&mut self, level: Level, keys: &[i32]) -> Result<(), Failure> {
        let sql = self.select(keys);
        let (began, since) = (self.world.history.now(), Instant::now());
        let answer = self.session.read(level, &sql).await?;
        let doing = Doing::Read(level);
        self.saw(doing, Word::Read, since, &answer);
        self.note(began, level, keys, &answer.last, &answer);
        Ok(())
    }

    async fn snapshot(&mut self, keys: &[i32]) -> Result<(), Failure> {
        let sql = [self.select(keys), self.select(keys)];
        let (began, since) = (self.world.history.now(), Instant::now());
        let answer = self.session.snapshot(&sql[0], &sql[1]).await?;
        self.saw(Doing::Snapshot, Word::Read, since, &answer);
        self.compare(Odd::TornSnapshot, &answer.first, &answer.last, 0, &answer);
        self.note(began, Level::Session, keys, &answer.last, &answer);
        Ok(())
    }

    async fn lock(&mut self, key: i32, lock: Lock) -> Result<(), Failure> {
        let number = self.world.new_act();
        let lingers = self.acts.lingers();
        let sql = self.world.sql.lock(number, key, lock, lingers);
        let again = self.world.sql.read(number, &[key], false);
        let (began, since) = (self.world.history.now(), Instant::now());
        let answer = self.session.lock(&sql, &again).await?;
        self.saw(Doing::Lock, Word::Lock, since, &answer);
        self.compare(Odd::LockNotHeld, &answer.first, &answer.last, 0, &answer);
        self.note(began, Level::Strong, &[key], &answer.first, &answer);
        Ok(())
    }

    async fn write(&mut self, keys: &[i32], locks: bool) -> Result<(), Failure> {
        let number = self.world.new_act();
        let writer = self.world.sends(self.id);
        let lingers = self.acts.lingers();
        let sql = &self.world.sql;
        let mut change = Change::default();
        for &key in keys {
            if locks {
                let lock = sql.lock(number, key, Lock::Update, lingers);
                change.first.push(lock);
            } else if sql.kind.asks_origin() && change.first.is_empty() {
                change.first.push(sql.read(number, &[key], false));
            }
            change.then.extend(sql.write(number, key, writer));
            change.last.push(sql.read(number, &[key], false));
        }
        let (began, since) = (self.world.history.now(), Instant::now());
        let answer = self.session.change(&change).await?;
        let doing = Doing::Write { locks };
        self.saw(doing, Word::Write, since, &answer);
        if locks {
            self.compare(Odd::LockNotHeld, &answer.first, &answer.last, 1, &answer);
            self.note(began, Level::Strong, keys, &answer.first, &answer);
        }
        for seen in &answer.last {
            self.world.history.note(self.id, Event::Wrote(row(seen)));
        }
        Ok(())
    }

    async fn hand_over(&mut self) -> Result<(), Failure> {
        let token = self.world.issues(self.id);
        if let Some(session) = self.session.hand_over().await? {
            self.session = session;
            self.id = self.world.new_session();
            self.world.history.note(self.id, Event::Absorbs { token });
            self.world.tally().handed_over();
        }
        Ok(())
    }

    fn select(&mut self, keys: &[i32]) -> String {
        let lingers = self.acts.lingers();
        self.world.sql.read(self.world.new_act(), keys, lingers)
    }

    fn saw(&self, doing: Doing, word: Word, since: Instant, answer: &Answer) {
        let took = since.elapsed();
        let at = self.world.history.now().at;
        self.world.tally().saw(doing, word, at, took, answer);
    }

    /// Compares what a transaction read first with what it read last, when it had raised each version by this much itself.
    fn compare(&self, odd: Odd, first: &[Seen], last: &[Seen], raised: i64, answer: &Answer) {
        for seen in first {
            let later = last.iter().find(|later| later.id == seen.id);
            if let Some(later) = later.filter(|later| later.version != seen.version + raised) {
                let found = format!(
                    "key {} at version {} and then at {}",
                    seen.id, seen.version, later.version
                );
                self.world.tally().odd(odd, &answer.loan.node, &found);
            }
        }
    }

    fn note(&self, began: Moment, level: Level, keys: &[i32], seen: &[Seen], answer: &Answer) {
        let said = seen.first().and_then(|seen| seen.replica);
        let is_replica = said.map(|replica| replica != 0);
        let mut rows: Vec<_> = seen.iter().map(row).collect();
        // A replica may have the table and not yet its rows.
        for &key in keys {
            if !rows.iter().any(|row| row.key == key) {
                rows.push(Row::before_all(key));
            }
        }
        let loan = &answer.loan;
        let read = Read {
            rows,
            began,
            promised: matches!(level, Level::Session | Level::Strong),
            everyones: match level {
                // A strategy promises one session's reads, whatever it is asked for.
                _ if loan.is_primary.is_none() => None,
                Level::Strong => Some(began.at),
                Level::Bounded => began.at.checked_sub(BOUND),
                Level::Session | Level::Eventual => None,
            },
            node: loan.node.clone(),
            is_primary: is_replica.map_or(loan.is_primary == Some(true), |replica| !replica),
            reason: loan.reason,
        };
        self.world.history.note(self.id, Event::Reads(vec![read]));
    }
}

fn row(seen: &Seen) -> Row {
    Row {
        key: seen.id,
        version: seen.version,
        writer: seen.writer,
        timeline: seen.timeline,
    }
}
