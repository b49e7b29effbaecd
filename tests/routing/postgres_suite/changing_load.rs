//! Clients that work while nodes come and go.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use super::*;

/// What a client did.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) reads: u32,
    pub(crate) failed_reads: Vec<String>,
    pub(crate) writes: u32,
    /// The errors of writes, and of reads of what was just written.
    pub(crate) failed_writes: Vec<String>,
    /// The time in which these failed.
    pub(crate) down: Duration,
    /// The nodes that it read from.
    pub(crate) nodes: BTreeSet<String>,
}

/// Clients, each on a thread of its own.
pub(crate) struct Load {
    is_over: Arc<AtomicBool>,
    progress: Arc<Mutex<Progress>>,
    clients: Vec<JoinHandle<Tally>>,
}

/// The progress of the clients.
#[derive(Debug, Default)]
struct Progress {
    /// The rounds of each that have ended.
    rounds: Vec<u64>,
    /// The nodes that they have read from.
    nodes: BTreeSet<String>,
}

impl Load {
    pub(crate) fn start(router: &Router, clients: usize) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let progress = Arc::new(Mutex::new(Progress {
            rounds: vec![0; clients],
            ..Progress::default()
        }));
        let clients = (0..clients).map(|client| {
            let (router, is_over) = (router.clone(), Arc::clone(&is_over));
            let progress = Arc::clone(&progress);
            let runtime = tokio::runtime::Handle::current();
            std::thread::spawn(move || {
                runtime.block_on(async move {
                    let mut tally = Tally::default();
                    while !AtomicBool::load(&is_over, Ordering::Relaxed) {
                        work(&router, &mut tally).await;
                        let mut progress = progress.lock().unwrap();
                        progress.rounds[client] += 1;
                        progress.nodes.extend(tally.nodes.iter().cloned());
                    }
                    tally
                })
            })
        });
        let clients = clients.collect();
        Self {
            is_over,
            progress,
            clients,
        }
    }

    /// Waits until every client has written and read in a round that began after this call.
    pub(crate) fn goes_on(&self) {
        let before = self.progress.lock().unwrap().rounds.clone();
        self.until(|progress| {
            // The one under way, and another.
            std::iter::zip(&progress.rounds, &before).all(|(now, before)| *now >= before + 2)
        });
    }

    /// Waits until a client has read from each of these nodes.
    pub(crate) fn reads_from(&self, nodes: &[&str]) {
        self.until(|progress| nodes.iter().all(|node| progress.nodes.contains(*node)));
    }

    fn until(&self, is_so: impl Fn(&Progress) -> bool) {
        let since = Instant::now();
        loop {
            let progress = self.progress.lock().unwrap();
            if is_so(&progress) {
                return;
            }
            assert!(since.elapsed() < Duration::from_secs(20), "{progress:?}");
            drop(progress);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the clients' work; what all of them did, and the longest time in which one's writes, and reads of them, failed.
    pub(crate) fn end(self) -> Tally {
        self.is_over.store(true, Ordering::Relaxed);
        let tallies = self
            .clients
            .into_iter()
            .map(|client| client.join().unwrap());
        tallies.fold(Tally::default(), |mut all, one| {
            all.reads += one.reads;
            all.failed_reads.extend(one.failed_reads);
            all.writes += one.writes;
            all.failed_writes.extend(one.failed_writes);
            all.down = all.down.max(one.down);
            all.nodes.extend(one.nodes);
            all
        })
    }
}

/// Two sessions: one writes and reads that a few times, and one reads only.
///
/// Where the primary dies in the moment in which nobody has asked for the position of a write, no replica can be known to have it:
/// reads of that session fail as writes do, until another takes over. The other session's never do.
async fn work(router: &Router, tally: &mut Tally) {
    let session = router.session();
    let write = async || {
        let mut conn = wait!(session.write())?;
        let row = users::table.find(2);
        wait!(
            diesel::update(row)
                .set(users::name.eq("eve"))
                .execute(&mut conn)
        )?;
        Ok::<_, Error>(())
    };
    until_done(tally, write).await;
    tally.writes += 1;
    for _ in 0..4 {
        let (from, count) = until_done(tally, async || read(&session).await).await;
        assert_eq!(count, 2);
        tally.reads += 1;
        tally.nodes.insert(from);
    }
    let reader = router.session();
    for _ in 0..4 {
        match read(&reader).await {
            Ok((from, count)) => {
                assert_eq!(count, 2);
                tally.reads += 1;
                tally.nodes.insert(from);
            }
            Err(error) => tally.failed_reads.push(format!("{error:?}")),
        }
    }
}

async fn read(session: &Session) -> Result<(String, i64), Error> {
    wait!(session.reading(body!(|conn| {
        let from = conn.route().node.to_owned();
        let count = wait!(users::table.count().get_result::<i64>(conn))?;
        Ok::<_, diesel::result::Error>((from, count))
    })))
}

/// Does something until it works, and adds up for how long it did not.
async fn until_done<T>(tally: &mut Tally, act: impl AsyncFn() -> Result<T, Error>) -> T {
    let (since, mut has_failed) = (Instant::now(), false);
    loop {
        match act().await {
            Ok(done) => {
                if has_failed {
                    tally.down += since.elapsed();
                }
                return done;
            }
            Err(error) => {
                has_failed = true;
                tally.failed_writes.push(format!("{error:?}"));
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{tally:?}");
    }
}
