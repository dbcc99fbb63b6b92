//! One line of the table: figures of both servers, their ratio, and what is aimed at.

use super::rounds::Pair;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// CPU of the server for one request.
    Micros,
    /// Time or CPU of something longer.
    Millis,
    /// The same, longer still.
    Seconds,
    /// Memory, or a file.
    Mebibytes,
    /// Requests in a second: the only unit of which more is better.
    PerSecond,
}

impl Unit {
    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Unit::Micros => "µs",
            Unit::Millis => "ms",
            Unit::Seconds => "s",
            Unit::Mebibytes => "MiB",
            Unit::PerSecond => "/s",
        }
    }

    /// How many times better ours is.
    fn ratio(self, ours: f64, go: f64) -> f64 {
        if self == Unit::PerSecond { ours / go } else { go / ours }
    }
}

/// The median of several figures, and how far they lie apart.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    /// The one in the middle; of an even number, the mean of the two there.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

impl Spread {
    /// Of at least one figure.
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let last = figures.len() - 1;
        let median = f64::midpoint(figures[last / 2], figures[last.div_ceil(2)]);
        Self { median, least: figures[0], most: figures[last] }
    }
}

/// What is aimed at first.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// How many times better than Go, at the least.
    pub ratio: f64,
    /// What ours may come to, at the most.
    pub at_most: Option<f64>,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was done.
    pub what: String,
    /// What the figures count.
    pub unit: Unit,
    /// Ours.
    pub ours: Spread,
    /// Go's.
    pub go: Spread,
    /// How many times better ours is, round by round.
    pub ratio: Spread,
    /// What is aimed at first, where something is.
    pub target: Option<Target>,
    /// What must be known beside the figures.
    pub note: String,
}

impl Row {
    /// A line of these pairs.
    pub(super) fn of(what: &str, unit: Unit, pairs: &[Pair<f64>]) -> Self {
        let spread = |figure: &dyn Fn(&Pair<f64>) -> f64| Spread::of(pairs.iter().map(figure).collect());
        Self {
            what: what.to_owned(),
            unit,
            ours: spread(&|pair| pair.ours),
            go: spread(&|pair| pair.go),
            ratio: spread(&|pair| unit.ratio(pair.ours, pair.go)),
            target: None,
            note: String::new(),
        }
    }

    pub(super) fn aiming_at(mut self, ratio: f64) -> Self {
        self.target = Some(Target { ratio, at_most: None });
        self
    }

    pub(super) fn at_most(mut self, figure: f64) -> Self {
        let ratio = self.target.map_or(0.0, |target| target.ratio);
        self.target = Some(Target { ratio, at_most: Some(figure) });
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Whether the medians reach what is aimed at.
    pub fn holds(&self) -> Option<bool> {
        let target = self.target?;
        let small_enough = target.at_most.is_none_or(|most| self.ours.median <= most);
        Some(self.ratio.median >= target.ratio && small_enough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        let spread = Spread::of(vec![4.0, 1.0, 3.0, 2.0]);
        assert_eq!((spread.least, spread.median, spread.most), (1.0, 2.5, 4.0));
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]).median, 2.0);
    }

    #[test]
    fn less_is_better_except_of_rates() {
        let pairs = [Pair { ours: 2.0, go: 10.0 }];
        assert_eq!(Row::of("", Unit::Micros, &pairs).ratio.median, 5.0);
        assert_eq!(Row::of("", Unit::PerSecond, &pairs).ratio.median, 0.2);
    }

    #[test]
    fn a_target_asks_for_the_ratio_and_for_the_figure() {
        let row = Row::of("", Unit::Millis, &[Pair { ours: 20.0, go: 200.0 }]);
        assert_eq!(row.holds(), None);
        assert_eq!(row.clone().aiming_at(8.0).holds(), Some(true));
        assert_eq!(row.clone().aiming_at(12.0).holds(), Some(false));
        assert_eq!(row.aiming_at(8.0).at_most(10.0).holds(), Some(false));
    }
}
