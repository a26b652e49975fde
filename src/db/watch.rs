//! What other processes write: PostgreSQL tells of it, and both databases are asked from time to time.
use super::head::{self, Head, Heads};
use super::pool::Pools;
use super::{Db, Statement, background, erasure, idempotency};
use crate::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// The channel on which a write tells of its revision, as it commits.
const CHANNEL: &str = "opptrapping_revision";

/// How often what the server has told is picked up. It is a look at a socket; the server is not asked.
const TICK: Duration = Duration::from_millis(50);
/// How often the database is asked where nobody tells of writes: an SQLite file that other processes write too.
const UNTOLD: Duration = Duration::from_millis(250);
/// How often it is asked although it tells. A listener can be dead in silence, behind a pool of connections or after a
/// failover, and would then never hear of anything.
const TOLD: Duration = Duration::from_secs(1);
/// How often to look whether the file is still there, and whether a newer program has changed the schema.
const STANDING: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// How many answers that are too old are removed in one go; others have the writer until the next.
const PURGED: i64 = 500;
/// How long to leave a server alone that refused a listener.
const BACKOFF: Duration = Duration::from_secs(2);

/// Tells other processes of a revision, once the transaction it is part of commits.
pub(super) fn tell(conn: &mut Db, revision: i64) -> Result<(), Error> {
    if matches!(conn, Db::Postgres(_)) {
        let statement = Statement::new("SELECT pg_notify(").bind(CHANNEL).sql(", ").bind(revision.to_string());
        statement.sql(")").run(conn)?;
    }
    Ok(())
}

/// Starts the thread that keeps the head up to date, and once a minute tries what erasures left to do and removes answers
/// that were kept for retries long enough. It ends with the database.
pub(super) fn start(pools: Weak<Pools>, heads: Weak<Heads>, uncut: Arc<AtomicBool>) {
    background::start("database", move || watch(&pools, &heads, &uncut));
}

fn watch(pools: &Weak<Pools>, heads: &Weak<Heads>, uncut: &AtomicBool) {
    let mut listener = Listener::default();
    let (mut looked, mut cleaned, mut purging) = (Instant::now(), Instant::now(), false);
    let mut stood = Instant::now();
    loop {
        std::thread::sleep(TICK);
        let (Some(pools), Some(heads)) = (pools.upgrade(), heads.upgrade()) else { return };
        if cleaned.elapsed() >= MINUTE {
            cleaned = Instant::now();
            cut_log(&pools, uncut);
            purging = true;
        }
        purging = purging && purge(&pools);
        if stood.elapsed() >= STANDING {
            stood = Instant::now();
            pools.look_at_file();
            if let Err(e) = pools.read(|conn| pools.standing.look_at_schema(conn)) {
                pools.standing.note(&e);
                log::debug!("the schema could not be looked at: {e}");
            }
        }
        let told = listener.heard(&pools);
        let patience = if listener.conn.is_some() { TOLD } else { UNTOLD };
        if !told && looked.elapsed() < patience {
            continue;
        }
        looked = Instant::now();
        match listener.look(&pools, heads.current().revision) {
            Ok(Some(found)) => heads.advance(found),
            Ok(None) => heads.looked(),
            Err(e) => log::debug!("the revision could not be read: {e}"),
        }
    }
}

/// Removes some answers; says whether there may be more.
fn purge(pools: &Pools) -> bool {
    match pools.write(|conn| idempotency::purge(conn, chrono::Utc::now(), PURGED)) {
        Ok(removed) => removed as i64 == PURGED,
        Err(e) => {
            log::warn!("answers kept for retries could not be removed: {e}");
            false
        }
    }
}

fn cut_log(pools: &Pools, uncut: &AtomicBool) {
    // Taken down first: an erasure meanwhile puts it up again.
    if uncut.swap(false, Ordering::Relaxed) && !pools.write(erasure::cut_log).unwrap_or(false) {
        uncut.store(true, Ordering::Relaxed);
    }
}

/// A connection of its own on which PostgreSQL tells of revisions; none on SQLite, and none while the server is away.
#[derive(Default)]
struct Listener {
    conn: Option<Db>,
    tried: Option<Instant>,
}

impl Listener {
    /// Whether there may be something new: a revision was told of, or the listener is new and missed what came before.
    fn heard(&mut self, pools: &Pools) -> bool {
        let Some(Db::Postgres(conn)) = &mut self.conn else { return self.connect(pools) };
        let told: Result<Vec<_>, _> = conn.notifications_iter().collect();
        match told {
            Ok(told) => !told.is_empty(),
            Err(e) => {
                log::info!("the listener for revisions has died: {e}");
                self.conn = None;
                true
            }
        }
    }

    fn connect(&mut self, pools: &Pools) -> bool {
        if self.tried.is_some_and(|tried| tried.elapsed() < BACKOFF) {
            return false;
        }
        self.tried = Some(Instant::now());
        let listening = pools.listener().and_then(|conn| match conn {
            Some(mut conn) => {
                Statement::new(format!("LISTEN {CHANNEL}")).run(&mut conn).map(|_| Some(conn)).map_err(Error::from)
            }
            None => Ok(None),
        });
        match listening {
            Ok(conn) => self.conn = conn,
            Err(e) => log::debug!("no listener for revisions: {e}"),
        }
        self.conn.is_some()
    }

    /// The head, where it is beyond a revision. It is asked for on the connection of the listener, so that one that died
    /// in silence is found out.
    fn look(&mut self, pools: &Pools, known: i64) -> Result<Option<Head>, Error> {
        let look = |conn: &mut Db| match head::revision(conn)? {
            now if now > known => head::load(conn).map(Some),
            _ => Ok(None),
        };
        if let Some(conn) = &mut self.conn {
            match look(conn) {
                Ok(found) => return Ok(found),
                Err(e) => {
                    log::info!("the listener for revisions has died: {e}");
                    self.conn = None;
                }
            }
        }
        pools.read(look)
    }
}
