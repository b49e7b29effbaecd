//! Arithmetic on measured times.

use std::time::Duration;

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    let middle = times.len() / 2;
    let upper = *times.get(middle)?;
    if times.len() % 2 == 1 {
        Some(upper)
    } else {
        Some((*times.get(middle - 1)? + upper) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(times: &[u64]) -> Vec<Duration> {
        times.iter().copied().map(Duration::from_secs).collect()
    }

    #[test]
    fn the_median_ignores_one_slow_round() {
        assert_eq!(median(seconds(&[4, 90, 5])), Some(Duration::from_secs(5)));
        assert_eq!(
            median(seconds(&[4, 6, 90, 5])),
            Some(Duration::from_millis(5500))
        );
        assert_eq!(median(Vec::new()), None);
    }
}
