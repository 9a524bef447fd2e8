//! Medians, percentiles and slopes.

use std::time::Duration;

use serde::Serialize;

/// How measured times are spread, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Half of them are shorter.
    pub median: f64,
    /// A tenth of them is shorter.
    pub p10: f64,
    /// A tenth of them is longer.
    pub p90: f64,
    /// A hundredth of them is longer.
    pub p99: f64,
    /// How many there are.
    pub count: usize,
}

impl Spread {
    /// The spread of some times.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |part: usize| {
            let index = (times.len() * part / 100).min(times.len().saturating_sub(1));
            times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e6)
        };
        Self { median: at(50), p10: at(10), p90: at(90), p99: at(99), count: times.len() }
    }
}

/// One number as a multiple of another.
#[must_use]
pub fn ratio(a: u64, b: u64) -> f64 {
    float(a) / float(b)
}

/// A count as a number to calculate with; none is so large that it matters.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// The slope of points on a doubly logarithmic scale, by least squares: 1 is linear growth, 2 is quadratic.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = float(logs.len() as u64);
    let mean_x = logs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let covariance: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    covariance / variance
}

/// The exponent of growth without what the smallest point costs already, which would hide how the rest grows; over
/// the larger half.
#[must_use]
pub fn slope_of_growth(points: &[(f64, f64)]) -> f64 {
    let Some(((first_x, first_y), rest)) = points.split_first() else { return 0.0 };
    let larger = &rest[rest.len() / 2..];
    // what is not measurably more has not grown
    let grown: Vec<(f64, f64)> =
        larger.iter().map(|(x, y)| (x - first_x, y - first_y)).filter(|(x, y)| *x > 0.0 && *y > 0.0).collect();
    if grown.len() < 2 { 0.0 } else { slope(&grown) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_of_a_hundred() {
        let spread = Spread::of((0..100).rev().map(Duration::from_micros).collect());
        let Spread { median, p10, p90, p99, count } = spread;
        assert_eq!([median, p10, p90, p99].map(|time| format!("{time:.0}")), ["50", "10", "90", "99"]);
        assert_eq!(count, 100);
        assert_eq!(Spread::of(Vec::new()).count, 0);
    }

    #[test]
    fn slopes() {
        let points = |f: fn(f64) -> f64| [1.0, 4.0, 16.0, 64.0].map(|x| (x, f(x)));
        assert!((slope(&points(|x| 3.0 * x)) - 1.0).abs() < 1e-9);
        assert!((slope(&points(|x| x * x)) - 2.0).abs() < 1e-9);
        assert!(slope(&points(|_| 7.0)).abs() < 1e-9);
        assert!((slope_of_growth(&points(|x| 1000.0 + x * x)) - 2.0).abs() < 0.1);
        assert!(slope_of_growth(&points(|_| 7.0)).abs() < 1e-9);
    }
}
