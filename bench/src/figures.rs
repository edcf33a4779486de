//! Medians, percentiles and the format of figures.

use std::time::Duration;

/// Durations, sorted.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<Duration>);

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(samples: I) -> Self {
        let mut samples: Vec<Duration> = samples.into_iter().collect();
        samples.sort_unstable();
        Self(samples)
    }
}

impl Samples {
    /// The number of samples.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest sample that `percent` of all do not exceed, in milliseconds (nearest rank).
    #[must_use]
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).map_or(f64::NAN, |sample| millis(*sample))
    }

    /// The median, in milliseconds.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.percentile(50)
    }

    /// The maximum, in milliseconds.
    #[must_use]
    pub fn worst(&self) -> f64 {
        self.percentile(100)
    }
}

/// The median of some figures.
#[must_use]
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = |at: usize| sorted.get(at).copied().unwrap_or(f64::NAN);
    f64::midpoint(middle(sorted.len().saturating_sub(1) / 2), middle(sorted.len() / 2))
}

/// In milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// A count as a figure.
#[must_use]
pub fn number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// Three significant digits, with thousands separators.
#[must_use]
pub fn written(figure: f64) -> String {
    if !figure.is_finite() {
        return "–".to_owned();
    }
    match figure.abs() {
        size if size >= 99.95 => grouped(&format!("{figure:.0}")),
        size if size >= 9.995 => format!("{figure:.1}"),
        size if size >= 0.995 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digit.is_ascii_digit() && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_existing_samples() {
        let samples: Samples = (1..=200).map(Duration::from_millis).collect();
        let texts: Vec<String> = [0, 50, 99, 100].iter().map(|percent| written(samples.percentile(*percent))).collect();
        assert_eq!(texts, ["1.00", "100", "198", "200"]);
        assert!(Samples::default().worst().is_nan());
    }

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_middle_two() {
        let texts: Vec<String> =
            [&[3.0, 1.0, 2.0][..], &[4.0, 1.0], &[]].map(|figures| written(median(figures))).to_vec();
        assert_eq!(texts, ["2.00", "2.50", "–"]);
    }

    #[test]
    fn figures_are_short() {
        for (figure, text) in [(0.0, "0.000"), (0.0421, "0.042"), (1.256, "1.26"), (99.94, "99.9"), (99.96, "100")] {
            assert_eq!(written(figure), text);
        }
        for (figure, text) in [(1234.5, "1,234"), (1_234_567.0, "1,234,567"), (f64::NAN, "–")] {
            assert_eq!(written(figure), text);
        }
    }
}
