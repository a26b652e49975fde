//! Connections, before there is a request.
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use std::any::Any;
use std::time::Duration;

/// How long a client may take no byte of what is sent to it. An answer that goes on for as long as the client likes is
/// otherwise kept for one that is gone, or that has stopped reading, for as long as TCP is patient.
const STALLED: Duration = Duration::from_secs(30);

/// Bounds how long a connection may stall. Only Linux knows how.
pub fn bound(connection: &dyn Any, _: &mut Extensions) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(e) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(STALLED))
    {
        log::debug!("a connection is not bounded: {e}");
    }
}
