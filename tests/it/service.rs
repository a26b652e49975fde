//! The binary itself: its commands, and a service that is started, over real sockets.
use crate::support::Folder;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opptrapping"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OPPTRAPPING_") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("RUST_LOG", "info")
        .env("OPPTRAPPING_LAME_DUCK_SECONDS", "0")
        // All tests are one address.
        .env("OPPTRAPPING_REQUESTS_PER_MINUTE", "0")
        .current_dir(std::env::temp_dir());
    command
}

/// The same after something that a shell does first, such as `ulimit -n 128`.
pub fn after(first: &str, arguments: &[&str]) -> Command {
    let plain = command(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{first}; exec \"$0\" \"$@\"")]).arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(std::env::temp_dir());
    shell
}

pub fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

#[track_caller]
pub fn succeeds(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A running service, killed (SIGKILL) when it is dropped.
pub struct Service {
    process: Child,
    /// What it has logged since it serves.
    pub log: Arc<Mutex<Vec<u8>>>,
    address: String,
    pub admin: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

pub fn database(folder: &Folder) -> String {
    format!("sqlite://{}", folder.0.join("smoke.db").display())
}

impl Service {
    /// Starts it and waits until it says that it serves.
    pub fn start(database: &str, more: &[&str]) -> Self {
        Self::logging("info", database, more)
    }

    /// The same, with `RUST_LOG` set to a level.
    pub fn logging(level: &str, database: &str, more: &[&str]) -> Self {
        Self::until("serving revision", database, more, &[("RUST_LOG", level)])
    }

    /// The same, with variables set, until it logs a text.
    pub fn until(text: &str, database: &str, more: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::after(":", text, database, more, variables)
    }

    /// The same after something that a shell does first, such as `ulimit -n 128`.
    pub fn after(first: &str, text: &str, database: &str, more: &[&str], variables: &[(&str, &str)]) -> Self {
        let (address, admin) = (free_address(), free_address());
        let mut arguments = vec!["serve", "--database-url", database, "--bind", &address, "--admin-bind", &admin];
        arguments.extend(more);
        let variables = variables.iter().copied();
        let mut process = after(first, &arguments).envs(variables).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        loop {
            let begin = said.len();
            assert!(log.read_line(&mut said).unwrap() > 0, "it ended: {said}");
            if said[begin..].contains(text) {
                break;
            }
        }
        // What else it says must be read, or it would stop when the pipe is full.
        let kept = Arc::new(Mutex::new(said.into_bytes()));
        let keeping = kept.clone();
        std::thread::spawn(move || {
            let mut line = vec![];
            while log.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                keeping.lock().unwrap().append(&mut line);
            }
        });
        let service = Self { process, log: kept, address, admin };
        service.wait();
        service
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&self.address).is_err() || TcpStream::connect(&self.admin).is_err() {
            assert!(Instant::now() < deadline, "it does not listen");
            std::thread::yield_now();
        }
    }

    /// Kills it as nothing can prevent (SIGKILL).
    pub fn kill(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }

    /// Sends it a signal: `TERM`, `HUP`.
    pub fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// How long processors have worked for it.
    pub fn worked(&self) -> Duration {
        let all = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // After its name, which may have spaces; in hundredths of a second, its own and the kernel's.
        let after_name = all.rsplit(')').next().unwrap();
        let worked = after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap());
        Duration::from_millis(worked.sum::<u64>() * 10)
    }

    /// How many MB it holds.
    pub fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
    }

    /// How many sockets it has open.
    pub fn sockets(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap();
        // One may be closed since it was listed.
        let leads = open.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        leads.filter(|to| to.to_string_lossy().starts_with("socket:")).count()
    }

    /// Waits until it has ended, and gives what it exits with.
    pub fn ended(&mut self, patience: Duration) -> Option<i32> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "it has not ended after {patience:?}: {}", self.logged());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it has logged.
    pub fn logged(&self) -> String {
        String::from_utf8_lossy(&self.log.lock().unwrap()).into_owned()
    }

    /// What it has logged, once a text is in it: lines come through a pipe, a little after what they tell of.
    #[track_caller]
    pub fn until_logged(&self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let log = self.logged();
            if log.contains(text) && log.ends_with('\n') {
                return log;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "`{text}` is not logged: {log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it says of its health, with the status.
    pub fn ready(&self) -> (u16, serde_json::Value) {
        let (head, body) = self.admin("/health/ready");
        (head[9..12].parse().unwrap(), serde_json::from_str(&body).unwrap())
    }

    /// Waits until what it says of its health fits.
    #[track_caller]
    pub fn until_ready(&self, fits: impl Fn(u16, &serde_json::Value) -> bool) -> Duration {
        let begun = Instant::now();
        loop {
            let (status, said) = self.ready();
            if fits(status, &said) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "it stays {status} {said}: {}", self.logged());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Where it serves.
    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Asks the admin address.
    pub fn admin(&self, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.admin).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{path}: {answer:?}"));
        (head.to_owned(), body.to_owned())
    }

    /// Sends bytes as they are and reads until the connection is closed.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut answer = vec![];
        // A reset after the answer is the server closing with bytes of ours unread.
        drop(stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (String, String) {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}{length}\r\n{body}");
        let answer = self.raw(request.as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{method} {path}: {answer:?}"));
        (head.to_owned(), body.to_owned())
    }
}
