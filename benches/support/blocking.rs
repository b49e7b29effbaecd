//! Blocking Diesel on r2d2.

use std::rc::Rc;

use diesel::r2d2::{ConnectionManager, Pool};
use diesel_routing::Node;

use super::databases::blocking::{Router, Session};
use super::databases::{Connection, Databases};
use super::work::{NewUser, User, boxed, find, first, insert, load, users};
use super::{Outcome, Steps, Through, Work};

/// The same for every case, so that all find the same heap.
struct Pools {
    raw: Pool<ConnectionManager<Connection>>,
    raw_without_ping: Pool<ConnectionManager<Connection>>,
    session: Session,
    _databases: Databases,
}

pub(super) fn steps(work: Work, through: Through) -> Outcome<Steps> {
    let pools = Rc::new(Pools::new(work)?);
    match through {
        Through::Raw => raw::steps(work, pools),
        Through::RawWithoutPing => raw::loans(pools),
        _ => routed::steps(work, through, pools),
    }
}

impl Pools {
    fn new(work: Work) -> Outcome<Self> {
        let databases = Databases::new()?;
        let [primary, replica] = databases.urls();
        // Where a handle's statement goes.
        let raw = if work == Work::Insert {
            primary
        } else {
            replica
        };
        let raw = |has_ping| {
            let manager = ConnectionManager::new(raw);
            let pool = Pool::builder().max_size(1).test_on_check_out(has_ping);
            pool.build(manager)
        };
        let node = |name, url| Node::new(name, url).read_pool_size(1).write_pool_size(1);
        let router = Router::builder()
            .primary(node("primary", primary))
            .replica(node("replica", replica))
            .build()?;
        Ok(Self {
            raw: raw(true)?,
            raw_without_ping: raw(false)?,
            session: router.session(),
            _databases: databases,
        })
    }
}

/// A step in a loop, on a connection of `get`, which lives as long as the loop.
macro_rules! repeat {
    ($get:ident, $step:expr) => {
        Box::new(move |times| {
            let _ = &$get;
            for _ in 0..times {
                $step;
            }
            Ok(())
        })
    };
}

/// The steps that every connection can take.
macro_rules! reads {
    ($work:ident, $get:ident, $conn:ident => $borrowed:expr) => {
        match $work {
            Work::Checkout => repeat!($get, drop($get()?)),
            Work::Find => {
                let mut $conn = $get()?;
                repeat!($get, find!($borrowed))
            }
            Work::First => {
                let mut $conn = $get()?;
                repeat!($get, first!($borrowed))
            }
            Work::Boxed => {
                let mut $conn = $get()?;
                repeat!($get, boxed!($borrowed))
            }
            Work::Load | Work::Insert => {
                let mut $conn = $get()?;
                repeat!($get, load!($borrowed))
            }
        }
    };
}

mod raw {
    use diesel::prelude::*;

    use super::*;

    pub(super) fn steps(work: Work, pools: Rc<Pools>) -> Outcome<Steps> {
        let get = move || pools.raw.get();
        Ok(match work {
            Work::Insert => {
                let mut conn = get()?;
                repeat!(get, insert!(&mut *conn))
            }
            _ => reads!(work, get, conn => &mut *conn),
        })
    }

    pub(super) fn loans(pools: Rc<Pools>) -> Outcome<Steps> {
        let get = move || pools.raw_without_ping.get();
        Ok(repeat!(get, drop(get()?)))
    }
}

mod routed {
    use std::hint::black_box;

    use diesel_routing::Replica;
    use diesel_routing::sync::prelude::*;

    use super::super::databases::blocking::ReadConn;
    use super::*;

    fn plain(conn: &mut ReadConn<Replica>, key: i32) -> Result<User, diesel_routing::Error> {
        Ok(users::table.find(key).get_result(conn)?)
    }

    #[diesel_routing::consistency(eventual)]
    fn annotated(conn: &mut ReadConn<Replica>, key: i32) -> Result<User, diesel_routing::Error> {
        Ok(users::table.find(key).get_result(conn)?)
    }

    pub(super) fn steps(work: Work, through: Through, pools: Rc<Pools>) -> Outcome<Steps> {
        Ok(match through {
            Through::Replica => {
                let get = move || pools.session.read_eventual();
                reads!(work, get, conn => &mut conn)
            }
            Through::Plain => {
                let get = move || pools.session.read_eventual();
                let mut conn = get()?;
                repeat!(get, black_box(plain(&mut conn, black_box(500))?))
            }
            Through::Annotated => {
                let get = move || pools.session.read_eventual();
                let mut conn = get()?;
                repeat!(get, black_box(annotated(&mut conn, black_box(500))?))
            }
            Through::CaughtUp => {
                let get = move || pools.session.read();
                reads!(work, get, conn => &mut conn)
            }
            Through::Primary => {
                let get = move || pools.session.read_primary();
                reads!(work, get, conn => &mut conn)
            }
            Through::Write | Through::Raw | Through::RawWithoutPing => {
                let get = move || pools.session.write();
                match work {
                    Work::Insert => {
                        let mut conn = get()?;
                        repeat!(get, insert!(&mut conn))
                    }
                    _ => reads!(work, get, conn => &mut conn),
                }
            }
        })
    }
}
