//! How far something long is: a line on the terminal that is written over, and nothing where nobody looks.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How many characters the bar has.
const WIDTH: u64 = 30;
/// Often enough to look alive.
const PAUSE: Duration = Duration::from_millis(100);

/// A bar on the standard error.
pub(crate) struct Progress {
    doing: &'static str,
    total: u64,
    terminal: bool,
    drawn: Option<Instant>,
}

impl Progress {
    /// Of something that is done when so many are.
    pub(crate) fn new(doing: &'static str, total: u64) -> Self {
        Self { doing, total, terminal: io::stderr().is_terminal(), drawn: None }
    }

    /// So many are done.
    pub(crate) fn at(&mut self, done: u64) {
        let due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE);
        if self.terminal && due {
            self.drawn = Some(Instant::now());
            // A terminal that is gone has nobody to tell.
            let _ = write!(io::stderr(), "\r{}", line(self.doing, done, self.total));
        }
    }
}

impl Drop for Progress {
    /// What is said next begins on a clean line.
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

/// One bar after the other, of which the line of the one before goes first.
#[derive(Default)]
pub(crate) struct Bars(Option<(&'static str, Progress)>);

impl Bars {
    /// So many of so many are done of what is done now.
    pub(crate) fn at(&mut self, doing: &'static str, done: u64, total: u64) {
        match &mut self.0 {
            Some((present, progress)) if *present == doing => progress.at(done),
            bar => {
                *bar = None;
                bar.insert((doing, Progress::new(doing, total))).1.at(done);
            }
        }
    }
}

fn line(doing: &str, done: u64, total: u64) -> String {
    // Where the whole is not known there is nothing to compare with.
    let Some(percent) = (done.min(total) * 100).checked_div(total) else { return format!("{doing} {done}") };
    let full = "#".repeat((percent * WIDTH / 100) as usize);
    format!("{doing} [{full:<width$}] {percent:>3} %  {done} of {total}", width = WIDTH as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        assert_eq!(line("exporting", 0, 0), "exporting 0");
        assert_eq!(line("exporting", 5, 10), "exporting [###############               ]  50 %  5 of 10");
        assert_eq!(line("exporting", 12, 10), "exporting [##############################] 100 %  12 of 10");
    }
}
