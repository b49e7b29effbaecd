//! Chooses one of several eligible replicas.

mod sample;

use std::sync::Arc;
use std::time::Instant;

pub(crate) use sample::Replicas;

use super::PeakEwma;

/// The method of choosing among eligible replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Balance {
    /// The one of two random replicas with fewer connections in use: nearly as even as comparing all, and
    /// as cheap with a thousand replicas as with three (M. Mitzenmacher, "The Power of Two Choices in
    /// Randomized Load Balancing", 2001). The default.
    #[default]
    LeastOfTwo,
    /// A random replica.
    Random,
    /// Each replica in turn. Among more than 64 nodes, whoever follows one that cannot serve takes its turn too.
    RoundRobin,
    /// A random replica, in proportion to the [weights](crate::Node::weight). Among more than 64 nodes, the
    /// proportion is that of a few random replicas, so shares of great weights are a little less.
    Weighted,
    /// The one of two random replicas that is expected to answer sooner: the peak EWMA of the times that it took to answer,
    /// times one more than its connections in use. For replicas that differ in speed or distance, as those of several
    /// regions do: the near ones get most reads without a [zone](crate::RouterBuilder::zone).
    ///
    /// Measured is the time from each statement to its answer (all rows of a `load`, the first of a stream), on whatever
    /// handle, and that of the watchers' questions: not the time for which a handle was held, or a connection waited for.
    /// A statement that fails or is given up does not count. A slower answer counts at once, a quicker one little by
    /// little, over the [decay time](crate::RouterBuilder::latency_decay). So a replica is avoided for a while after a slow
    /// statement, whoever is to blame; where statements differ much, give the heavy ones
    /// [replicas of their own](crate::Session::on).
    ///
    /// The formula is that of Finagle's `p2cPeakEwma` and of `tower::load::PeakEwma`. A session stays with the replica that
    /// it has read from, as with every other balance.
    Latency,
}

/// The number of random indices tried before all are examined. Chosen: if half the replicas are eligible,
/// all eight fail once in 256 draws.
const TRIES: usize = 8;

/// The inputs of a choice other than eligibility.
pub(crate) struct Chooser<'a, L, T> {
    pub(crate) balance: Balance,
    /// Weights, by node.
    pub(crate) weights: &'a [u32],
    /// The times to answer, by node; empty if they are not measured.
    pub(crate) latencies: &'a [Option<Arc<PeakEwma>>],
    /// The present, by the system's clock.
    pub(crate) now: Instant,
    /// Connections in use, by node.
    pub(crate) load: L,
    /// A random number.
    pub(crate) random: u64,
    /// Number of choices made in turn so far.
    pub(crate) turn: T,
}

impl<L: Fn(usize) -> u32, T: Fn() -> usize> Chooser<'_, L, T> {
    /// Returns one of the eligible indices below `count`, or `None` if there is none.
    pub(crate) fn pick(&self, count: usize, eligible: impl Fn(usize) -> bool) -> Option<usize> {
        let mut random = Random(self.random);
        match self.balance {
            Balance::Random => draw(count, &eligible, None, &mut random),
            Balance::LeastOfTwo | Balance::Latency => {
                let one = draw(count, &eligible, None, &mut random)?;
                let other = draw(count, &eligible, Some(one), &mut random);
                Some(match other {
                    Some(other) if self.is_better(other, one) => other,
                    _ => one,
                })
            }
            Balance::RoundRobin => {
                let fitting = (0..count).filter(|&index| eligible(index)).count();
                let nth = (self.turn)().checked_rem(fitting)?;
                (0..count).filter(|&index| eligible(index)).nth(nth)
            }
            Balance::Weighted => self.weigh(count, eligible, &mut random),
        }
    }

    fn weigh(
        &self,
        count: usize,
        eligible: impl Fn(usize) -> bool,
        random: &mut Random,
    ) -> Option<usize> {
        let weight = |index: usize| self.weight(index);
        let fitting = || (0..count).filter(|&index| eligible(index));
        let total = fitting().map(weight).sum();
        let mut left = random.below(total);
        fitting().find(|&index| match left.checked_sub(weight(index)) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        })
    }
}

impl<L: Fn(usize) -> u32, T> Chooser<'_, L, T> {
    /// Returns whether, of two replicas, the first is to be preferred.
    #[inline]
    fn is_better(&self, first: usize, second: usize) -> bool {
        if self.balance == Balance::Latency
            && let (Some(first), Some(second)) = (self.cost(first), self.cost(second))
        {
            return first < second;
        }
        // Those of which nothing is known yet are taken by turns.
        (self.load)(first) < (self.load)(second)
    }

    /// Returns the time in which a replica is expected to answer all who have a connection of it, and one more; `None` if
    /// it has not answered yet.
    fn cost(&self, node: usize) -> Option<f64> {
        let expected = self.latencies.get(node)?.as_ref()?.expected(self.now)?;
        Some(expected * (f64::from((self.load)(node)) + 1.0))
    }
}

impl<L, T> Chooser<'_, L, T> {
    fn weight(&self, index: usize) -> u64 {
        self.weights.get(index).copied().unwrap_or(1).into()
    }
}

/// Returns an eligible index other than `not`, each equally likely while most are eligible.
fn draw(
    count: usize,
    eligible: &impl Fn(usize) -> bool,
    not: Option<usize>,
    random: &mut Random,
) -> Option<usize> {
    let fits = |index: usize| Some(index) != not && eligible(index);
    for _ in 0..TRIES.min(count) {
        let index = random.index(count);
        if fits(index) {
            return Some(index);
        }
    }
    // Few are eligible: count them, then take the n-th.
    let fitting = (0..count).filter(|&index| fits(index)).count();
    if fitting == 0 {
        return None;
    }
    let nth = random.index(fitting);
    (0..count).filter(|&index| fits(index)).nth(nth)
}

/// `SplitMix64` (G. Steele, D. Lea, C. Flood, 2014): several numbers from one.
struct Random(u64);

impl Random {
    fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).unwrap_or_default()
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^= word >> 31;
        // The high word of the product spreads it evenly, without a division.
        u64::try_from((u128::from(word) * u128::from(limit)) >> 64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn chooser<L: Fn(usize) -> u32>(
        balance: Balance,
        random: u64,
        load: L,
    ) -> Chooser<'static, L, impl Fn() -> usize> {
        Chooser {
            balance,
            weights: &[3, 1, 2, 2],
            latencies: &[],
            now: Instant::now(),
            load,
            random,
            turn: move || usize::try_from(random).unwrap(),
        }
    }

    fn counts(balance: Balance, count: usize, eligible: impl Fn(usize) -> bool) -> Vec<u32> {
        let mut counts = vec![0; count];
        for random in 0..12_000 {
            let index = chooser(balance, random, |_| 0).pick(count, &eligible);
            counts[index.unwrap()] += 1;
        }
        counts
    }

    #[test]
    fn every_eligible_replica_gets_its_share_and_no_other_gets_any() {
        use Balance::{Latency, LeastOfTwo, Random, RoundRobin};
        for balance in [Random, LeastOfTwo, RoundRobin, Latency] {
            let shares = counts(balance, 4, |index| index != 0);
            assert_eq!(shares[0], 0);
            assert!(
                shares[1..].iter().all(|share| (3600..4400).contains(share)),
                "{shares:?}"
            );
            let shares = counts(balance, 100, |index| index % 50 == 1);
            assert_eq!(shares.iter().filter(|&&share| share > 0).count(), 2);
            assert!((5000..7000).contains(&shares[1]), "{shares:?}");
        }
    }

    #[test]
    fn turns_are_taken_in_order() {
        let order: Vec<_> = (0..6)
            .map(|turn| chooser(Balance::RoundRobin, turn, |_| 0).pick(4, |index| index > 0))
            .collect();
        assert_eq!(order, [1, 2, 3, 1, 2, 3].map(Some));
    }

    #[test]
    fn a_weighted_share_is_in_proportion_to_the_weight() {
        let shares = counts(Balance::Weighted, 4, |index| index != 3);
        for (share, weight) in shares[..3].iter().zip([3, 1, 2]) {
            assert!((1800 * weight..2200 * weight).contains(share), "{shares:?}");
        }
        assert_eq!(shares[3], 0);
    }

    #[test]
    fn of_two_the_less_loaded_is_taken() {
        let load = |index: usize| if index == 1 { 9 } else { 1 };
        for random in 0..100 {
            let chooser = chooser(Balance::LeastOfTwo, random, load);
            assert_eq!(chooser.pick(3, |index| index > 0), Some(2));
        }
    }

    /// Returns the times of nodes, in milliseconds; `None` for one that has not answered.
    fn latencies<const N: usize>(
        times: [Option<u64>; N],
        now: Instant,
    ) -> [Option<Arc<PeakEwma>>; N] {
        times.map(|time| {
            let latency = PeakEwma::new(Duration::from_secs(10), now);
            if let Some(time) = time {
                latency.observe(Duration::from_millis(time), now);
            }
            Some(Arc::new(latency))
        })
    }

    #[test]
    fn of_two_the_one_that_answers_all_who_wait_sooner_is_taken() {
        let now = Instant::now();
        let choice = |times, loads: [u32; 3], random| {
            let latencies = latencies(times, now);
            let chooser = Chooser {
                latencies: &latencies,
                now,
                ..chooser(Balance::Latency, random, |node| loads[node])
            };
            chooser.pick(3, |index| index > 0).unwrap()
        };
        for random in 0..100 {
            let times = [Some(1), Some(20), Some(2)];
            assert_eq!(choice(times, [0; 3], random), 2);
            assert_eq!(choice(times, [0, 0, 8], random), 2);
            // Ten behind each other, each of 2 ms: 20 ms with the one at hand.
            assert_eq!(choice(times, [0, 0, 10], random), 1);
            // Nothing is known of one: those in use count.
            let times = [Some(1), Some(20), None];
            assert_eq!(choice(times, [0, 0, 1], random), 1);
            assert_eq!(choice(times, [0, 2, 1], random), 2);
        }
    }

    #[test]
    fn no_eligible_replica_is_none_however_many_there_are() {
        use Balance::{Latency, LeastOfTwo, Random, RoundRobin, Weighted};
        for count in [0, 1, 3, 1000] {
            for balance in [LeastOfTwo, Random, RoundRobin, Weighted, Latency] {
                assert_eq!(chooser(balance, 7, |_| 0).pick(count, |_| false), None);
            }
        }
    }
}
