//! Keys, some of them popular.

use fastrand::Rng;

/// Key `n` is drawn with a chance in proportion to 1 / (n + 1).
#[derive(Debug)]
pub(crate) struct Zipf {
    /// The chance of this key or one before it.
    cumulative: Vec<f64>,
}

impl Zipf {
    pub(crate) fn new(keys: i32) -> Self {
        let mut sum = 0.0;
        let mut cumulative: Vec<_> = (1..=keys)
            .map(|rank| {
                sum += f64::from(rank).recip();
                sum
            })
            .collect();
        for chance in &mut cumulative {
            *chance /= sum;
        }
        Self { cumulative }
    }

    pub(crate) fn draw(&self, random: &mut Rng) -> i32 {
        let chance = random.f64();
        let index = self.cumulative.partition_point(|&upto| upto <= chance);
        i32::try_from(index.min(self.cumulative.len() - 1)).unwrap_or_default()
    }
}
