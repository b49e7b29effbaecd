//! What is no query keeps its own methods, under both preludes.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, RwLock};

use arc_swap::{ArcSwap, ArcSwapOption};

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
        let _: Option<&i32> = Box::<[i32]>::from([1]).first();
        let _: Option<&i32> = Rc::new(vec![1]).first();
        let _: Option<&i32> = Cow::Borrowed(&[1][..]).first();
        let _: Option<i32> = RefCell::new(vec![1]).borrow().first().copied();
        let _: Option<i32> = Some(vec![1]).and_then(|list| list.first().copied());
        static COUNT: LazyLock<AtomicUsize> = LazyLock::new(AtomicUsize::default);
        let _: usize = COUNT.load(Ordering::Relaxed);
        static COUNTS: OnceLock<Vec<AtomicUsize>> = OnceLock::new();
        let _: Option<usize> = COUNTS
            .get_or_init(Vec::new)
            .first()
            .map(|count| count.load(Ordering::Relaxed));
        let swap = ArcSwap::from_pointee(vec![1]);
        let _: Option<i32> = swap.load().first().copied();
        let _: arc_swap::Guard<Arc<Vec<i32>>> = Arc::new(swap).load();
        static SWAP: OnceLock<ArcSwap<String>> = OnceLock::new();
        let _: usize = SWAP
            .get_or_init(|| ArcSwap::from_pointee(String::new()))
            .load()
            .len();
        static LATE: LazyLock<ArcSwapOption<String>> = LazyLock::new(ArcSwapOption::empty);
        let _: bool = LATE.load().is_none();
        let _: Option<i32> = RwLock::new(vec![1])
            .read()
            .ok()
            .and_then(|list| list.first().copied());
        let _: Guard = Swap.load();
        let _: Guard = Arc::new(Swap).load();
        let cell = OnceLock::from(Swap);
        let _: Option<Guard> = cell.get().map(|swap| swap.load());
        let _: Vec<u64> = [AtomicU64::new(1)]
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect();
        let _: Vec<Option<&i32>> = [[1, 2]]
            .chunks(1)
            .flatten()
            .map(|pair| pair.first())
            .collect();
        let _: Option<i32> = [1, 2].windows(2).find_map(|pair| pair.first().copied());
        let _: i32 = [Job, Job].iter().map(|job| job.execute()).sum();
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
