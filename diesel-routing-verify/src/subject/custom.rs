//! A strategy of somebody's own.

use std::any::type_name;
use std::marker::PhantomData;
use std::sync::Arc;

use diesel::ConnectionResult;
use futures_core::future::BoxFuture;

use super::{Answer, Client, Inquiry, Level, Loan, Opened, Subject};
use crate::failure::Failure;
use crate::seen::Line;
use crate::statements::{Change, Family, Shown, Verifiable};
use crate::strategy::{Lent, Strategy, StrategyError};

/// A strategy of somebody's own.
pub(crate) struct Custom<C, S> {
    strategy: Arc<S>,
    connection: PhantomData<fn() -> C>,
}

impl<C: Verifiable, S: Strategy<C>> Custom<C, S> {
    pub(crate) fn new(strategy: S) -> Self {
        Self {
            strategy: Arc::new(strategy),
            connection: PhantomData,
        }
    }
}

impl<C: Verifiable, S: Strategy<C>> Subject for Custom<C, S> {
    fn name(&self) -> String {
        let path = type_name::<S>();
        path.rsplit("::").next().unwrap_or(path).to_owned()
    }

    fn family(&self) -> Family {
        C::FAMILY
    }

    fn has_levels(&self) -> bool {
        false
    }

    fn begin(&self) -> Box<dyn Client> {
        Box::new(CustomClient::<C, S> {
            session: self.strategy.begin(),
            strategy: Arc::clone(&self.strategy),
            connection: PhantomData,
        })
    }

    fn run<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mut session = self.strategy.begin();
            let lent = self.strategy.write(&mut session).await;
            let mut conn = lent.map_err(of_strategy)?.conn;
            Ok(C::run(&mut conn, sql).await?)
        })
    }

    fn ask<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<Vec<Line>, Failure>> {
        Box::pin(async move {
            let mut session = self.strategy.begin();
            let lent = self.strategy.write(&mut session).await;
            let mut conn = lent.map_err(of_strategy)?.conn;
            Ok(C::ask(&mut conn, sql).await?)
        })
    }

    fn open<'a>(&'a self, url: &'a str) -> BoxFuture<'a, ConnectionResult<Box<dyn Inquiry>>> {
        Box::pin(async move {
            let conn = C::open(url).await?;
            Ok(Box::new(Opened(conn)) as Box<dyn Inquiry>)
        })
    }
}

struct CustomClient<C: Verifiable, S: Strategy<C>> {
    strategy: Arc<S>,
    session: S::Session,
    connection: PhantomData<fn() -> C>,
}

impl<C: Verifiable, S: Strategy<C>> Client for CustomClient<C, S> {
    fn read<'a>(&'a mut self, _: Level, sql: &'a str) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let lent = self.strategy.read(&mut self.session).await;
            let Lent { node, mut conn } = lent.map_err(of_strategy)?;
            let last = C::read_raw(&mut conn, sql).await?;
            let first = Vec::new();
            Ok(Answer::of(Shown { first, last }, loan(node, "read")))
        })
    }

    fn snapshot<'a>(
        &'a mut self,
        _: &'a str,
        last: &'a str,
    ) -> BoxFuture<'a, Result<Answer, Failure>> {
        // How a strategy's snapshots are opened is its own business.
        self.read(Level::Session, last)
    }

    fn lock<'a>(
        &'a mut self,
        first: &'a str,
        last: &'a str,
    ) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let lent = self.strategy.lock(&mut self.session).await;
            let Lent { node, mut conn } = lent.map_err(of_strategy)?;
            let change = Change {
                first: vec![first.to_owned()],
                then: Vec::new(),
                last: vec![last.to_owned()],
            };
            let shown = C::change_raw(&mut conn, &change).await?;
            Ok(Answer::of(shown, loan(node, "write")))
        })
    }

    fn change<'a>(&'a mut self, change: &'a Change) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let lent = self.strategy.write(&mut self.session).await;
            let Lent { node, mut conn } = lent.map_err(of_strategy)?;
            let shown = C::change_raw(&mut conn, change).await?;
            Ok(Answer::of(shown, loan(node, "write")))
        })
    }

    fn hand_over(&mut self) -> BoxFuture<'_, Result<Option<Box<dyn Client>>, Failure>> {
        Box::pin(async { Ok(None) })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` has it")]
fn of_strategy(error: StrategyError) -> Failure {
    Failure::of_strategy(&*error)
}

fn loan(node: String, pool: &'static str) -> Loan {
    Loan {
        node,
        reason: "strategy",
        pool,
        is_primary: None,
    }
}
