//! The same with blocking connections.

use std::cell::RefCell;
use std::time::Duration;

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel_routing::{Error, TokenKeys};

use super::*;
use crate::counts::{Count, Counter, TIMES, another_theme, check};

/// Without a router.
mod raw {
    use diesel::prelude::*;

    use super::{Connection, another_theme, settings};

    pub(super) fn read(conn: &mut Connection) -> QueryResult<String> {
        let theme = settings::table.find(1).select(settings::theme);
        theme.first(conn)
    }

    pub(super) fn write(conn: &mut Connection) -> QueryResult<usize> {
        let update = diesel::update(settings::table.find(1));
        update
            .set(settings::theme.eq(another_theme()))
            .execute(conn)
    }
}

/// Does something until the pools are warm, then counts.
fn mean(counter: &Counter, work: impl Fn()) -> f64 {
    for _ in 0..TIMES / 10 {
        work();
    }
    let before = counter.total();
    for _ in 0..TIMES {
        work();
    }
    counter.mean_since(before)
}

macro_rules! select {
    ($conn:expr) => {{
        let theme = settings::table.find(1).select(settings::theme);
        let theme: String = theme.first($conn).expect("a row");
        theme
    }};
}

macro_rules! update {
    ($conn:expr) => {
        update!($conn, another_theme())
    };
    ($conn:expr, $theme:expr) => {
        diesel::update(settings::table.find(1))
            .set(settings::theme.eq($theme))
            .execute($conn)
    };
}

#[test]
fn routing_adds_no_round_trip_to_what_r2d2_alone_takes() {
    let cluster = cluster(1);
    let [primary, standby] =
        [cluster.primary(), cluster.standby(0)].map(|node| node.proxy().expect("a proxy"));
    let builder = Router::builder()
        .window(HOUR)
        .token_keys(TokenKeys::new(1, [7; 32]).expect("keys"))
        .primary(diesel_routing::Node::new("primary", primary.url()))
        .replica(diesel_routing::Node::new("standby", standby.url()));
    let router = builder.build().expect("a router");
    let counter = Counter::of(vec![primary.clone(), standby]);
    let raw = Connection::establish(&primary.url()).expect("a connection");
    let raw = RefCell::new(raw);

    let raw_read = mean(&counter, || {
        raw::read(&mut raw.borrow_mut()).expect("a row");
    });
    let raw_write = mean(&counter, || {
        raw::write(&mut raw.borrow_mut()).expect("a write");
    });
    let raw_transaction = mean(&counter, || {
        let mut raw = raw.borrow_mut();
        raw.transaction(raw::write).expect("a write");
    });

    let session = router.session();
    let token = {
        let wrote = router.session();
        update!(&mut wrote.write().expect("a connection")).expect("a write");
        wrote.token().expect("a token").to_string()
    };
    let tenants = ["7", "8"].map(|tenant| {
        let session = router.session().with_settings([(SETTING, tenant)]);
        session.expect("settings")
    });
    let same_tenant = mean(&counter, || {
        select!(&mut tenants[0].read().expect("a connection"));
    });
    let both_tenants = mean(&counter, || {
        for tenant in &tenants {
            select!(&mut tenant.read().expect("a connection"));
        }
    });
    let set_by_hand = SET_BY_HAND.map(|sql| {
        mean(&counter, || {
            let mut conn = router.write().expect("a connection");
            conn.batch_execute(sql).expect("a batch");
        })
    });
    // The settings of the last tenant are undone once.
    let read = mean(&counter, || {
        select!(&mut session.read().expect("a connection"));
    });
    let eventual = mean(&counter, || {
        select!(&mut router.read_eventual().expect("a connection"));
    });
    let bounded = mean(&counter, || {
        let lag = Duration::from_secs(60);
        select!(&mut router.read_bounded(lag).expect("a connection"));
    });
    let resumed = mean(&counter, || {
        let session = router.resume(&token);
        select!(&mut session.read().expect("a connection"));
    });
    let strong = mean(&counter, || {
        select!(&mut router.read_primary().expect("a connection"));
    });
    let write = mean(&counter, || {
        update!(&mut router.write().expect("a connection")).expect("a write");
    });
    let transaction = mean(&counter, || {
        let mut conn = router.write().expect("a connection");
        conn.transaction(|conn| Ok::<_, Error>(update!(conn)?))
            .expect("a write");
    });
    let both = mean(&counter, || {
        let (session, theme) = (router.session(), another_theme());
        update!(&mut session.write().expect("a connection"), &theme).expect("a write");
        let seen = select!(&mut session.read().expect("a connection"));
        assert_eq!(seen, theme);
    });

    let count = |operation, routed, raw, may_add| Count {
        operation,
        routed,
        raw,
        may_add,
    };
    let counts = [
        count("session.read", read, raw_read, 0.0),
        count("read_eventual", eventual, raw_read, 0.0),
        count("read_bounded", bounded, raw_read, 0.0),
        count("resume, then read", resumed, raw_read, 0.0),
        count("read_primary", strong, raw_read, READ_PRIMARY_ADDS),
        count("write", write, raw_write, 0.0),
        count("transaction", transaction, raw_transaction, 0.0),
        count(
            "a write and its read",
            both,
            raw_write + raw_read,
            WRITE_AND_READ_ADDS,
        ),
        count("settings as before", same_tenant, raw_read, 0.0),
        count(
            "settings of two by turns",
            both_tenants,
            2.0 * raw_read,
            2.0,
        ),
    ];
    let set_by_hand = set_by_hand.map(|set| count("`SET` by hand", set, 1.0, 1.0));
    let counts = [&counts[..], set_by_hand.as_slice()].concat();
    // They were counted at all.
    assert!(both_tenants > 3.9, "{counts:?}");
    assert!(set_by_hand.is_none_or(|set| set.routed > 1.9), "{counts:?}");
    check(&format!("{SERVER}, blocking, r2d2"), &counts);
}
