//! How it stands with the database as a whole: whether it has been opened, and what keeps it from being written.
use super::{Db, Statement, migrate};
use crate::error::{Error, Kind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

/// What is the matter with the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is being opened.
    Opening,
    /// Its server cannot be reached.
    Away,
    /// Its server refuses the account.
    Refused,
    /// Its server has no database of this name.
    Missing,
    /// Its text does not sort by bytes.
    Collation,
    /// Its schema is older than this program, and could not be brought up to date.
    OlderSchema,
    /// Its schema is newer than this program: it can be read, and what is written might lack what a newer one relies on.
    NewerSchema,
    /// Its file was deleted, or another was put in its place: what is written would be written into nothing.
    FileGone,
    /// A page of its file is damaged.
    Damaged,
}

impl Fault {
    /// The word for programs. It tells nothing of addresses or accounts.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Opening => "database-opening",
            Self::Away => Kind::DatabaseUnavailable.slug(),
            Self::Refused => "database-refused",
            Self::Missing => "database-missing",
            Self::Collation => "database-collation",
            Self::OlderSchema => "schema-older",
            Self::NewerSchema => Kind::SchemaNewer.slug(),
            Self::FileGone | Self::Damaged => Kind::StorageFault.slug(),
        }
    }

    /// What an attempt to connect says, by the words of PostgreSQL in English; in other languages it is away.
    pub(super) fn of_connecting(error: &Error) -> Self {
        let words = error.cause().unwrap_or_default();
        let says = |any: &[&str]| any.iter().any(|word| words.contains(word));
        if says(&[
            "authentication failed",
            "no pg_hba.conf entry",
            "no password supplied",
            "is not permitted to log in",
        ]) || (words.contains("role \"") && words.contains("does not exist"))
        {
            Self::Refused
        } else if words.contains("database \"") && words.contains("does not exist") {
            Self::Missing
        } else {
            Self::Away
        }
    }
}

/// What is known of the database, by everyone who uses it.
#[derive(Debug, Default)]
pub struct Standing {
    /// Why it is not open; none once it is.
    unopened: RwLock<Option<Fault>>,
    newer: AtomicBool,
    gone: AtomicBool,
    damaged: AtomicBool,
}

impl Standing {
    /// What is the matter, the worst first.
    pub fn fault(&self) -> Option<Fault> {
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        if let Some(fault) = self.unopened() {
            return Some(fault);
        }
        if is(&self.damaged) {
            return Some(Fault::Damaged);
        }
        if is(&self.gone) {
            return Some(Fault::FileGone);
        }
        is(&self.newer).then_some(Fault::NewerSchema)
    }

    /// Why it has not been opened.
    pub fn unopened(&self) -> Option<Fault> {
        *self.unopened.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes why it is not open, or that it is.
    pub fn open_or(&self, fault: Option<Fault>) {
        *self.unopened.write().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    pub(super) fn set_newer(&self, newer: bool) {
        if self.newer.swap(newer, Ordering::Relaxed) != newer {
            match newer {
                true => log::error!("the schema is newer than this program, which writes nothing from now on"),
                false => log::info!("the schema is that of this program again"),
            }
        }
    }

    pub(super) fn set_gone(&self, gone: bool) {
        if self.gone.swap(gone, Ordering::Relaxed) != gone {
            match gone {
                true => log::error!(
                    "the file of the database was deleted or replaced; nothing is written until it is back, or the service started again"
                ),
                false => log::info!("the file of the database is back"),
            }
        }
    }

    /// Notes that damage was met. It stays noted: what is sound beside it cannot be known.
    pub(super) fn set_damaged(&self, what: &str) {
        if !self.damaged.swap(true, Ordering::Relaxed) {
            log::error!(
                "the file of the database is damaged; nothing is written until the service is started again: {what}"
            );
        }
    }

    /// Notes what an error tells of the file.
    pub fn note(&self, error: &Error) {
        let damage = ["malformed", "not a database"];
        let words = error.cause().unwrap_or_default();
        if error.kind == Kind::StorageFault && damage.iter().any(|word| words.contains(word)) {
            self.set_damaged(words);
        }
    }

    /// Refuses to write where what is written would be lost or wrong.
    pub(super) fn permit_writing(&self) -> Result<(), Error> {
        match self.fault() {
            Some(Fault::NewerSchema) => Err(Error::new(Kind::SchemaNewer)),
            Some(Fault::FileGone) => Err(Error::new(Kind::StorageFault)
                .detail("the file of the database was deleted or replaced; nothing was written")),
            Some(Fault::Damaged) => {
                Err(Error::new(Kind::StorageFault).detail("the file of the database is damaged; nothing was written"))
            }
            _ => Ok(()),
        }
    }

    /// Looks whether a newer program has changed the schema.
    pub(super) fn look_at_schema(&self, conn: &mut Db) -> Result<(), Error> {
        let applied = Statement::new("SELECT version FROM __diesel_schema_migrations").rows::<(String,)>(conn)?;
        let stranger = migrate::stranger(applied.iter().map(|(version,)| version.as_str()))?;
        self.set_newer(stranger.is_some());
        Ok(())
    }
}
