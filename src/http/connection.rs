//! Connections, before there is a request: how many there may be, and how long one may stall.
use super::pace::STALLED;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use std::any::Any;

/// How many there may be beside those of clients that wait for changes. Those that come when there are as many are taken
/// when others end, which idle ones do in seconds; without a bound they would use up the open files, and the database has
/// none left then either.
const SPARE: usize = 4_096;

/// How many each of the workers takes, who have them by turns.
pub fn most(waiting: usize, workers: usize) -> usize {
    waiting.saturating_add(SPARE).div_ceil(workers.max(1))
}

/// Bounds how long a connection may stall. Only Linux knows how.
pub fn bound(connection: &dyn Any, _: &mut Extensions) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(e) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(STALLED))
    {
        log::debug!("a connection is not bounded: {e}");
    }
}
