//! What is no query keeps its own methods, under both preludes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// Calls, on types that are no queries, methods that have the names of those that run one.
macro_rules! own_methods {
    () => {{
        let list = vec![1, 2];
        let _: Option<&i32> = list.first();
        let _: Option<&i32> = list.as_slice().first();
        let _: Option<&i32> = [1, 2].first();
        let _: Option<&i32> = Arc::new(list).first();
        let _: Option<&i32> = BTreeSet::from([1]).first();
        let _: Option<(&i32, &i32)> = BTreeMap::from([(1, 2)]).first_key_value();
        let _: Option<&i32> = VecDeque::from([1]).front();
        let _: u64 = AtomicU64::new(1).load(Ordering::Relaxed);
        let _: u64 = Arc::new(AtomicU64::new(1)).load(Ordering::Relaxed);
        static IS_ON: AtomicBool = AtomicBool::new(false);
        let _: bool = IS_ON.load(Ordering::Relaxed);
        let _: Guard = Swap.load();
        let _: Guard = Arc::new(Swap).load();
        let cell = OnceLock::from(Swap);
        let _: Option<Guard> = cell.get().map(|swap| swap.load());
        let _: Option<i32> = Mutex::new(vec![1])
            .into_inner()
            .ok()
            .and_then(|list| list.first().copied());
        let _: Vec<i32> = [vec![1]]
            .iter()
            .filter_map(|list| list.first().copied())
            .collect();
        let _: i32 = Job.execute();
        let job = Box::new(Job);
        let _: i32 = job.execute();
    }};
}

/// A cell with a `load` of its own, as `ArcSwap` has.
struct Swap;

struct Guard;

impl Swap {
    fn load(&self) -> Guard {
        Guard
    }
}

/// A type with an `execute` of its own.
struct Job;

impl Job {
    fn execute(&self) -> i32 {
        1
    }
}

mod asynchronous {
    use super::*;
    use diesel_routing::pg::WriteConn;
    use diesel_routing::prelude::*;
    use ui_tests::{User, users};

    async fn ours(conn: &mut WriteConn) -> QueryResult<User> {
        own_methods!();
        users::table.first(conn).await
    }
}

mod blocking {
    use super::*;
    use diesel_routing::sync::pg::WriteConn;
    use diesel_routing::sync::prelude::*;
    use ui_tests::{User, users};

    fn ours(conn: &mut WriteConn) -> QueryResult<User> {
        own_methods!();
        users::table.first(conn)
    }
}
