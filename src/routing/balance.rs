//! Choosing one of several eligible replicas.

/// How a replica is chosen among those that are eligible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Balance {
    /// The one with fewer connections out, of two chosen at random: nearly as even as asking all, and
    /// as cheap with a thousand replicas as with three (M. Mitzenmacher, "The Power of Two Choices in
    /// Randomized Load Balancing", 2001). The default.
    #[default]
    LeastOfTwo,
    /// One at random.
    Random,
}

/// How many indices are tried at random before all are looked at.
const TRIES: u32 = 8;

/// One of the eligible indices below `count`, or `None` if there is none.
pub(crate) fn pick(
    balance: Balance,
    count: usize,
    eligible: impl Fn(usize) -> bool,
    load: &dyn Fn(usize) -> u32,
    random: u64,
) -> Option<usize> {
    let mut random = Random(random);
    let one = draw(count, &eligible, None, &mut random)?;
    if balance == Balance::Random {
        return Some(one);
    }
    let other = draw(count, &eligible, Some(one), &mut random);
    Some(match other {
        Some(other) if load(other) < load(one) => other,
        _ => one,
    })
}

/// An eligible index other than `not`, each equally likely while most are eligible.
fn draw(
    count: usize,
    eligible: &impl Fn(usize) -> bool,
    not: Option<usize>,
    random: &mut Random,
) -> Option<usize> {
    let fits = |index: usize| Some(index) != not && eligible(index);
    if count > TRIES as usize {
        for _ in 0..TRIES {
            let index = random.below(count);
            if fits(index) {
                return Some(index);
            }
        }
    }
    // Few nodes, or few eligible ones: count, then take the n-th.
    let fitting = (0..count).filter(|&index| fits(index)).count();
    if fitting == 0 {
        return None;
    }
    let nth = random.below(fitting);
    (0..count).filter(|&index| fits(index)).nth(nth)
}

/// `SplitMix64` (G. Steele, D. Lea, C. Flood, 2014): several numbers from one.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^= word >> 31;
        // The high word of the product spreads it evenly, without a division.
        usize::try_from((u128::from(word) * count as u128) >> 64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(balance: Balance, count: usize, eligible: impl Fn(usize) -> bool) -> Vec<u32> {
        let mut counts = vec![0; count];
        for random in 0..12_000 {
            let index = pick(balance, count, &eligible, &|_| 0, random);
            counts[index.unwrap()] += 1;
        }
        counts
    }

    #[test]
    fn every_eligible_replica_gets_its_share_and_no_other_gets_any() {
        for balance in [Balance::Random, Balance::LeastOfTwo] {
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
    fn of_two_the_less_loaded_is_taken() {
        let load = |index: usize| if index == 1 { 9 } else { 1 };
        for random in 0..100 {
            assert_eq!(
                pick(Balance::LeastOfTwo, 3, |index| index > 0, &load, random),
                Some(2)
            );
        }
    }

    #[test]
    fn no_eligible_replica_is_none_however_many_there_are() {
        for count in [0, 1, 3, 1000] {
            assert_eq!(pick(Balance::LeastOfTwo, count, |_| false, &|_| 0, 7), None);
        }
    }
}
