//! Chooses among the replicas of a large cluster, at a cost that does not grow with it.

use super::{Balance, Candidates, Chooser, LOOKS, Random, TRIES};

impl<L: Fn(usize) -> u32, T: Fn() -> usize> Chooser<'_, L, T> {
    /// Returns one of the candidates that is eligible. It may find none although there are some, if they are few.
    pub(crate) fn pick_among(
        &self,
        candidates: Candidates<'_>,
        eligible: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut random = Random(self.random);
        match self.balance {
            Balance::Random => draw(candidates, &eligible, None, &mut random),
            Balance::LeastOfTwo => {
                let one = draw(candidates, &eligible, None, &mut random)?;
                let other = draw(candidates, &eligible, Some(one), &mut random);
                Some(match other {
                    Some(other) if (self.load)(other) < (self.load)(one) => other,
                    _ => one,
                })
            }
            Balance::RoundRobin => {
                let start = (self.turn)().checked_rem(candidates.nodes)?;
                // The order of the candidates changes with every answer, so turns do not follow it.
                let turns = (start..candidates.nodes).chain(0..start);
                let next = turns.take(TRIES).find(|&index| eligible(index));
                next.or_else(|| draw(candidates, &eligible, None, &mut random))
            }
            Balance::Weighted => self.weigh_some(candidates, &eligible, &mut random),
        }
    }

    /// Draws some replicas, and takes one of them in proportion to its weight (importance resampling).
    fn weigh_some(
        &self,
        candidates: Candidates<'_>,
        eligible: &impl Fn(usize) -> bool,
        random: &mut Random,
    ) -> Option<usize> {
        let weight = |index: usize| self.weights.get(index).copied().unwrap_or(1);
        let fits = |index: usize| weight(index) > 0 && eligible(index);
        let (mut taken, mut total) = (None, 0_u64);
        for _ in 0..TRIES.min(candidates.expected.len() * 2) {
            let Some(index) = any(candidates.expected, random).filter(|&index| fits(index)) else {
                continue;
            };
            let weight = u64::from(weight(index));
            total += weight;
            if random.below(total) < weight {
                taken = Some(index);
            }
        }
        taken.or_else(|| look(candidates, &fits, random))
    }
}

/// Returns an eligible candidate other than `not`, each equally likely while most are eligible.
fn draw(
    candidates: Candidates<'_>,
    eligible: &impl Fn(usize) -> bool,
    not: Option<usize>,
    random: &mut Random,
) -> Option<usize> {
    let fits = |index: usize| Some(index) != not && eligible(index);
    for _ in 0..TRIES.min(candidates.expected.len()) {
        if let Some(index) = any(candidates.expected, random).filter(|&index| fits(index)) {
            return Some(index);
        }
    }
    look(candidates, &fits, random)
}

/// Returns any of the replicas.
fn any(replicas: &[u32], random: &mut Random) -> Option<usize> {
    let replica = replicas.get(random.index(replicas.len()))?;
    usize::try_from(*replica).ok()
}

/// Returns one of the first other candidates that fits, if one does.
fn look(
    candidates: Candidates<'_>,
    fits: &impl Fn(usize) -> bool,
    random: &mut Random,
) -> Option<usize> {
    let others = candidates.others;
    let others = others.get(..LOOKS).unwrap_or(others);
    let (before, after) = others.split_at_checked(random.index(others.len()))?;
    let indices = after
        .iter()
        .chain(before)
        .filter_map(|&replica| usize::try_from(replica).ok());
    indices.into_iter().find(|&index| fits(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BALANCES: [Balance; 4] = [
        Balance::LeastOfTwo,
        Balance::Random,
        Balance::RoundRobin,
        Balance::Weighted,
    ];

    /// Returns how often each of 1,000 nodes is chosen in 100,000 choices among `replicas`, the first node weighing
    /// three times as much as the others.
    fn shares(balance: Balance, replicas: &[u32], eligible: impl Fn(usize) -> bool) -> Vec<u32> {
        let candidates = Candidates {
            nodes: 1000,
            expected: replicas,
            others: replicas,
        };
        let mut weights = vec![1; 1000];
        weights[0] = 3;
        let mut shares = vec![0; 1000];
        for turn in 0..100_000 {
            let chooser = Chooser {
                balance,
                weights: &weights,
                load: |_| 0,
                random: turn,
                turn: || usize::try_from(turn).unwrap(),
            };
            if let Some(index) = chooser.pick_among(candidates, &eligible) {
                shares[index] += 1;
            }
        }
        shares
    }

    #[test]
    fn every_eligible_replica_gets_its_share() {
        let replicas: Vec<_> = (0..1000).collect();
        for balance in BALANCES {
            let shares = shares(balance, &replicas, |index| index % 2 == 0);
            let (even, odd): (Vec<_>, Vec<_>) = (0..1000).partition(|index| index % 2 == 0);
            assert!(odd.iter().all(|&index: &usize| shares[index] == 0));
            assert!(
                even[1..]
                    .iter()
                    .all(|&index| (120..290).contains(&shares[index])),
                "{balance:?}: {shares:?}"
            );
            assert_eq!(shares.iter().sum::<u32>(), 100_000);
        }
    }

    #[test]
    fn the_only_one_expected_is_always_found() {
        for balance in BALANCES {
            let shares = shares(balance, &[17], |index| index == 17);
            assert_eq!(shares[17], 100_000, "{balance:?}");
        }
    }

    #[test]
    fn one_of_the_first_is_always_found_whatever_else_is_not_eligible() {
        let replicas: Vec<_> = (0..1000).rev().collect();
        for balance in BALANCES {
            let shares = shares(balance, &replicas, |index| index == 999);
            assert_eq!(shares[999], 100_000, "{balance:?}");
        }
    }

    #[test]
    fn none_is_found_where_none_is_eligible() {
        let replicas: Vec<_> = (0..1000).collect();
        for balance in BALANCES {
            assert_eq!(shares(balance, &replicas, |_| false).iter().sum::<u32>(), 0);
            assert_eq!(shares(balance, &[], |_| false).iter().sum::<u32>(), 0);
        }
    }

    #[test]
    fn of_a_few_a_heavier_one_gets_more() {
        let shares = shares(Balance::Weighted, &[0, 1], |index| index < 2);
        // A fair share of three in four, less what a sample of few loses.
        assert!((65_000..76_000).contains(&shares[0]), "{}", shares[0]);
    }
}
