//! The rows as text that is also Markdown.

use super::row::{Row, Spread, Target, Unit};
use std::fmt::Write as _;

const COLUMNS: usize = 9;
const HEADS: [&str; COLUMNS] = ["", "", "ours", "Go", "ratio", "floor", "ours / floor", "tier 1", ""];

/// The table, with its notes below it.
pub fn table(rows: &[Row]) -> String {
    let lines = rows.iter().map(cells).collect::<Vec<_>>();
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.chain([HEADS[column].chars().count()]).max().unwrap_or(0)
    });
    let mut text = String::new();
    line(&mut text, &HEADS.map(String::from), &widths);
    line(&mut text, &widths.map(|width| "-".repeat(width)), &widths);
    for cells in &lines {
        line(&mut text, cells, &widths);
    }
    text.push_str("\nMedian [least-most]; ratios are taken round by round. More is better beside Go, less beside the floor (of a rate, more).\n");
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        writeln!(text, "- {} {}: {}", row.id, row.what, row.note).expect("writing to a string");
    }
    text
}

/// A row while others are still to come.
pub(super) fn sentence(row: &Row) -> String {
    let [id, what, ours, go, ratio, floor, to_floor, _, verdict] = cells(row);
    let mut text = format!("    {id} {what}: ours {ours}");
    for (label, cell) in
        [(", Go ", go), (": ", ratio), ("; floor ", floor), (": ", to_floor), (" - ", verdict)]
    {
        if !cell.is_empty() {
            text.push_str(label);
            text.push_str(&cell);
        }
    }
    text
}

fn line(text: &mut String, cells: &[String; COLUMNS], widths: &[usize; COLUMNS]) {
    for (cell, width) in cells.iter().zip(widths) {
        write!(text, "| {cell:width$} ").expect("writing to a string");
    }
    text.push_str("|\n");
}

fn cells(row: &Row) -> [String; COLUMNS] {
    let of = |spread: Option<Spread>| spread.map_or_else(String::new, |spread| figures(spread, row.unit));
    let times = |spread: Option<Spread>| {
        spread.map_or_else(String::new, |spread| format!("{}x{}", digits(spread.median), apart(spread)))
    };
    let verdict = match row.holds() {
        None if row.client_bound => "client-bound",
        None => "",
        Some(true) => "holds",
        Some(false) => "not yet",
    };
    [
        row.id.to_owned(),
        row.what.clone(),
        of(Some(row.ours)),
        of(row.go),
        if row.client_bound { "client-bound".to_owned() } else { times(row.ratio) },
        of(row.floor),
        times(row.to_floor),
        aim(row.target, row.unit),
        verdict.to_owned(),
    ]
}

fn figures(spread: Spread, unit: Unit) -> String {
    format!("{}{}{}", digits(spread.median), unit.sign(), apart(spread))
}

/// The range, where there is one.
fn apart(spread: Spread) -> String {
    if digits(spread.least) == digits(spread.most) {
        return String::new();
    }
    format!(" [{}-{}]", digits(spread.least), digits(spread.most))
}

fn aim(target: Target, unit: Unit) -> String {
    let ratio = target.ratio.map(|ratio| format!(">= {}x", digits(ratio)));
    let most = target.at_most.map(|most| format!("<= {}{}", digits(most), unit.sign()));
    let sign = if unit == Unit::PerSecond { ">=" } else { "<=" };
    let floor = target.to_floor.map(|floors| format!("{sign} {} floors", digits(floors)));
    ratio.into_iter().chain(most).chain(floor).collect::<Vec<_>>().join(", ")
}

/// Three digits that count.
pub(super) fn digits(figure: f64) -> String {
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
    use crate::bench::rounds::Round;

    #[test]
    fn a_row_says_figures_ratios_target_and_whether_it_holds() {
        let rounds = [
            Round { ours: 20.0, go: Some(400.0), floor: Some(10.0) },
            Round { ours: 25.0, go: Some(450.0), floor: Some(10.0) },
        ];
        let row = Row::of("W1", "GET", Unit::Micros, &rounds);
        let text = table(&[row.aiming_at(12.0).within(2.5).note("over one connection")]);
        let line = text.lines().nth(2).expect("a row");
        let expected = "| W1 | GET | 22.5 µs [20-25] | 425 µs [400-450] | 19x [18-20] | 10 µs | 2.25x [2-2.50] \
                        | >= 12x, <= 2.50 floors | holds |";
        assert_eq!(line, expected);
        assert!(text.ends_with("- W1 GET: over one connection\n"), "{text}");
    }

    #[test]
    fn figures_keep_three_digits() {
        assert_eq!([0.1234, 9.5, 17.26, 99.96, 1234.5].map(digits), ["0.12", "9.50", "17.3", "100", "1234"]);
    }
}
