//! The time in which a node's answer becomes the snapshot that decisions read.

use std::hint::black_box;
use std::time::Instant;

use diesel_routing::__bench::Publisher;

const NODES: [usize; 5] = [3, 10, 50, 200, 1_000];
const ANSWERS: usize = 2_000;
const TURNS: usize = 11;

/// Prints the median time of an answer, by the number of nodes.
pub(crate) fn run() {
    println!("\n{:<8} {:>12} {:>8}", "nodes", "an answer", "ratio");
    let mut publishers = NODES.map(|nodes| (nodes, Publisher::new(nodes), Vec::new()));
    // In turns, so that whatever else the machine does slows all.
    for _ in 0..TURNS {
        for (nodes, publisher, times) in &mut publishers {
            let start = Instant::now();
            for answer in 0..ANSWERS {
                black_box(&mut *publisher).publish(answer % *nodes);
            }
            times.push(start.elapsed().as_secs_f64() * 1e6 / ANSWERS as f64);
        }
    }
    let mut first = None;
    for (nodes, _, times) in &mut publishers {
        times.sort_unstable_by(f64::total_cmp);
        let median = times[times.len() / 2];
        let ratio = median / *first.get_or_insert(median);
        println!("{nodes:<8} {median:>9.2} us {ratio:>8.1}");
    }
}
