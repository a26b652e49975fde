//! What this program starts, and what it leaves on the machine: all of it is ended and removed, also after a failure or
//! Ctrl-C.
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A process that was started, with the port it listens on. It is ended when dropped.
pub struct Server {
    pub port: u16,
    process: Arc<Mutex<Child>>,
    id: u32,
}

/// What to undo at the end.
type Undo = Box<dyn FnOnce() + Send>;

static RUNNING: Mutex<Vec<Arc<Mutex<Child>>>> = Mutex::new(vec![]);
static UNDO: Mutex<Vec<Undo>> = Mutex::new(vec![]);

/// Where a server runs, and where the load is made: each on a core of its own, or they would take it from one another.
pub const LOAD: &str = "0";
pub const SERVERS: &str = "1";

/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a thread panicked while it held the list, the list is as it was.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A command that runs on one core, where there are two and a tool to say so.
pub fn pinned(core: &str, program: impl AsRef<Path>) -> Command {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if cores < 2 || !exists("taskset") {
        return Command::new(program.as_ref());
    }
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", core]).arg(program.as_ref());
    command
}

/// Whether a program is on the PATH.
pub fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

impl Server {
    /// Starts a program, with what it says going to a file in `folder`, and waits until something listens on `port`.
    pub fn start(mut command: Command, port: u16, log: &Path) -> Result<Self, String> {
        let server = Self::launch(&mut command, port, log)?;
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            server.check(log)?;
            if begun.elapsed() > PATIENCE {
                return Err(format!("nothing listens after {} s", PATIENCE.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Starts a program and waits for nothing.
    pub fn launch(command: &mut Command, port: u16, log: &Path) -> Result<Self, String> {
        let failed = |e: std::io::Error| e.to_string();
        let out = fs::File::create(log).map_err(failed)?;
        command.stdin(Stdio::null()).stdout(out.try_clone().map_err(failed)?).stderr(out);
        let child = command.spawn().map_err(failed)?;
        let (id, process) = (child.id(), Arc::new(Mutex::new(child)));
        held(&RUNNING).push(process.clone());
        Ok(Self { port, process, id })
    }

    /// An error with the end of its log where it has ended by itself.
    pub fn check(&self, log: &Path) -> Result<(), String> {
        match held(&self.process).try_wait() {
            Ok(None) => Ok(()),
            _ => {
                let said = fs::read_to_string(log).unwrap_or_default();
                let last: Vec<&str> = said.lines().rev().filter(|line| !line.trim().is_empty()).take(3).collect();
                Err(format!("it ended: {}", last.into_iter().rev().collect::<Vec<_>>().join(" / ")))
            }
        }
    }

    /// Resident memory, in MB.
    pub fn memory_mb(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|kb| kb.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or_default() / 1_024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        held(&RUNNING).retain(|other| !Arc::ptr_eq(other, &self.process));
        end(&self.process);
    }
}

fn end(process: &Mutex<Child>) {
    let mut child = held(process);
    let _ = child.kill();
    let _ = child.wait();
}

/// A port that is free at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Does something at the end, whatever the end is.
pub fn at_the_end(undo: impl FnOnce() + Send + 'static) {
    held(&UNDO).push(Box::new(undo));
}

/// A folder for the time being.
pub fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("opptrapping-http-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the time being");
    let removed = folder.clone();
    at_the_end(move || drop(fs::remove_dir_all(removed)));
    folder
}

/// Ends what was started and undoes what was left. What was made last goes first.
pub fn end_all() {
    let running = std::mem::take(&mut *held(&RUNNING));
    running.iter().for_each(|process| end(process));
    let undo = std::mem::take(&mut *held(&UNDO));
    undo.into_iter().rev().for_each(|undo| undo());
}

/// Ends all when `main` is left, also by a panic.
pub struct AtTheEnd;

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        end_all();
    }
}

/// Ends all at SIGINT and SIGTERM, which otherwise leave servers and databases behind.
pub fn end_at_signals() {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    std::thread::spawn(|| {
        actix_web::rt::System::new().block_on(async {
            let mut interrupt = signal(SignalKind::interrupt()).expect("a signal");
            let mut terminate = signal(SignalKind::terminate()).expect("a signal");
            futures_util::future::select(Box::pin(interrupt.recv()), Box::pin(terminate.recv())).await;
        });
        end_all();
        #[expect(clippy::disallowed_methods, reason = "all that has to be undone is undone")]
        std::process::exit(130);
    });
}
