//! Measured values, taken in turn: their medians and how far they lie apart.
use crate::wire::Request;
use crate::wrk::Load;
use std::time::Duration;

/// How long is measured.
#[derive(Clone, Copy)]
pub struct Pace {
    pub rounds: usize,
    /// Seconds of load in a round; wrk takes whole ones.
    pub seconds: u64,
    /// How many single requests are timed, one after another.
    pub requests: usize,
    /// How often the service is started.
    pub starts: usize,
}

/// Several measurements of one thing.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    values: Vec<f64>,
    /// Answers that were not as they should be.
    pub errors: u64,
    /// Whether the load generator was the limit in more than half of the rounds.
    limited: usize,
}

impl Sample {
    pub fn add(&mut self, value: f64) {
        self.values.push(value);
    }

    pub fn one(value: f64) -> Self {
        Self { values: vec![value], ..Self::default() }
    }

    pub fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    pub fn least(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub fn most(&self) -> f64 {
        self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    pub fn is_limited(&self) -> bool {
        self.limited * 2 > self.values.len()
    }
}

/// From what part of its core on the generator is taken to be the limit.
const BUSY: f64 = 0.95;

/// Requests a second of each of several servers under its load, in turn, A B C A B C, after a second of each that does not
/// count: connections are made, statements prepared and files read then.
pub fn rates(pace: Pace, contenders: &[(u16, &Load)]) -> Vec<Sample> {
    let mut samples = vec![Sample::default(); contenders.len()];
    for round in 0..=pace.rounds {
        for (index, (port, load)) in contenders.iter().enumerate() {
            let seconds = if round == 0 { 1 } else { pace.seconds };
            let sample = &mut samples[index];
            match load.run(*port, seconds, round * 100 + index) {
                Ok(run) => {
                    sample.errors += run.errors;
                    if round > 0 {
                        sample.add(run.requests_per_second);
                        sample.limited += usize::from(run.busy > BUSY);
                    }
                }
                Err(why) => {
                    eprintln!("{why}");
                    sample.errors += 1;
                }
            }
        }
    }
    samples
}

/// Milliseconds that each of several things takes, in turn, after one of each that does not count.
pub fn times(pace: Pace, contenders: &mut [Box<dyn FnMut() -> Result<Duration, String> + '_>]) -> Vec<Sample> {
    let mut samples = vec![Sample::default(); contenders.len()];
    for round in 0..=pace.requests {
        for (contender, sample) in contenders.iter_mut().zip(&mut samples) {
            match contender() {
                Ok(took) if round > 0 => sample.add(took.as_secs_f64() * 1_000.0),
                Ok(_) => {}
                Err(why) => {
                    eprintln!("{why}");
                    sample.errors += 1;
                }
            }
        }
    }
    samples
}

/// How long a request takes, whose answer must have the status.
pub fn timed(port: u16, request: &Request, status: u16) -> Result<Duration, String> {
    Ok(request.send(port)?.expecting(status, "", 0)?.took)
}
