//! A client over blocking Diesel.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use diesel::sql_types::Bool;
use diesel_routing::sync::prelude::*;
use diesel_routing::{Error, Level, Replica};

use crate::act::{Act, Acts, ReadBy, WriteBy};
use crate::client::{Token, World, kind, read_of};
use crate::options::Strategy;
use crate::table::{Row, counters};
use diesel_routing_verify::oracle::{Event, Moment, Read};

use super::blocking_handles::{ReadConn, Session};
use super::nodes::Routers;
use super::table::IS_PRIMARY;
use super::update::blocking as update;

/// The time for which reads wait that wait for a fresher replica.
const WAIT: Duration = Duration::from_millis(50);

pub(crate) fn run(world: Arc<World>, routers: Arc<Routers>, number: u32) {
    let router = &routers.blocking[number as usize % routers.blocking.len()];
    let mut client = Client {
        session: router.session(),
        id: world.new_session(),
        acts: Acts::new(world.seed, number),
        world,
        routers,
    };
    while !client.world.is_over() {
        let act = client.acts.next(client.routers.blocking.len());
        if let Err(error) = client.act(act) {
            client.world.failed(kind(&error));
        }
        thread::sleep(client.acts.pause());
    }
}

struct Client {
    world: Arc<World>,
    routers: Arc<Routers>,
    session: Session,
    id: u32,
    acts: Acts,
}

impl Client {
    fn act(&mut self, act: Act) -> Result<(), Error> {
        match act {
            Act::Read(by, keys) => {
                let reads = self.read(by, &keys)?;
                self.world.history.note(self.id, Event::Reads(reads));
            }
            Act::Write(by, keys) => self.write(by, &keys)?,
            Act::Move(to) => {
                let token = self.token()?;
                self.renew(to);
                self.absorb(&token);
            }
            Act::Absorb => {
                if let Some(token) = self.world.find(|count| self.acts.choose(count)) {
                    self.absorb(&token);
                }
            }
            Act::Renew => self.renew(0),
        }
        Ok(())
    }

    fn read(&self, by: ReadBy, keys: &[i32]) -> Result<Vec<Read>, Error> {
        let began = self.world.history.now();
        let session = &self.session;
        let is_random = matches!(self.world.strategy, Strategy::Random);
        if is_random && by.is_at_the_session_s_level() {
            let mut conn = session.at_level(Level::Eventual).read_default()?;
            let rows = rows(&mut conn, keys)?;
            return Ok(vec![read_of(began, keys, rows, conn.route())]);
        }
        let read = match by {
            ReadBy::Handle => by_handle(began, session, keys)?,
            ReadBy::Waiting => by_handle(began, &session.waiting(WAIT), keys)?,
            ReadBy::Closure => session.reading(|conn| {
                let rows = rows(conn, keys)?;
                QueryResult::Ok(read_of(began, keys, rows, conn.route()))
            })?,
            ReadBy::Pair => {
                let (one, other) = thread::scope(|scope| {
                    let one = scope.spawn(|| by_handle(began, session, keys));
                    let other = by_handle(began, session, keys);
                    (
                        one.join().unwrap_or_else(|panic| resume_unwind(panic)),
                        other,
                    )
                });
                return Ok(vec![one?, other?]);
            }
            ReadBy::Upgrade => {
                let conn = session.read_eventual()?;
                let mut conn = conn.upgrade(session)?;
                read_of(began, keys, rows(&mut conn, keys)?, conn.route())
            }
            ReadBy::Primary => {
                let mut conn = session.read_primary()?;
                read_of(began, keys, rows(&mut conn, keys)?, conn.route())
            }
            ReadBy::Eventual => {
                let mut conn = session.read_eventual()?;
                let mut read = read_of(began, keys, rows(&mut conn, keys)?, conn.route());
                read.promised = false;
                read
            }
        };
        Ok(vec![read])
    }

    fn write(&self, by: WriteBy, keys: &[i32]) -> Result<(), Error> {
        let mut conn = self.session.write()?;
        let writer = self.world.sends(self.id);
        let written = match by {
            WriteBy::Statement => update(&mut conn, keys, writer)?,
            WriteBy::Transaction => conn.transaction(|conn| update(conn, keys, writer))?,
            WriteBy::RolledBack => {
                let outcome = conn.transaction(|conn| {
                    update(conn, keys, writer)?;
                    QueryResult::<()>::Err(diesel::result::Error::RollbackTransaction)
                });
                match outcome {
                    Err(diesel::result::Error::RollbackTransaction) => {
                        let event = Event::RolledBack { writer };
                        self.world.history.note(self.id, event);
                        Vec::new()
                    }
                    other => return other.map_err(Error::from),
                }
            }
        };
        self.world.wrote(self.id, written);
        Ok(())
    }

    fn token(&self) -> Result<Token, Error> {
        let number = self.world.issues(self.id);
        let text = self.session.token()?.to_string();
        let token = Token { number, text };
        self.world.leave(&token);
        Ok(token)
    }

    fn renew(&mut self, router: usize) {
        self.session = self.routers.blocking[router].session();
        self.id = self.world.new_session();
    }

    fn absorb(&self, token: &Token) {
        let outcome = self.session.absorb(&token.text);
        self.world.absorbed(self.id, token.number, outcome);
    }
}

fn by_handle(began: Moment, session: &Session, keys: &[i32]) -> Result<Read, Error> {
    let mut conn = session.read()?;
    let rows = rows(&mut conn, keys)?;
    Ok(read_of(began, keys, rows, conn.route()))
}

fn rows(conn: &mut ReadConn<Replica>, keys: &[i32]) -> QueryResult<Vec<(Row, bool)>> {
    let is_primary = diesel::dsl::sql::<Bool>(IS_PRIMARY);
    counters::table
        .filter(counters::key.eq_any(keys))
        .select((counters::all_columns, is_primary))
        .load(conn)
}
