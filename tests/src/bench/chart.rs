//! The ratios drawn: a bar for each row, as SVG, on a logarithmic axis, with a tick where tier 1 is.

use super::row::Row;
use super::table::digits;
use std::fmt::Write as _;

/// Sizes in pixels.
const LABELS: f64 = 330.0;
const BARS: f64 = 430.0;
const RIGHT: f64 = 90.0;
const LINE: f64 = 24.0;
const TOP: f64 = 58.0;
/// Lines of the axis.
const TICKS: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];

/// The rows that have a ratio to Go's.
pub(super) fn chart(rows: &[Row]) -> String {
    let bars = rows.iter().filter(|row| !row.client_bound).filter_map(Bar::of).collect::<Vec<_>>();
    let (width, height) = (LABELS + BARS + RIGHT, TOP + LINE * bars.len() as f64 + 12.0);
    let most = bars.iter().map(|bar| bar.ratio).fold(10.0, f64::max) * 1.1;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>How many times less ours costs than Go's sample-apiserver</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"12\" y=\"20\" font-size=\"14\" font-weight=\"bold\">Go's sample-apiserver / ours (more is better)</text>\n"
    );
    axis(&mut svg, most, height);
    for (number, bar) in bars.iter().enumerate() {
        bar.draw(&mut svg, TOP + LINE * number as f64, most);
    }
    svg.push_str("</svg>\n");
    svg
}

/// What is drawn of a row.
struct Bar {
    label: String,
    ratio: f64,
    aim: Option<f64>,
    holds: Option<bool>,
}

impl Bar {
    fn of(row: &Row) -> Option<Self> {
        let ratio = row.ratio?.median;
        let label = format!("{} {}", row.id, row.what);
        Some(Self { label, ratio, aim: row.target.ratio, holds: row.holds() })
    }

    fn draw(&self, svg: &mut String, top: f64, most: f64) {
        let middle = top + LINE / 2.0 + 4.0;
        let end = place(self.ratio, most);
        let colour = match self.holds {
            Some(true) => "#2a7d4f",
            Some(false) => "#b5542c",
            None => "#6b7a8f",
        };
        let (label, ratio) = (escaped(&self.label), digits(self.ratio));
        writeln!(svg, "<text x=\"{:.0}\" y=\"{middle:.0}\" text-anchor=\"end\">{label}</text>", LABELS - 8.0)
            .expect("writing to a string");
        writeln!(
            svg,
            "<rect x=\"{LABELS:.0}\" y=\"{:.0}\" width=\"{:.1}\" height=\"{:.0}\" fill=\"{colour}\"/>",
            top + 4.0,
            (end - LABELS).max(1.0),
            LINE - 8.0
        )
        .expect("writing to a string");
        if let Some(aim) = self.aim {
            let x = place(aim, most);
            let (from, to) = (top + 1.0, top + LINE - 1.0);
            writeln!(
                svg,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{from:.0}\" y2=\"{to:.0}\" stroke=\"#000\" stroke-width=\"2\"/>"
            )
            .expect("writing to a string");
        }
        let beside = end.max(self.aim.map_or(0.0, |aim| place(aim, most))) + 6.0;
        writeln!(svg, "<text x=\"{beside:.1}\" y=\"{middle:.0}\">{ratio}x</text>")
            .expect("writing to a string");
    }
}

/// Lines at round ratios, and what the colours say.
fn axis(svg: &mut String, most: f64, height: f64) {
    let legend = "green: tier 1 holds; red: not yet; grey: no target; black line: tier 1";
    writeln!(svg, "<text x=\"12\" y=\"38\" fill=\"#555\">{legend}</text>").expect("writing to a string");
    for tick in TICKS.into_iter().filter(|tick| *tick <= most) {
        let x = place(tick, most);
        writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP:.0}\" y2=\"{height:.0}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#555\">{tick}x</text>",
            TOP - 4.0
        )
        .expect("writing to a string");
    }
}

/// Where a ratio lies; what is worse than Go's has no bar.
fn place(ratio: f64, most: f64) -> f64 {
    LABELS + (ratio.max(1.0).ln() / most.ln()) * BARS
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rounds::Round;
    use crate::bench::row::Unit;

    #[test]
    fn a_row_with_a_ratio_is_a_bar_and_others_are_none() {
        let row = Row::of("W1", "GET <1>", Unit::Micros, &[Round::pair(10.0, 160.0)]).aiming_at(12.0);
        let alone = Row::of("W8", "held", Unit::Kibibytes, &[Round { ours: 1.0, go: None, floor: None }]);
        let svg = chart(&[row, alone]);
        assert!(svg.contains(">W1 GET &lt;1&gt;</text>") && svg.contains(">16x</text>"), "{svg}");
        assert!(!svg.contains("held"), "{svg}");
        assert!(svg.contains("#2a7d4f") && svg.ends_with("</svg>\n"), "{svg}");
    }

    #[test]
    fn the_axis_is_logarithmic() {
        let [one, ten, hundred] = [1.0, 10.0, 100.0].map(|ratio| place(ratio, 100.0));
        assert!((ten - one - (hundred - ten)).abs() < 1e-9);
    }
}
