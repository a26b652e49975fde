//! The table of results: one line for each workload and peer, as Markdown, so that the README has what was printed.
use crate::figures::Sample;
use std::fmt::Write as _;

/// What is measured.
#[derive(Clone, Copy, PartialEq)]
pub enum Unit {
    /// Requests a second: more is better, and the ratio is ours to theirs.
    Rate,
    /// Milliseconds: less is better, and the ratio is ours to theirs.
    Time,
    Megabytes,
}

/// What is to be reached.
#[derive(Clone, Copy)]
pub enum Target {
    /// The ratio is at least this.
    Least(f64),
    /// The ratio is at most this.
    Most(f64),
    /// Our own figure is at most this.
    Below(f64),
    /// No answer was an error; there is nothing to compare with.
    NoErrors,
}

/// A line.
pub struct Line {
    pub workload: String,
    pub database: &'static str,
    pub unit: Unit,
    pub ours: Sample,
    pub peer: &'static str,
    pub theirs: Option<Sample>,
    pub target: Option<Target>,
}

const HEADS: [&str; 9] = ["workload", "database", "unit", "service", "peer", "of the peer", "ratio", "target", ""];

#[derive(Default)]
pub struct Table {
    lines: Vec<Line>,
    /// What was left out, and why.
    left_out: Vec<String>,
}

impl Table {
    /// Adds a line, and prints it: the whole takes minutes.
    pub fn add(&mut self, line: Line) {
        let cells = line.cells();
        println!("{}", cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("  "));
        self.lines.push(line);
    }

    pub fn leave_out(&mut self, what: &str, why: &str) {
        println!("left out: {what}: {why}");
        let told = format!("{what}: {}", why.replace('`', "'"));
        if !self.left_out.contains(&told) {
            self.left_out.push(told);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// All of it as Markdown.
    pub fn markdown(&self) -> String {
        let rows: Vec<[String; 9]> = self.lines.iter().map(Line::cells).collect();
        let width =
            |i: usize| rows.iter().map(|row| row[i].chars().count()).chain([HEADS[i].len(), 3]).max().unwrap_or(3);
        let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
        let mut out = String::new();
        let mut line = |cells: &[&str], fill: &str| {
            for (cell, width) in cells.iter().zip(&widths) {
                let gap = width - cell.chars().count();
                let _ = write!(out, "| {cell}{} ", fill.repeat(gap));
            }
            out.push_str("|\n");
        };
        line(&HEADS, " ");
        line(&["---"; 9], "-");
        rows.iter().for_each(|row| line(&row.each_ref().map(String::as_str), " "));
        out.push_str("\nMedians, with the least and the most of all rounds behind them. ≥ is for rates, ≤ for times.");
        if self.lines.iter().any(|line| line.samples().any(Sample::is_limited)) {
            out.push_str(" ° the load generator was the limit, not the server.");
        }
        if self.lines.iter().any(|line| line.samples().any(|sample| sample.errors > 0)) {
            out.push_str(" ✗ answers were errors: the figure counts for nothing.");
        }
        out.push('\n');
        for told in &self.left_out {
            let _ = writeln!(out, "\nLeft out: {told}");
        }
        out
    }
}

impl Line {
    fn samples(&self) -> impl Iterator<Item = &Sample> {
        std::iter::once(&self.ours).chain(&self.theirs)
    }

    fn ratio(&self) -> Option<f64> {
        Some(self.ours.median() / self.theirs.as_ref()?.median())
    }

    /// Whether the target is reached; nothing where there is none, or a figure counts for nothing.
    fn is_reached(&self) -> Option<bool> {
        let errors = self.samples().any(|sample| sample.errors > 0);
        Some(match self.target? {
            _ if errors => false,
            Target::NoErrors => true,
            Target::Below(most) => self.ours.median() <= most,
            Target::Least(least) => self.ratio()? >= least,
            Target::Most(most) => self.ratio()? <= most,
        })
    }

    fn cells(&self) -> [String; 9] {
        let digits = match self.unit {
            Unit::Rate => 0,
            Unit::Time | Unit::Megabytes => 1,
        };
        let figure = |sample: &Sample| {
            let marks = [(sample.errors > 0, " ✗"), (sample.is_limited(), " °")];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            format!("{:.digits$} ({:.digits$}–{:.digits$}){marks}", sample.median(), sample.least(), sample.most())
        };
        let target = match self.target {
            None => String::new(),
            Some(Target::Least(least)) => format!("≥ {}", short(least)),
            Some(Target::Most(most)) => format!("≤ {}", short(most)),
            Some(Target::Below(most)) => format!("≤ {most} {}", self.unit.name()),
            Some(Target::NoErrors) => "no errors".into(),
        };
        let reached = match self.is_reached() {
            None => "",
            Some(true) => "reached",
            Some(false) => "missed",
        };
        [
            self.workload.clone(),
            self.database.into(),
            self.unit.name().into(),
            figure(&self.ours),
            self.peer.into(),
            self.theirs.as_ref().map(figure).unwrap_or_default(),
            self.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            target,
            reached.into(),
        ]
    }
}

/// A number with two decimals at most.
fn short(number: f64) -> String {
    format!("{number:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Rate => "/s",
            Self::Time => "ms",
            Self::Megabytes => "MB",
        }
    }
}
