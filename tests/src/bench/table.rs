//! The rows as text that is also Markdown.

use super::row::{Row, Spread, Target, Unit};
use std::fmt::Write as _;

const HEADS: [&str; 6] = ["", "ours", "Go", "ratio", "tier 1", ""];

/// The table, with its notes below it.
pub fn table(rows: &[Row]) -> String {
    let lines = rows.iter().map(cells).collect::<Vec<_>>();
    let widths: [usize; 6] = std::array::from_fn(|column| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.chain([HEADS[column].chars().count()]).max().unwrap_or(0)
    });
    let mut text = String::new();
    line(&mut text, &HEADS.map(String::from), &widths);
    line(&mut text, &widths.map(|width| "-".repeat(width)), &widths);
    for cells in &lines {
        line(&mut text, cells, &widths);
    }
    text.push_str("\nMedian [least-most]; the ratio is taken round by round, and more is better for ours.\n");
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        writeln!(text, "- {}: {}", row.what, row.note).expect("writing to a string");
    }
    text
}

/// A row while others are still to come.
pub(super) fn sentence(row: &Row) -> String {
    let [what, ours, go, ratio, ..] = cells(row);
    format!("    {what}: ours {ours}, Go {go}: {ratio}")
}

fn line(text: &mut String, cells: &[String; 6], widths: &[usize; 6]) {
    for (cell, width) in cells.iter().zip(widths) {
        write!(text, "| {cell:width$} ").expect("writing to a string");
    }
    text.push_str("|\n");
}

fn cells(row: &Row) -> [String; 6] {
    let verdict = match row.holds() {
        None => "",
        Some(true) => "holds",
        Some(false) => "not yet",
    };
    [
        row.what.clone(),
        figures(row.ours, row.unit),
        figures(row.go, row.unit),
        format!("{}x{}", digits(row.ratio.median), apart(row.ratio)),
        row.target.map_or_else(String::new, |target| aim(target, row.unit)),
        verdict.to_owned(),
    ]
}

fn figures(spread: Spread, unit: Unit) -> String {
    format!("{} {}{}", digits(spread.median), unit.sign(), apart(spread))
}

/// The range, where there is one.
fn apart(spread: Spread) -> String {
    if digits(spread.least) == digits(spread.most) {
        return String::new();
    }
    format!(" [{}-{}]", digits(spread.least), digits(spread.most))
}

fn aim(target: Target, unit: Unit) -> String {
    let ratio = (target.ratio > 0.0).then(|| format!(">= {}x", digits(target.ratio)));
    let most = target.at_most.map(|most| format!("<= {} {}", digits(most), unit.sign()));
    ratio.into_iter().chain(most).collect::<Vec<_>>().join(", ")
}

/// Three digits that count.
fn digits(figure: f64) -> String {
    let whole = figure.fract() == 0.0;
    match figure.abs() {
        size if size >= 99.95 || whole => format!("{figure:.0}"),
        size if size >= 9.995 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rounds::Pair;

    #[test]
    fn a_row_says_figures_ratio_target_and_whether_it_holds() {
        let pairs = [Pair { ours: 20.0, go: 400.0 }, Pair { ours: 25.0, go: 450.0 }];
        let row = Row::of("GET", Unit::Micros, &pairs).aiming_at(12.0).note("over one connection");
        let text = table(&[row]);
        let line = text.lines().nth(2).expect("a row");
        assert_eq!(line, "| GET | 22.5 µs [20-25] | 425 µs [400-450] | 19x [18-20] | >= 12x | holds |");
        assert!(text.ends_with("- GET: over one connection\n"), "{text}");
    }

    #[test]
    fn figures_keep_three_digits() {
        assert_eq!([0.1234, 9.5, 17.26, 99.96, 1234.5].map(digits), ["0.12", "9.50", "17.3", "100", "1234"]);
    }
}
