//! Chooses one of several eligible replicas.

mod sample;

pub(crate) use sample::Replicas;

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
}

/// The number of random indices tried before all are examined. Chosen: if half the replicas are eligible,
/// all eight fail once in 256 draws.
const TRIES: usize = 8;

/// The inputs of a choice other than eligibility.
pub(crate) struct Chooser<'a, L, T> {
    pub(crate) balance: Balance,
    /// Weights, by node.
    pub(crate) weights: &'a [u32],
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
            Balance::LeastOfTwo => {
                let one = draw(count, &eligible, None, &mut random)?;
                let other = draw(count, &eligible, Some(one), &mut random);
                Some(match other {
                    Some(other) if (self.load)(other) < (self.load)(one) => other,
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
    use super::*;

    fn chooser<L: Fn(usize) -> u32>(
        balance: Balance,
        random: u64,
        load: L,
    ) -> Chooser<'static, L, impl Fn() -> usize> {
        Chooser {
            balance,
            weights: &[3, 1, 2, 2],
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
        for balance in [Balance::Random, Balance::LeastOfTwo, Balance::RoundRobin] {
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

    #[test]
    fn no_eligible_replica_is_none_however_many_there_are() {
        use Balance::{LeastOfTwo, Random, RoundRobin, Weighted};
        for count in [0, 1, 3, 1000] {
            for balance in [LeastOfTwo, Random, RoundRobin, Weighted] {
                assert_eq!(chooser(balance, 7, |_| 0).pick(count, |_| false), None);
            }
        }
    }
}
