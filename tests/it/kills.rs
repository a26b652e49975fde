//! kill -9 of the real binary under keyed writes: what was acknowledged is there, what was not is there once after the
//! retry, and nothing is half there. A few kills unless `HARDEN=full`, which is fifty of them, and twenty points within a
//! table of 100,000 rows (HOSTILE cases 105 to 107).
use crate::bulk::table;
use crate::figures::{either, tell};
use crate::service::{Service, command, succeeds};
use crate::submissions::new_key;
use crate::support::{Base, Folder, databases, directly, empty, files};
use chrono::{Days, Utc};
use diesel::connection::SimpleConnection;
use opptrapping::db::Statement;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

const CLIENTS: usize = 4;

/// How the service is started, and how its clients write.
struct Setting {
    url: String,
    public_key: String,
    token: String,
    _folder: Folder,
}

impl Setting {
    fn of(base: &Base) -> Self {
        let folder = Folder::new("kills");
        let keys = folder.0.join("keys").to_str().unwrap().to_owned();
        succeeds(&["keygen", &keys]);
        let token = succeeds(&["token", "--scope", "admin", "--keys", &keys]).trim().to_owned();
        Self { url: base.url.clone(), public_key: format!("{keys}/public.pem"), token, _folder: folder }
    }

    fn start(&self) -> Service {
        Service::start(&self.url, &["--public-key", &self.public_key, "--submissions-per-hour", "1000000"])
    }

    /// The whole database is as it should be.
    fn check(&self) {
        let found = succeeds(&["check", "--database-url", &self.url]);
        assert!(found.contains(": 0 found"), "{found}");
    }

    fn request(&self, method: &str, path: &str, media: &str, headers: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: {media}\r\n\
             Idempotency-Key: {}\r\nContent-Length: {length}\r\n{headers}\r\n{body}",
            self.token,
            new_key()
        )
        .into_bytes()
    }
}

/// A whole answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.head.lines().find(named).and_then(|line| Some(line.split_once(':')?.1.trim()))
    }
}

/// Why there is no answer.
#[derive(Debug, PartialEq)]
enum Lost {
    /// Nobody listened: nothing was asked.
    Unsent,
    /// It broke off: what became of it is not known.
    Cut,
}

/// Sends a request and reads the whole answer.
fn attempt(address: &str, request: &[u8]) -> Result<Answer, Lost> {
    let stream = TcpStream::connect(address).map_err(|_| Lost::Unsent)?;
    answer(stream, request).ok_or(Lost::Cut)
}

fn answer(mut stream: TcpStream, request: &[u8]) -> Option<Answer> {
    stream.set_read_timeout(Some(Duration::from_secs(120))).ok()?;
    stream.write_all(request).ok()?;
    let mut bytes = vec![];
    stream.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let answer = Answer { status: head.get(9..12)?.parse().ok()?, head: head.to_owned(), body: body.to_owned() };
    let length = answer.header("content-length").map_or(Some(0), |length| length.parse().ok())?;
    (answer.status == 204 || length == answer.body.len()).then_some(answer)
}

/// What the clients share.
struct Field {
    setting: Setting,
    address: RwLock<String>,
    ended: AtomicBool,
    unanswered: AtomicUsize,
    replayed: AtomicUsize,
    /// The reasons of acknowledged revisions, and the texts of acknowledged submissions.
    acknowledged: Mutex<Vec<String>>,
}

impl Field {
    /// How many effects were acknowledged so far.
    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Sends a request, with its key, until it is answered.
    fn send(&self, request: &[u8], wanted: u16) -> Answer {
        let begun = Instant::now();
        loop {
            let address = self.address.read().unwrap().clone();
            match attempt(&address, request) {
                Ok(answer) if answer.status == wanted => {
                    if answer.header("idempotency-replayed").is_some() {
                        self.replayed.fetch_add(1, Ordering::Relaxed);
                    }
                    return answer;
                }
                // Nothing was written, or another instance of the service is not quite dead.
                Ok(answer) if matches!(answer.status, 409 | 503) && answer.header("retry-after").is_some() => {}
                Ok(answer) => panic!("{wanted} was due: {} {}", answer.head, answer.body),
                Err(Lost::Unsent) => {}
                Err(Lost::Cut) => {
                    self.unanswered.fetch_add(1, Ordering::Relaxed);
                }
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "no answer in a minute");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// One thing's life, each step of which is refused when it is done twice: created, replaced, deleted; a table; a
    /// submission, which would be there twice.
    fn live(&self, id: &str) {
        let path = format!("/v1/sources/{id}");
        let row = |id: &str, title: &str| json!({ "id": id, "title": title, "publisher": "P", "kind": "report" });
        let put = |headers: &str, title: &str| {
            let (headers, body) = (format!("{headers}\r\n"), row(id, title).to_string());
            self.setting.request("PUT", &format!("{path}?reason={id}-{title}"), "application/json", &headers, &body)
        };
        let done = |what: &str| self.acknowledged.lock().unwrap().push(format!("{id}-{what}"));
        let created = self.send(&put("If-None-Match: *", "created"), 201);
        done("created");
        let tag = |answer: &Answer| answer.header("etag").unwrap().to_owned();
        let replaced = self.send(&put(&format!("If-Match: {}", tag(&created)), "replaced"), 200);
        done("replaced");
        let rows = Value::from_iter((0..5).map(|n| row(&format!("{id}-row-{n}"), "T")));
        let path_of_table = format!("/v1/sources?reason={id}-table");
        let written =
            self.send(&self.setting.request("PUT", &path_of_table, "application/json", "", &rows.to_string()), 200);
        done("table");
        assert!(written.body.starts_with("{\"inserted\":5,"), "{}", written.body);
        let submission = json!({ "text": format!("{id}-submission") }).to_string();
        let to = "/v1/consultations/open/submissions";
        self.send(&self.setting.request("POST", to, "application/json", "", &submission), 202);
        done("submission");
        let matched = format!("If-Match: {}\r\n", tag(&replaced));
        self.send(
            &self.setting.request("DELETE", &format!("{path}?reason={id}-deleted"), "application/json", &matched, ""),
            204,
        );
        done("deleted");
    }
}

/// How often each reason and each text of a submission is there.
fn effects(base: &Base) -> BTreeMap<String, i64> {
    let sql = "SELECT reason, COUNT(*) FROM revisions WHERE reason LIKE 'client-%' GROUP BY reason UNION ALL \
               SELECT text, COUNT(*) FROM submissions WHERE text LIKE 'client-%' GROUP BY text";
    base.db.read(|conn| Ok(Statement::new(sql).rows::<(String, i64)>(conn)?)).unwrap().into_iter().collect()
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_done_twice() {
    let kills = either(5, 50);
    for base in databases("kills") {
        let setting = Setting::of(&base);
        let mut service = setting.start();
        let day = |ahead| (Utc::now().date_naive() - Days::new(2) + Days::new(ahead)).to_string();
        let consultation = json!({
            "plan": "rus-2016-2020", "kind": "consultation", "title_nb": "H", "opens": day(0), "closes": day(9), "source": "hod-innspill-2014",
        });
        let open = setting.request("PUT", "/v1/consultations/open", "application/json", "", &consultation.to_string());
        assert_eq!(attempt(service.address(), &open).unwrap().status, 201);
        let field = Field {
            setting,
            address: RwLock::new(service.address().to_owned()),
            ended: AtomicBool::new(false),
            unanswered: AtomicUsize::new(0),
            replayed: AtomicUsize::new(0),
            acknowledged: Mutex::default(),
        };
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let field = &field;
                scope.spawn(move || {
                    (0..)
                        .take_while(|_| !field.ended.load(Ordering::Relaxed))
                        .for_each(|n| field.live(&format!("client-{client}-{n}")));
                });
            }
            for kill in 0..kills {
                // In the middle of things: a few effects after the last, and some milliseconds, in no order.
                let due = field.acknowledged() + 1 + kill % 5;
                let begun = Instant::now();
                while field.acknowledged() < due {
                    assert!(begun.elapsed() < Duration::from_secs(60), "{}: nothing is written", base.label);
                    std::thread::sleep(Duration::from_millis(1));
                }
                std::thread::sleep(Duration::from_millis((kill as u64 * 7_919 + 131) % 40));
                service.kill();
                field.setting.check();
                service = field.setting.start();
                *field.address.write().unwrap() = service.address().to_owned();
            }
            field.ended.store(true, Ordering::Relaxed);
        });
        field.setting.check();
        let (effects, acknowledged) = (effects(&base), field.acknowledged.into_inner().unwrap());
        let wanted: BTreeMap<String, i64> = acknowledged.iter().map(|what| (what.clone(), 1)).collect();
        assert_eq!(effects, wanted, "{}: lost, or done twice", base.label);
        let rows = "SELECT COUNT(*) FROM sources WHERE id LIKE 'client-%-row-%' AND ended = 9223372036854775807";
        let rows = base.db.read(|conn| Ok(Statement::new(rows).row::<(i64,)>(conn)?)).unwrap().unwrap().0;
        assert_eq!(rows as usize, acknowledged.len(), "{}: five rows for each five effects", base.label);
        let (unanswered, replayed) = (field.unanswered.into_inner(), field.replayed.into_inner());
        assert!(unanswered >= kills, "{}: the kills met nobody", base.label);
        let told = format!(
            "{}: {kills} kills, {} writes acknowledged, 0 lost, 0 done twice; {unanswered} requests cut off, {replayed} of \
             which had been done",
            base.label,
            acknowledged.len()
        );
        tell("killed under writes", told);
    }
}

#[test]
fn killed_at_any_moment_of_its_first_start_the_next_one_serves() {
    let (kills, longest) = (either(5, 40), Duration::from_millis(1_200));
    for base in empty("kill_start") {
        let folder = Folder::new("kill_start");
        // On SQLite a file that there is not yet; on PostgreSQL a database without a table.
        let url = match base.label {
            "sqlite" => format!("sqlite://{}", folder.0.join("new.db").display()),
            _ => base.url.clone(),
        };
        for kill in 0..kills {
            match base.label {
                "sqlite" => files(&folder.0).iter().for_each(|file| std::fs::remove_file(file).unwrap()),
                _ => directly(&base, |conn| {
                    conn.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").unwrap();
                }),
            }
            let arguments = ["serve", "--database-url", &url, "--bind", "127.0.0.1:0", "--admin-bind", "127.0.0.1:0"];
            let mut first = command(&[&arguments[..], &["--empty"]].concat()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(longest.mul_f64(kill as f64 / kills as f64));
            first.kill().unwrap();
            first.wait().unwrap();
            let service = Service::start(&url, &["--empty"]);
            assert_eq!(service.ready().1["schema"], "current", "{}", base.label);
            let found = succeeds(&["check", "--database-url", &url]);
            assert!(found.contains(": 0 found"), "{}: {found}", base.label);
        }
    }
}

#[test]
fn what_was_committed_and_not_answered_is_told_by_the_retry() {
    for base in databases("kill_answer") {
        let setting = Setting::of(&base);
        let before = base.db.head().revision;
        let rows = json!([{ "id": "a", "title": "T", "publisher": "P", "kind": "report" }]).to_string();
        let request = setting.request("PUT", "/v1/sources", "application/json", "", &rows);
        let service = setting.start();
        let mut unread = service.connect();
        unread.write_all(&request).unwrap();
        let begun = Instant::now();
        while base.db.head().revision == before {
            base.db.refresh().unwrap();
            assert!(begun.elapsed() < Duration::from_secs(20), "{}: it is not written", base.label);
        }
        drop(service);
        let service = setting.start();
        let told = attempt(service.address(), &request).unwrap();
        assert_eq!((told.status, told.header("idempotency-replayed")), (200, Some("true")), "{}", base.label);
        let wanted = json!({ "inserted": 1, "updated": 0, "unchanged": 0, "revision": before + 1, "errors": [] });
        assert_eq!(serde_json::from_str::<Value>(&told.body).unwrap(), wanted);
        base.db.refresh().unwrap();
        assert_eq!(base.db.head().revision, before + 1, "{}", base.label);
        setting.check();
    }
}

#[test]
fn a_table_is_written_whole_or_not_at_all_wherever_it_is_killed() {
    let (points, rows) = (either(3, 20), either(20_000, 100_000));
    let mut takes: BTreeMap<&str, Duration> = BTreeMap::new();
    let (mut none, mut all) = (0, 0);
    for point in 0..points {
        for base in databases("kill_table") {
            let setting = Setting::of(&base);
            let before = base.db.head().revision;
            let csv = table(&base, rows);
            let service = setting.start();
            let send = |service: &Service, query: &str| {
                let request = setting.request("PUT", &format!("/v1/observations{query}"), "text/csv", "", &csv);
                (service.address().to_owned(), request)
            };
            let took = *takes.entry(base.label).or_insert_with(|| {
                let (address, request) = send(&service, "?dry_run=true");
                let begun = Instant::now();
                assert_eq!(attempt(&address, &request).unwrap().status, 200);
                begun.elapsed()
            });
            let (address, request) = send(&service, "");
            let first = std::thread::scope(|scope| {
                let first = scope.spawn(|| attempt(&address, &request));
                std::thread::sleep(took.mul_f64((point as f64 + 0.5) / points as f64));
                drop(service);
                first.join().unwrap()
            });
            let count = || {
                let sql = "SELECT COUNT(*) FROM observations WHERE published >= '2100'";
                base.db.read(|conn| Ok(Statement::new(sql).row::<(i64,)>(conn)?)).unwrap().unwrap().0 as usize
            };
            let left = count();
            assert!(left == 0 || left == rows, "{}: {left} rows were written", base.label);
            assert!(first.is_err() || left == rows, "{}: it was acknowledged and is not there", base.label);
            *(if left == 0 { &mut none } else { &mut all }) += 1;
            setting.check();
            let (service, begun) = (setting.start(), Instant::now());
            let answer = loop {
                match attempt(service.address(), &request).unwrap() {
                    answer if answer.status == 200 => break answer,
                    answer => assert!(answer.header("retry-after").is_some(), "{} {}", answer.head, answer.body),
                }
                assert!(begun.elapsed() < Duration::from_secs(120), "{}: the retry is not taken", base.label);
                std::thread::sleep(Duration::from_millis(100));
            };
            assert!(answer.body.starts_with(&format!("{{\"inserted\":{rows},")), "{}", answer.body);
            base.db.refresh().unwrap();
            assert_eq!((count(), base.db.head().revision), (rows, before + 1), "{}", base.label);
        }
    }
    let told =
        format!("{rows} rows, {points} points on each database: none of them {none} times, all of them {all} times");
    tell("killed within a table", told);
}
