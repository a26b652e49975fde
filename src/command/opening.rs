//! The database made ready to be served: migrated, and with the reference data where it has nothing.
use opptrapping::db::{Database, Fault, background};
use opptrapping::error::{Error, Kind};
use opptrapping::import;
use std::time::{Duration, Instant};

/// How long to wait before a server is tried again: twice as long each time, and never so long that one that is back is
/// not noticed at once. What somebody must put right is not tried as often.
const FIRST: Duration = Duration::from_millis(100);
const MOST: Duration = Duration::from_secs(1);
const MOST_REFUSED: Duration = Duration::from_secs(5);
/// How often to say that it is still the same.
const REMINDER: Duration = Duration::from_secs(60);

pub struct Opening {
    pub db: Database,
    /// Whether an empty database is to stay so.
    pub empty: bool,
}

impl Opening {
    /// Opens it once. What a newer program has left behind is open too, to be read.
    pub fn now(&self) -> Result<(), Error> {
        match self.db.prepare() {
            Err(e) if e.kind == Kind::SchemaNewer => log::error!("{e}"),
            Err(e) => return Err(e),
            Ok(()) if self.empty => {}
            Ok(()) => {
                let begun = Instant::now();
                match import::reference::load(&self.db)? {
                    0 => {}
                    rows => {
                        let seconds = begun.elapsed().as_secs_f64();
                        log::info!("loaded the reference data: {rows} rows in {seconds:.1} s");
                    }
                }
            }
        }
        self.db.standing().open_or(None);
        self.db.watch();
        Ok(())
    }

    /// Opens it in a thread of its own, as soon as that can be done.
    pub fn when_it_can_be(self, addresses: String) {
        self.db.standing().open_or(Some(Fault::Opening));
        background::start("opening", move || {
            let (mut wait, mut told) = (FIRST, None);
            loop {
                let Err(error) = self.now() else { break };
                let fault = self.db.standing().unopened();
                if told.is_none_or(|(what, when): (_, Instant)| what != fault || when.elapsed() > REMINDER) {
                    told = Some((fault, Instant::now()));
                    log::warn!("the database cannot be opened, and is tried again: {error}");
                }
                std::thread::sleep(wait);
                let most = if matches!(fault, Some(Fault::Away | Fault::Opening)) { MOST } else { MOST_REFUSED };
                wait = (wait * 2).min(most);
            }
            log::info!("serving revision {} on {addresses}", self.db.head().revision);
        });
    }
}
