//! What routing costs in round trips.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel_async::{AsyncConnection as _, SimpleAsyncConnection as _};
use diesel_routing::{Error, TokenKeys};

use super::*;
use crate::counts::{Count, Counter, TIMES, another_theme, check};

/// Without a router.
mod raw {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;

    use super::{Connection, another_theme, settings};

    pub(super) async fn read(conn: &mut Connection) -> QueryResult<String> {
        let theme = settings::table.find(1).select(settings::theme);
        theme.first(conn).await
    }

    pub(super) async fn write(conn: &mut Connection) -> QueryResult<usize> {
        let update = diesel::update(settings::table.find(1));
        update
            .set(settings::theme.eq(another_theme()))
            .execute(conn)
            .await
    }
}

/// Does something until the pools are warm, then counts.
async fn mean(counter: &Counter, work: impl AsyncFn()) -> f64 {
    for _ in 0..TIMES / 10 {
        work().await;
    }
    let before = counter.total();
    for _ in 0..TIMES {
        work().await;
    }
    counter.mean_since(before)
}

macro_rules! select {
    ($conn:expr) => {{
        let theme = settings::table.find(1).select(settings::theme);
        let theme: String = theme.first($conn).await.expect("a row");
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
            .await
    };
}

async fn count(pool: &str, builder: Builder) {
    let cluster = cluster(1);
    let [primary, standby] =
        [cluster.primary(), cluster.standby(0)].map(|node| node.proxy().expect("a proxy"));
    let builder = builder
        .window(HOUR)
        .token_keys(TokenKeys::new(1, [7; 32]).expect("keys"))
        .primary(diesel_routing::Node::new("primary", primary.url()))
        .replica(diesel_routing::Node::new("standby", standby.url()));
    let router = builder.build().await.expect("a router");
    let counter = Counter::of(vec![primary.clone(), standby]);
    let raw = Connection::establish(&primary.url()).await;
    let raw = tokio::sync::Mutex::new(raw.expect("a connection"));

    let raw_read = mean(&counter, async || {
        raw::read(&mut *raw.lock().await).await.expect("a row");
    })
    .await;
    let raw_write = mean(&counter, async || {
        raw::write(&mut *raw.lock().await).await.expect("a write");
    })
    .await;
    let raw_transaction = mean(&counter, async || {
        let mut raw = raw.lock().await;
        raw.transaction(async |conn| raw::write(conn).await)
            .await
            .expect("a write");
    })
    .await;

    let session = router.session();
    let token = {
        let wrote = router.session();
        update!(&mut wrote.write().await.expect("a connection")).expect("a write");
        wrote.token().await.expect("a token").to_string()
    };
    let tenants = ["7", "8"].map(|tenant| {
        let session = router.session().with_settings([(SETTING, tenant)]);
        session.expect("settings")
    });
    let same_tenant = mean(&counter, async || {
        select!(&mut tenants[0].read().await.expect("a connection"));
    })
    .await;
    let both_tenants = mean(&counter, async || {
        for tenant in &tenants {
            select!(&mut tenant.read().await.expect("a connection"));
        }
    })
    .await;
    let mut set_by_hand = None;
    if let Some(sql) = SET_BY_HAND {
        let set = mean(&counter, async || {
            let mut conn = router.write().await.expect("a connection");
            conn.batch_execute(sql).await.expect("a batch");
        });
        set_by_hand = Some(set.await);
    }
    // The settings of the last tenant are undone once.
    let read = mean(&counter, async || {
        select!(&mut session.read().await.expect("a connection"));
    })
    .await;
    let eventual = mean(&counter, async || {
        select!(&mut router.read_eventual().await.expect("a connection"));
    })
    .await;
    let bounded = mean(&counter, async || {
        let lag = Duration::from_secs(60);
        select!(&mut router.read_bounded(lag).await.expect("a connection"));
    })
    .await;
    let resumed = mean(&counter, async || {
        let session = router.resume(&token);
        select!(&mut session.read().await.expect("a connection"));
    })
    .await;
    let strong = mean(&counter, async || {
        select!(&mut router.read_primary().await.expect("a connection"));
    })
    .await;
    let write = mean(&counter, async || {
        update!(&mut router.write().await.expect("a connection")).expect("a write");
    })
    .await;
    let transaction = mean(&counter, async || {
        let mut conn = router.write().await.expect("a connection");
        let updated = conn.transaction(async |conn| Ok::<_, Error>(update!(conn)?));
        updated.await.expect("a write");
    })
    .await;
    let both = mean(&counter, async || {
        let (session, theme) = (router.session(), another_theme());
        update!(&mut session.write().await.expect("a connection"), &theme).expect("a write");
        let seen = select!(&mut session.read().await.expect("a connection"));
        assert_eq!(seen, theme);
    })
    .await;

    let pipelined = AtomicBool::new(false);
    let both_pipelined = mean(&counter, async || {
        let (session, theme) = (router.session(), another_theme());
        update!(&mut session.write().await.expect("a connection"), &theme).expect("a write");
        let seen = theme_pipelined(&session).await;
        assert!(seen.as_ref().is_none_or(|seen| *seen == theme));
        pipelined.store(seen.is_some(), Ordering::Relaxed);
    })
    .await;

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
    let both_pipelined = pipelined.into_inner().then(|| {
        let raw = raw_write + raw_read;
        let adds = WRITE_AND_READ_ADDS - 1.0;
        count("a write and its read, pipelined", both_pipelined, raw, adds)
    });
    let counts = [
        &counts[..],
        set_by_hand.as_slice(),
        both_pipelined.as_slice(),
    ]
    .concat();
    // They were counted at all.
    assert!(both_tenants > 3.9, "{counts:?}");
    assert!(set_by_hand.is_none_or(|set| set.routed > 1.9), "{counts:?}");
    check(&format!("{SERVER}, async, {pool}"), &counts);
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_adds_no_round_trip_to_what_bb8_alone_takes() {
    count("bb8", Router::builder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_adds_no_round_trip_to_what_deadpool_alone_takes() {
    count("deadpool", Router::deadpool_builder()).await;
}
