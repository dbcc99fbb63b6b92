//! One line of the table: figures of ours, of Go's and of the floor, their ratios, and what is aimed at.

use super::rounds::Round;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// CPU of the server for one request, or a short time.
    Micros,
    /// Time or CPU of something longer.
    Millis,
    /// The same, longer still.
    Seconds,
    /// Memory of one of many.
    Bytes,
    /// The same, of something larger.
    Kibibytes,
    /// Memory, or a file.
    Mebibytes,
    /// Requests in a second: the only unit of which more is better.
    PerSecond,
    /// A number without a unit.
    Plain,
}

impl Unit {
    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Unit::Micros => " µs",
            Unit::Millis => " ms",
            Unit::Seconds => " s",
            Unit::Bytes => " B",
            Unit::Kibibytes => " KiB",
            Unit::Mebibytes => " MiB",
            Unit::PerSecond => " /s",
            Unit::Plain => "",
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

    fn of_any(figures: impl Iterator<Item = f64>) -> Option<Self> {
        let figures = figures.collect::<Vec<_>>();
        (!figures.is_empty()).then(|| Self::of(figures))
    }
}

/// What is aimed at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Target {
    /// How many times better than Go, at the least.
    pub ratio: Option<f64>,
    /// What ours may come to, at the most.
    pub at_most: Option<f64>,
    /// Ours in floors: at the most, or of a rate at the least.
    pub to_floor: Option<f64>,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Row {
    /// The workload it belongs to.
    pub id: &'static str,
    /// What was done.
    pub what: String,
    /// What the figures count.
    pub unit: Unit,
    /// Ours.
    pub ours: Spread,
    /// Go's.
    pub go: Option<Spread>,
    /// How many times better ours is, round by round.
    pub ratio: Option<Spread>,
    /// What the least that could do it costs.
    pub floor: Option<Spread>,
    /// Ours in floors, round by round.
    pub to_floor: Option<Spread>,
    /// What is aimed at first.
    pub target: Target,
    /// Whether the client was as busy as the servers: then a rate is its own and says nothing.
    pub client_bound: bool,
    /// What must be known beside the figures.
    pub note: String,
}

impl Row {
    /// A line of these rounds.
    pub(super) fn of(id: &'static str, what: impl Into<String>, unit: Unit, rounds: &[Round<f64>]) -> Self {
        let go = rounds.iter().filter_map(|round| round.go);
        let ratio = rounds.iter().filter_map(|round| Some(unit.ratio(round.ours, round.go?)));
        // Beside nothing everything is infinitely much.
        let ratio = ratio.filter(|ratio| ratio.is_finite());
        let floor = rounds.iter().filter_map(|round| round.floor);
        let to_floor = rounds.iter().filter_map(|round| Some(round.ours / round.floor?));
        Self {
            id,
            what: what.into(),
            unit,
            ours: Spread::of(rounds.iter().map(|round| round.ours).collect()),
            go: Spread::of_any(go),
            ratio: Spread::of_any(ratio),
            floor: Spread::of_any(floor),
            to_floor: Spread::of_any(to_floor),
            target: Target::default(),
            client_bound: false,
            note: String::new(),
        }
    }

    /// Better than Go's by this much.
    pub(super) fn aiming_at(mut self, ratio: f64) -> Self {
        self.target.ratio = Some(ratio);
        self
    }

    /// Ours no more than this.
    pub(super) fn at_most(mut self, figure: f64) -> Self {
        self.target.at_most = Some(figure);
        self
    }

    /// Ours in floors: no more than this, or of a rate no less.
    pub(super) fn within(mut self, floors: f64) -> Self {
        self.target.to_floor = Some(floors);
        self
    }

    /// The figures are the client's own where it used more than [`CLIENT`] of a core.
    pub(super) fn with_client(mut self, shares: &[Round<f64>]) -> Self {
        let shares = shares.iter().flat_map(|round| [Some(round.ours), round.go]).flatten();
        self.client_bound = Spread::of(shares.collect()).median > CLIENT;
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Whether the medians reach what is aimed at.
    pub fn holds(&self) -> Option<bool> {
        let Target { ratio, at_most, to_floor } = self.target;
        let compared = ratio.zip(self.ratio).map(|(aim, found)| found.median >= aim);
        let small = at_most.map(|most| self.ours.median <= most);
        let near = to_floor.zip(self.to_floor).map(|(aim, found)| match self.unit {
            Unit::PerSecond => found.median >= aim,
            _ => found.median <= aim,
        });
        let judged = [compared, small, near].into_iter().flatten().collect::<Vec<_>>();
        (!judged.is_empty() && !self.client_bound).then(|| judged.iter().all(|holds| *holds))
    }
}

/// The share of a core up to which a client leaves the servers alone.
const CLIENT: f64 = 0.6;

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
        let rounds = [Round::pair(2.0, 10.0)];
        let ratio = |unit| Row::of("W1", "", unit, &rounds).ratio.expect("both sides").median;
        assert_eq!((ratio(Unit::Micros), ratio(Unit::PerSecond)), (5.0, 0.2));
    }

    #[test]
    fn a_target_asks_for_the_ratio_the_figure_and_the_floor() {
        let round = Round { ours: 20.0, go: Some(200.0), floor: Some(10.0) };
        let row = Row::of("W1", "", Unit::Millis, &[round]);
        assert_eq!(row.holds(), None);
        assert_eq!(row.clone().aiming_at(8.0).holds(), Some(true));
        assert_eq!(row.clone().aiming_at(12.0).holds(), Some(false));
        assert_eq!(row.clone().aiming_at(8.0).within(1.8).holds(), Some(false));
        assert_eq!(row.clone().aiming_at(8.0).at_most(10.0).holds(), Some(false));
        let rate = Row::of("W6", "", Unit::PerSecond, &[round]);
        assert_eq!(rate.within(1.8).holds(), Some(true));
    }

    #[test]
    fn a_rate_that_the_client_made_is_not_judged() {
        let row = Row::of("W1", "", Unit::PerSecond, &[Round::pair(9.0, 1.0)]).aiming_at(6.0);
        assert_eq!(row.clone().with_client(&[Round::pair(0.5, 0.4)]).holds(), Some(true));
        assert_eq!(row.with_client(&[Round::pair(0.9, 0.7)]).holds(), None);
    }
}
