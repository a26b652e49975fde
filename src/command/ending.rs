//! The end of a service: nothing more is sent to it, what it has taken it answers, and then it ends.
use actix_web::dev::ServerHandle;
use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::sleep;
use futures_util::future::{Either, select};
use opptrapping::http::feed::waiting::Waiting;
use opptrapping::http::metrics::traffic::Traffic;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

/// What a process that was ended by a signal exits with: 128 and its number.
const TERMINATED: u8 = 128 + 15;
const INTERRUPTED: u8 = 128 + 2;

/// The signals that tell a service to end.
pub struct Told {
    terminate: Signal,
    interrupt: Signal,
}

impl Told {
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one; gives what to exit with where it is the second.
    async fn next(&mut self) -> u8 {
        match select(pin!(self.terminate.recv()), pin!(self.interrupt.recv())).await {
            Either::Left(_) => TERMINATED,
            Either::Right(_) => INTERRUPTED,
        }
    }

    /// Serves until told to end, and ends. Who balances the load sees that the service is not ready, and clients that keep
    /// their connections are asked to close them, for as long as `lame_duck`, in which requests are taken as before. Somebody
    /// at a terminal does not wait for that. A second signal ends it at once.
    pub async fn end(
        mut self,
        serving: &mut JoinHandle<std::io::Result<()>>,
        handle: ServerHandle,
        lame_duck: Duration,
        traffic: &Traffic,
        waiting: &Waiting,
    ) -> std::io::Result<ExitCode> {
        let first = match select(pin!(self.next()), &mut *serving).await {
            Either::Left((first, _)) => first,
            Either::Right((ended, _)) => return ended?.map(|()| ExitCode::SUCCESS),
        };
        let lame_duck = if first == TERMINATED { lame_duck } else { Duration::ZERO };
        log::info!("told to end: requests are taken for {} s more, and answered", lame_duck.as_secs());
        traffic.end();
        let drained = async {
            sleep(lame_duck).await;
            // Clients that wait for changes would hold the end up.
            waiting.close();
            handle.stop(true).await;
        };
        match select(pin!(drained), pin!(self.next())).await {
            Either::Left(_) => {
                match traffic.in_flight() {
                    0 => log::info!("everything was answered; the end"),
                    left => log::warn!("the end, with {left} requests not answered"),
                }
                Ok(ExitCode::SUCCESS)
            }
            Either::Right((second, _)) => {
                log::warn!("told to end a second time: at once, with {} requests not answered", traffic.in_flight());
                Ok(ExitCode::from(second))
            }
        }
    }
}
