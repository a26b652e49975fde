//! Rows counted as they pass, and told of on a terminal.
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often it is told.
const EVERY: Duration = Duration::from_millis(500);

/// Passes items on, and says on standard error how many there were and how fast, where that is a terminal.
pub struct Counted<I> {
    inner: I,
    rows: usize,
    begun: Instant,
    told: Option<Instant>,
}

impl<I> Counted<I> {
    pub fn new(inner: I) -> Self {
        let begun = Instant::now();
        Self { inner, rows: 0, begun, told: std::io::stderr().is_terminal().then_some(begun) }
    }

    /// How many rows there were.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn tell(&mut self, end: bool) {
        let Some(last) = self.told else { return };
        if end || last.elapsed() >= EVERY {
            self.told = Some(Instant::now());
            let speed = self.rows as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
            let _ = write!(std::io::stderr(), "\r{} rows, {speed:.0} a second ", self.rows);
            if end {
                let _ = writeln!(std::io::stderr());
                self.told = None;
            }
        }
    }
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let item = self.inner.next();
        self.rows += usize::from(item.is_some());
        self.tell(item.is_none());
        item
    }
}

/// Says on one line of a terminal what is being done; nothing where there is no terminal.
#[derive(Default)]
pub struct Progress {
    told: Option<Instant>,
}

impl Progress {
    pub fn tell(&mut self, what: &str) {
        if std::io::stderr().is_terminal() && self.told.is_none_or(|told| told.elapsed() >= EVERY) {
            self.told = Some(Instant::now());
            let _ = write!(std::io::stderr(), "\r\x1b[K{what}");
        }
    }

    /// Leaves the line as it was.
    pub fn clear(&mut self) {
        if self.told.take().is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
