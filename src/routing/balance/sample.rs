//! Chooses among the replicas of a large cluster, at a cost that hardly grows with it.

use super::{Balance, Chooser, Random};

/// The number of random draws before the order of the replicas is used. Chosen: if half of them qualify, all fail once
/// in 64 times. Of the weights 3 and 1, the greater gets 72 % of the choices instead of 75 %.
const DRAWS: usize = 6;

/// The number of first replicas of the order that are examined in any case.
const FIRST: usize = 4;

/// The replicas of a large cluster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replicas<'a> {
    /// Those that are up, the likelier to qualify first.
    pub(crate) order: &'a [u32],
    /// The number of nodes: they take turns in the order of their indices.
    pub(crate) nodes: usize,
}

impl<L: Fn(usize) -> u32, T: Fn() -> usize> Chooser<'_, L, T> {
    /// Returns a replica that qualifies, one that is near if possible. It always finds one if one of the
    /// [`FIRST`] qualifies, and may find none otherwise, if few do.
    pub(crate) fn pick_among(
        &self,
        replicas: Replicas<'_>,
        near: Option<&impl Fn(usize) -> bool>,
        qualifies: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut random = Random(self.random);
        let has_share = |index: usize| self.balance != Balance::Weighted || self.weight(index) > 0;
        let qualifies = |index: usize| has_share(index) && qualifies(index);
        let is_near = |index: usize| near.is_none_or(|near| near(index));
        let all = |_: usize| true;
        // To learn whether a node is near costs next to nothing, so there may be more draws.
        let draws = if near.is_some() { 2 * DRAWS } else { DRAWS };
        if let Some(index) = self.start(replicas, draws, &is_near, &qualifies, &mut random) {
            return Some(index);
        }
        let Some(first) = one_of_the_first(replicas.order, &qualifies, &mut random) else {
            near?;
            return self.draw(replicas.order, DRAWS, &all, &qualifies, &mut random);
        };
        let range = range(replicas.order, &qualifies);
        if near.is_some() {
            let found = self.draw(range, draws, &is_near, &qualifies, &mut random);
            if found.is_some() {
                return found;
            }
        }
        self.draw(range, DRAWS, &all, &qualifies, &mut random)
            .or(Some(first))
    }

    /// Returns one of all replicas, as the balance requires.
    fn start(
        &self,
        replicas: Replicas<'_>,
        draws: usize,
        may: &impl Fn(usize) -> bool,
        qualifies: &impl Fn(usize) -> bool,
        random: &mut Random,
    ) -> Option<usize> {
        if self.balance != Balance::RoundRobin {
            return self.draw(replicas.order, draws, may, qualifies, random);
        }
        // The order changes with every answer, so turns do not follow it.
        let start = (self.turn)().checked_rem(replicas.nodes)?;
        let mut turns = (start..replicas.nodes).chain(0..start).take(draws);
        turns.find(|&index| may(index) && qualifies(index))
    }

    /// Returns one of these replicas that may be taken and qualifies, if one is drawn.
    fn draw(
        &self,
        from: &[u32],
        draws: usize,
        may: &impl Fn(usize) -> bool,
        qualifies: &impl Fn(usize) -> bool,
        random: &mut Random,
    ) -> Option<usize> {
        match self.balance {
            Balance::Random | Balance::RoundRobin => find(
                draws,
                || any(from, random),
                |index| may(index) && qualifies(index),
            ),
            Balance::Weighted => self.weigh_some(from, draws, may, qualifies, random),
            Balance::LeastOfTwo | Balance::Latency => {
                let one = find(
                    draws,
                    || any(from, random),
                    |index| may(index) && qualifies(index),
                )?;
                let fits = |index| index != one && may(index) && qualifies(index);
                let other = find(draws.min(from.len()), || any(from, random), fits);
                Some(match other {
                    Some(other) if self.is_better(other, one) => other,
                    _ => one,
                })
            }
        }
    }

    /// Draws some replicas, and takes one of them in proportion to its weight (importance resampling).
    fn weigh_some(
        &self,
        from: &[u32],
        draws: usize,
        may: &impl Fn(usize) -> bool,
        qualifies: &impl Fn(usize) -> bool,
        random: &mut Random,
    ) -> Option<usize> {
        let (mut taken, mut total) = (None, 0);
        for _ in 0..draws {
            let index = any(from, random)?;
            let weight = self.weight(index);
            if weight > 0 && may(index) && qualifies(index) {
                total += weight;
                if total == weight || random.below(total) < weight {
                    taken = Some(index);
                }
            }
        }
        taken
    }
}

/// Returns the first of some draws that fits.
fn find(
    draws: usize,
    mut draw: impl FnMut() -> Option<usize>,
    fits: impl Fn(usize) -> bool,
) -> Option<usize> {
    (0..draws).find_map(|_| draw().filter(|&index| fits(index)))
}

/// Returns any of the replicas.
fn any(replicas: &[u32], random: &mut Random) -> Option<usize> {
    index(replicas, random.index(replicas.len()))
}

fn index(replicas: &[u32], place: usize) -> Option<usize> {
    usize::try_from(*replicas.get(place)?).ok()
}

/// Returns one of the first replicas that qualifies.
fn one_of_the_first(
    order: &[u32],
    qualifies: &impl Fn(usize) -> bool,
    random: &mut Random,
) -> Option<usize> {
    let count = FIRST.min(order.len());
    let start = random.index(count);
    let places = (start..count).chain(0..start);
    places
        .filter_map(|place| index(order, place))
        .find(|&index| qualifies(index))
}

/// Returns the first replicas of an order, as far as they qualify and at most twice as far, if those that qualify stand
/// first.
fn range<'o>(order: &'o [u32], qualifies: &impl Fn(usize) -> bool) -> &'o [u32] {
    let mut count = FIRST;
    while index(order, count - 1).is_some_and(qualifies) {
        count *= 2;
    }
    order.get(..count).unwrap_or(order)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const BALANCES: [Balance; 5] = [
        Balance::LeastOfTwo,
        Balance::Random,
        Balance::RoundRobin,
        Balance::Weighted,
        Balance::Latency,
    ];

    /// Returns how often each of 1,000 nodes is chosen in 100,000 choices among `replicas`, the first node weighing
    /// three times as much as the others.
    fn shares(balance: Balance, replicas: &[u32], eligible: impl Fn(usize) -> bool) -> Vec<u32> {
        let replicas = Replicas {
            order: replicas,
            nodes: 1000,
        };
        let mut weights = vec![1; 1000];
        weights[0] = 3;
        let mut shares = vec![0; 1000];
        for turn in 0..100_000 {
            let chooser = Chooser {
                balance,
                weights: &weights,
                latencies: &[],
                now: Instant::now(),
                load: |_| 0,
                random: turn,
                turn: || usize::try_from(turn).unwrap(),
            };
            if let Some(index) = chooser.pick_among(replicas, None::<&fn(usize) -> bool>, &eligible)
            {
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
            // The first get what random draws leave.
            assert!(shares[..FIRST].iter().sum::<u32>() < 3000, "{balance:?}");
            let least = if balance == Balance::RoundRobin {
                195
            } else {
                130
            };
            assert!(
                even[2..]
                    .iter()
                    .all(|&index| (least..270).contains(&shares[index])),
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
    fn one_that_is_near_is_preferred() {
        let order: Vec<_> = (0..1000).collect();
        for balance in BALANCES {
            for (qualify, least) in [(1000, 95), (100, 90), (10, 90)] {
                let near = |seed: u64| {
                    let chooser = Chooser {
                        balance,
                        weights: &[1; 1000],
                        latencies: &[],
                        now: Instant::now(),
                        load: |_| 0,
                        random: seed,
                        turn: || usize::try_from(seed).unwrap(),
                    };
                    let replicas = Replicas {
                        order: &order,
                        nodes: 1000,
                    };
                    let is_near = |index: usize| index % 3 == 1;
                    let index =
                        chooser.pick_among(replicas, Some(&is_near), |index| index < qualify);
                    is_near(index.expect("the first qualifies"))
                };
                let share = (0..10_000).filter(|&seed| near(seed)).count() / 100;
                assert!(share >= least, "{balance:?}, {qualify}: {share} %");
            }
        }
    }

    #[test]
    fn of_a_few_a_heavier_one_gets_more() {
        let shares = shares(Balance::Weighted, &[0, 1], |index| index < 2);
        // A fair share of three in four, less what a sample of few loses.
        assert!((65_000..76_000).contains(&shares[0]), "{}", shares[0]);
    }
}
