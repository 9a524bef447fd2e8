//! What the project asks of itself.

use serde::Serialize;

use crate::table::table;

/// A bar and what was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Bar {
    /// What is asked.
    pub name: String,
    /// At most this.
    pub limit: f64,
    /// What it is.
    pub measured: f64,
    /// The unit of both.
    pub unit: &'static str,
    /// Is it reached?
    pub is_reached: bool,
}

impl Bar {
    /// Compares a measurement with its bar.
    #[must_use]
    pub fn new(name: impl Into<String>, measured: f64, limit: f64, unit: &'static str) -> Self {
        Self { name: name.into(), limit, measured, unit, is_reached: measured <= limit }
    }

    fn verdict(&self) -> String {
        let part = (self.measured / self.limit - 1.0) * 100.0;
        if self.is_reached { format!("reached, {:.0} % to spare", -part) } else { format!("MISSED by {part:.0} %") }
    }
}

/// The bars as a table.
#[must_use]
pub fn show(bars: &[Bar]) -> String {
    let rows: Vec<Vec<String>> = bars
        .iter()
        .map(|bar| {
            vec![
                bar.name.clone(),
                format!("{:.2} {}", bar.measured, bar.unit),
                format!("{:.2} {}", bar.limit, bar.unit),
                bar.verdict(),
            ]
        })
        .collect();
    table("Bars", &["what", "is", "at most", ""], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_says_by_how_much() {
        assert_eq!(Bar::new("a", 1.5, 1.0, "x").verdict(), "MISSED by 50 %");
        assert_eq!(Bar::new("a", 0.75, 1.0, "x").verdict(), "reached, 25 % to spare");
    }
}
