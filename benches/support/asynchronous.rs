//! diesel-async on bb8; SQLite runs on tokio's blocking threads.

use std::io;
use std::rc::Rc;
use std::sync::LazyLock;

use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8::Pool;
use diesel_routing::Node;
use tokio::runtime::{Builder, Runtime};

use super::databases::asynchronous::{Router, Session};
use super::databases::{AsyncConnection, Databases};
use super::work::{NewUser, User, boxed, find, first, insert, load, users};
use super::{Outcome, Steps, Through, Work};

static RUNTIME: LazyLock<io::Result<Runtime>> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build());

/// The same for every case, so that all find the same heap.
struct Pools {
    raw: Pool<AsyncConnection>,
    raw_without_ping: Pool<AsyncConnection>,
    session: Session,
    _databases: Databases,
}

pub(super) fn steps(work: Work, through: Through) -> Outcome<Steps> {
    runtime()?.block_on(async {
        let pools = Rc::new(Pools::new(work).await?);
        match through {
            Through::Raw => raw::steps(work, pools).await,
            Through::RawWithoutPing => Ok(raw::loans(pools)),
            _ => routed::steps(work, through, pools).await,
        }
    })
}

impl Pools {
    async fn new(work: Work) -> Outcome<Self> {
        let databases = Databases::new()?;
        let [primary, replica] = databases.urls();
        // Where a handle's statement goes.
        let raw = if work == Work::Insert {
            primary
        } else {
            replica
        };
        let raw = |has_ping| {
            let manager = AsyncDieselConnectionManager::new(raw);
            let pool = Pool::builder().max_size(1).test_on_check_out(has_ping);
            pool.build(manager)
        };
        let node = |name, url| Node::new(name, url).read_pool_size(1).write_pool_size(1);
        let router = Router::builder()
            .primary(node("primary", primary))
            .replica(node("replica", replica))
            .build()
            .await?;
        Ok(Self {
            raw: raw(true).await?,
            raw_without_ping: raw(false).await?,
            session: router.session(),
            _databases: databases,
        })
    }
}

fn runtime() -> Outcome<&'static Runtime> {
    Ok(RUNTIME.as_ref()?)
}

/// A step in a loop, on a connection of `get`, which lives as long as the loop.
macro_rules! repeat {
    ($get:ident, $step:expr) => {
        Box::new(move |times| {
            let _ = &$get;
            runtime()?.block_on(async {
                for _ in 0..times {
                    $step;
                }
                Ok(())
            })
        })
    };
}

/// The steps that every connection can take.
macro_rules! reads {
    ($work:ident, $get:ident, $conn:ident => $borrowed:expr) => {
        match $work {
            Work::Checkout => repeat!($get, drop($get().await?)),
            Work::Find => {
                let mut $conn = $get().await?;
                repeat!($get, find!($borrowed, await))
            }
            Work::First => {
                let mut $conn = $get().await?;
                repeat!($get, first!($borrowed, await))
            }
            Work::Boxed => {
                let mut $conn = $get().await?;
                repeat!($get, boxed!($borrowed, await))
            }
            Work::Load | Work::Insert => {
                let mut $conn = $get().await?;
                repeat!($get, load!($borrowed, await))
            }
        }
    };
}

mod raw {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;

    use super::*;

    pub(super) async fn steps(work: Work, pools: Rc<Pools>) -> Outcome<Steps> {
        let get = async move || pools.raw.get_owned().await;
        Ok(match work {
            Work::Insert => {
                let mut conn = get().await?;
                repeat!(get, insert!(&mut *conn, await))
            }
            _ => reads!(work, get, conn => &mut *conn),
        })
    }

    pub(super) fn loans(pools: Rc<Pools>) -> Steps {
        let get = async move || pools.raw_without_ping.get_owned().await;
        repeat!(get, drop(get().await?))
    }
}

mod routed {
    use std::hint::black_box;

    use diesel_routing::Replica;
    use diesel_routing::prelude::*;

    use super::super::databases::asynchronous::ReadConn;
    use super::*;

    async fn plain(conn: &mut ReadConn<Replica>, key: i32) -> Result<User, diesel_routing::Error> {
        Ok(users::table.find(key).get_result(conn).await?)
    }

    #[diesel_routing::consistency(eventual)]
    async fn annotated(
        conn: &mut ReadConn<Replica>,
        key: i32,
    ) -> Result<User, diesel_routing::Error> {
        Ok(users::table.find(key).get_result(conn).await?)
    }

    pub(super) async fn steps(work: Work, through: Through, pools: Rc<Pools>) -> Outcome<Steps> {
        Ok(match through {
            Through::Replica => {
                let get = async move || pools.session.read_eventual().await;
                reads!(work, get, conn => &mut conn)
            }
            Through::Plain => {
                let get = async move || pools.session.read_eventual().await;
                let mut conn = get().await?;
                repeat!(get, black_box(plain(&mut conn, black_box(500)).await?))
            }
            Through::Annotated => {
                let get = async move || pools.session.read_eventual().await;
                let mut conn = get().await?;
                repeat!(get, black_box(annotated(&mut conn, black_box(500)).await?))
            }
            Through::CaughtUp => {
                let get = async move || pools.session.read().await;
                reads!(work, get, conn => &mut conn)
            }
            Through::Primary => {
                let get = async move || pools.session.read_primary().await;
                reads!(work, get, conn => &mut conn)
            }
            Through::Write | Through::Raw | Through::RawWithoutPing => {
                let get = async move || pools.session.write().await;
                match work {
                    Work::Insert => {
                        let mut conn = get().await?;
                        repeat!(get, insert!(&mut conn, await))
                    }
                    _ => reads!(work, get, conn => &mut conn),
                }
            }
        })
    }
}
