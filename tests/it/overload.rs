//! Far more requests than can be answered: those that are answered are as many as before, the others are told so soon, and
//! who looks after the service is heard.
use crate::figures;
use crate::service::Service;
use crate::support::databases;
use futures_util::future::join_all;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What became of requests.
#[derive(Default)]
struct Tally {
    answered: usize,
    /// How long each refusal took, in milliseconds.
    refused: Vec<u64>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.refused.extend(other.refused);
    }

    fn percentile(&mut self, percent: usize) -> u64 {
        self.refused.sort_unstable();
        self.refused
            .get((self.refused.len() * percent / 100).min(self.refused.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0)
    }
}

/// Reads one answer, and gives its status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> u16 {
    buffer.clear();
    let (mut head, mut length) = (0, usize::MAX);
    while head == 0 || buffer.len() < head + length {
        let read = stream.read_buf(buffer).await.expect("an answer");
        assert!(read > 0, "cut off: {:?}", String::from_utf8_lossy(buffer));
        if head == 0
            && let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            head = end + 4;
            let text = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
            let named = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            length = named("content-length").unwrap_or_else(|| panic!("no length: {text}")).parse().unwrap();
            let again = named("retry-after").map(|wait| wait.parse::<u32>().unwrap());
            // Not all in the same second: each is told another.
            let told =
                if text.starts_with("http/1.1 503") { (1..=5).contains(&again.unwrap_or(0)) } else { again.is_none() };
            assert!(told, "{text}");
        }
    }
    String::from_utf8_lossy(&buffer[9..12]).parse().unwrap()
}

/// A client that asks again and again; when it is refused it is back after a moment, sooner than it was told.
async fn client(address: String, number: usize, until: Instant) -> Tally {
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    let (mut tally, mut buffer) = (Tally::default(), Vec::new());
    for n in 0.. {
        if Instant::now() > until {
            break;
        }
        let path = format!("/v1/observations?limit={}", 1_900 + (number * 7 + n) % 100);
        let begun = Instant::now();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.expect("a request");
        match answer(&mut stream, &mut buffer).await {
            200 => tally.answered += 1,
            503 => {
                tally.refused.push(begun.elapsed().as_millis() as u64);
                tokio::time::sleep(Duration::from_millis(50 + (number % 50) as u64)).await;
            }
            other => panic!("{other}: {}", String::from_utf8_lossy(&buffer)),
        }
    }
    tally
}

/// So many clients for so long, and what became of their requests.
fn clients(service: &Service, count: usize, length: Duration) -> Tally {
    let address = service.address().to_owned();
    let until = Instant::now() + length;
    let all = actix_web::rt::System::new()
        .block_on(async { join_all((0..count).map(|number| client(address.clone(), number, until))).await });
    let mut sum = Tally::default();
    all.into_iter().for_each(|tally| sum.add(tally));
    sum
}

#[test]
fn more_than_can_be_answered_is_refused_soon_and_what_can_be_is_answered() {
    let (count, length) = (200, figures::either(3, 30));
    for base in databases("overload") {
        let service = Service::start(&base.url, &["--cache-mib", "0"]);
        let warm = clients(&service, 16, Duration::from_secs(1));
        assert!(warm.refused.is_empty(), "{}: {} clients are too many", base.label, 16);
        let peak_length = Duration::from_secs(length / 3);
        let peak = clients(&service, 16, peak_length).answered as f64 / peak_length.as_secs_f64();
        let over = AtomicBool::new(false);
        let (mut load, mut live) = thread::scope(|scope| {
            let live = scope.spawn(|| {
                let mut took = vec![];
                while !over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    let path = ["/health/live", "/metrics"][took.len() % 2];
                    assert!(service.admin(path).0.starts_with("HTTP/1.1 200"), "{path}");
                    took.push(begun.elapsed().as_millis());
                    thread::sleep(Duration::from_millis(20));
                }
                took
            });
            let load = clients(&service, count, Duration::from_secs(length));
            over.store(true, Ordering::Relaxed);
            (load, live.join().unwrap())
        });
        live.sort_unstable();
        let useful = load.answered as f64 / length as f64;
        let asked = (load.answered + load.refused.len()) as f64 / length as f64;
        let told = format!(
            "{}: {:.0} requests a second, {:.1} times the {peak:.0} that can be answered; {useful:.0} were ({:.2} of peak); \
             refused in {} ms (median), {} ms (99 %); live and metrics in {} ms (median), {} ms (99 %)",
            base.label,
            asked,
            asked / peak,
            useful / peak,
            load.percentile(50),
            load.percentile(99),
            live[live.len() / 2],
            live[live.len() * 99 / 100],
        );
        figures::tell("ten times capacity", told);
        assert!(load.refused.len() > load.answered, "{}: it was no overload", base.label);
        assert!(live[live.len() * 99 / 100] < 1_500, "{}: {live:?}", base.label);
        assert!(useful > peak / 4.0, "{}: {useful} of {peak}", base.label);
        // It is over: nobody is refused any more.
        assert!(clients(&service, 16, Duration::from_secs(1)).refused.is_empty(), "{}", base.label);
    }
}
