//! A way to a server that the network makes slow, narrow, or shut; nothing is closed.
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// What passes at once where the way is narrow.
const PIECE: usize = 512;
/// One piece of so many is lost on a bad way, and comes when it was sent again.
const LOST: usize = 100;
const SENT_AGAIN: Duration = Duration::from_millis(250);

pub struct Passage {
    pub address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    shut: AtomicBool,
    /// How many milliseconds everything takes longer, and how many bytes pass in a second; 0 where that is as ever.
    later: AtomicUsize,
    bytes_per_second: AtomicUsize,
    connections: AtomicUsize,
    pieces: AtomicUsize,
}

impl Passage {
    pub fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, state) = (listener.local_addr().unwrap(), Arc::<State>::default());
        let all = state.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok((client, server)) = client.and_then(|client| Ok((client, TcpStream::connect(&server)?))) else {
                    continue;
                };
                all.connections.fetch_add(1, Ordering::Relaxed);
                for (from, to) in [
                    (client.try_clone().unwrap(), server.try_clone().unwrap()),
                    (server.try_clone().unwrap(), client.try_clone().unwrap()),
                ] {
                    let state = all.clone();
                    thread::spawn(move || forward(from, to, &state));
                }
            }
        });
        Self { address, state }
    }

    /// Lets nothing pass any more, or lets it again.
    pub fn shut(&self, shut: bool) {
        self.state.shut.store(shut, Ordering::Relaxed);
    }

    /// Makes everything take longer, and lets no more bytes pass in a second; with zeros all is as it was.
    pub fn slow(&self, milliseconds: usize, bytes_per_second: usize) {
        self.state.later.store(milliseconds, Ordering::Relaxed);
        self.state.bytes_per_second.store(bytes_per_second, Ordering::Relaxed);
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut part = [0; 16_384];
    'open: while let Ok(length @ 1..) = from.read(&mut part) {
        thread::sleep(Duration::from_millis(state.later.load(Ordering::Relaxed) as u64));
        let narrow = state.bytes_per_second.load(Ordering::Relaxed);
        for piece in part[..length].chunks(if narrow == 0 { part.len() } else { PIECE }) {
            while state.shut.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(5));
            }
            if narrow > 0 {
                let lost = state.pieces.fetch_add(1, Ordering::Relaxed) % LOST == LOST - 1;
                let takes = Duration::from_secs_f64(piece.len() as f64 / narrow as f64);
                thread::sleep(takes + if lost { SENT_AGAIN } else { Duration::ZERO });
            }
            if to.write_all(piece).is_err() {
                break 'open;
            }
        }
    }
    // Either way: who waits at one end must not wait for what the other has given up.
    drop(from.shutdown(Shutdown::Both));
    drop(to.shutdown(Shutdown::Both));
}
