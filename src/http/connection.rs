//! Connections, before there is a request.
use super::pace::STALLED;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use std::any::Any;

/// Bounds how long a connection may stall. Only Linux knows how.
pub fn bound(connection: &dyn Any, _: &mut Extensions) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(e) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(STALLED))
    {
        log::debug!("a connection is not bounded: {e}");
    }
}
