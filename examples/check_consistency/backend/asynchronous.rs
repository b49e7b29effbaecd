//! A client over diesel-async.

use std::sync::Arc;
use std::time::Duration;

use diesel::sql_types::Bool;
use diesel_routing::prelude::*;
use diesel_routing::{Error, Level, Replica};

use crate::act::{Act, Acts, PATIENCE, ReadBy, WriteBy};
use crate::client::{Token, World, kind, read_of};
use crate::options::Strategy;
use crate::table::{Row, counters};
use diesel_routing_verify::oracle::{Event, Moment, Read};

use super::handles::{ReadConn, Session};
use super::nodes::Routers;
use super::table::IS_PRIMARY;
use super::update::asynchronous as update;

/// The time for which reads wait that wait for a fresher replica.
const WAIT: Duration = Duration::from_millis(50);

pub(crate) async fn run(world: Arc<World>, routers: Arc<Routers>, number: u32) {
    let router = &routers.asynchronous[number as usize % routers.asynchronous.len()];
    let mut client = Client {
        session: router.session(),
        id: world.new_session(),
        acts: Acts::new(world.seed, number),
        world,
        routers,
    };
    while !client.world.is_over() {
        let act = client.acts.next(client.routers.asynchronous.len());
        let patience = client.acts.patience();
        match tokio::time::timeout(patience, client.act(act)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => client.world.failed(kind(&error)),
            Err(_) if patience < PATIENCE => client.world.failed("given up on purpose".to_owned()),
            Err(_) => client.world.failed(format!("no answer in {PATIENCE:?}")),
        }
        tokio::time::sleep(client.acts.pause()).await;
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
    async fn act(&mut self, act: Act) -> Result<(), Error> {
        match act {
            Act::Read(by, keys) => {
                let reads = self.read(by, &keys).await?;
                self.world.history.note(self.id, Event::Reads(reads));
            }
            Act::Write(by, keys) => self.write(by, &keys).await?,
            Act::Move(to) => {
                let token = self.token().await?;
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

    async fn read(&self, by: ReadBy, keys: &[i32]) -> Result<Vec<Read>, Error> {
        let began = self.world.history.now();
        let session = &self.session;
        let is_random = matches!(self.world.strategy, Strategy::Random);
        if is_random && by.is_at_the_session_s_level() {
            let mut conn = session.at_level(Level::Eventual).read_default().await?;
            let rows = rows(&mut conn, keys).await?;
            return Ok(vec![read_of(began, keys, rows, conn.route())]);
        }
        let read = match by {
            ReadBy::Handle => by_handle(began, session, keys).await?,
            ReadBy::Waiting => by_handle(began, &session.waiting(WAIT), keys).await?,
            ReadBy::Closure => {
                session
                    .reading(async |conn| {
                        let rows = rows(conn, keys).await?;
                        QueryResult::Ok(read_of(began, keys, rows, conn.route()))
                    })
                    .await?
            }
            ReadBy::Pair => {
                let (one, other) = tokio::join!(
                    by_handle(began, session, keys),
                    by_handle(began, session, keys)
                );
                return Ok(vec![one?, other?]);
            }
            ReadBy::Upgrade => {
                let conn = session.read_eventual().await?;
                let mut conn = conn.upgrade(session).await?;
                read_of(began, keys, rows(&mut conn, keys).await?, conn.route())
            }
            ReadBy::Primary => {
                let mut conn = session.read_primary().await?;
                read_of(began, keys, rows(&mut conn, keys).await?, conn.route())
            }
            ReadBy::Eventual => {
                let mut conn = session.read_eventual().await?;
                let mut read = read_of(began, keys, rows(&mut conn, keys).await?, conn.route());
                read.promised = false;
                read
            }
        };
        Ok(vec![read])
    }

    async fn write(&self, by: WriteBy, keys: &[i32]) -> Result<(), Error> {
        let mut conn = self.session.write().await?;
        let writer = self.world.sends(self.id);
        let written = match by {
            WriteBy::Statement => update(&mut conn, keys, writer).await?,
            WriteBy::Transaction => {
                conn.transaction(async |conn| update(conn, keys, writer).await)
                    .await?
            }
            WriteBy::RolledBack => {
                let outcome = conn
                    .transaction(async |conn| {
                        update(conn, keys, writer).await?;
                        QueryResult::<()>::Err(diesel::result::Error::RollbackTransaction)
                    })
                    .await;
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

    async fn token(&self) -> Result<Token, Error> {
        let number = self.world.issues(self.id);
        let text = self.session.token().await?.to_string();
        let token = Token { number, text };
        self.world.leave(&token);
        Ok(token)
    }

    fn renew(&mut self, router: usize) {
        self.session = self.routers.asynchronous[router].session();
        self.id = self.world.new_session();
    }

    fn absorb(&self, token: &Token) {
        let outcome = self.session.absorb(&token.text);
        self.world.absorbed(self.id, token.number, outcome);
    }
}

async fn by_handle(began: Moment, session: &Session, keys: &[i32]) -> Result<Read, Error> {
    let mut conn = session.read().await?;
    let rows = rows(&mut conn, keys).await?;
    Ok(read_of(began, keys, rows, conn.route()))
}

async fn rows(conn: &mut ReadConn<Replica>, keys: &[i32]) -> QueryResult<Vec<(Row, bool)>> {
    let is_primary = diesel::dsl::sql::<Bool>(IS_PRIMARY);
    counters::table
        .filter(counters::key.eq_any(keys))
        .select((counters::all_columns, is_primary))
        .load(conn)
        .await
}
