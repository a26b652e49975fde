//! A PostgreSQL server of one test, which may be stopped and started. The programs are those that `./test` finds.
use crate::support::server;
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

pub struct Cluster {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
}

/// The folder of the server programs.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.map(|version| version.unwrap().path().join("bin")).collect())
        .unwrap_or_default();
    installed.sort();
    let all = std::env::split_paths(&path).chain(installed.into_iter().rev());
    let found = all.into_iter().map(|folder| folder.join("initdb")).find(|program| program.is_file());
    let found = found.expect("initdb is neither on the PATH nor where Debian has it");
    // The others are beside it where it is, which need not be where a link to it is.
    found.canonicalize().unwrap().parent().unwrap().to_owned()
}

/// The server refuses to run as root.
fn as_owner(program: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let mut command = Command::new(if root { Path::new("runuser") } else { program });
    if root {
        command.args(["-u", "postgres", "--"]).arg(program);
    }
    command.current_dir("/");
    command
}

impl Cluster {
    /// A new one, not started; none where tests are to do without PostgreSQL.
    pub fn new() -> Option<Self> {
        server()?;
        let cluster = Self::place();
        let mut made = as_owner(&cluster.bin.join("initdb"));
        made.args(["--username=postgres", "--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync", "-D"])
            .arg(cluster.folder.join("data"));
        succeeded(made.output().unwrap());
        Some(cluster)
    }

    /// Where there is none yet.
    fn place() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("opptrapping-cluster-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (bin, folder) = (programs(), PathBuf::from("/tmp").join(name));
        std::fs::create_dir(&folder).unwrap();
        // Its owner must be able to make its folder in it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(&folder, open).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { bin, folder, port }
    }

    /// Another server, started, which follows this one. Once it does, a commit here waits until it is there too.
    pub fn standby(&self) -> Self {
        let standby = Self::place();
        let mut copied = as_owner(&self.bin.join("pg_basebackup"));
        copied.args(["-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", &self.url("postgres", "postgres"), "-D"]);
        succeeded(copied.arg(standby.folder.join("data")).output().unwrap());
        standby.start();
        let mut conn = PgConnection::establish(&self.url("postgres", "postgres")).unwrap();
        conn.batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'").unwrap();
        conn.batch_execute("SELECT pg_reload_conf()").unwrap();
        standby
    }

    /// Gives a folder to the account of the server, where that is another than this one.
    pub fn own(&self, folder: &Path) {
        let owner = as_owner(Path::new("id")).arg("-u").output().unwrap();
        let owner = String::from_utf8(owner.stdout).unwrap().trim().parse().unwrap();
        std::os::unix::fs::chown(folder, Some(owner), None).unwrap();
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        succeeded(self.control(&["promote"]));
    }

    /// The port of 127.0.0.1 that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn control(&self, arguments: &[&str]) -> Output {
        let mut command = as_owner(&self.bin.join("pg_ctl"));
        command.arg("-D").arg(self.folder.join("data")).arg("-w").args(arguments).output().unwrap()
    }

    pub fn start(&self) {
        let (folder, log) = (self.folder.display(), self.folder.join("log"));
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off -c max_connections=100",
            self.port
        );
        succeeded(self.control(&["-l", log.to_str().unwrap(), "-o", &options, "start"]));
    }

    pub fn stop(&self) {
        succeeded(self.control(&["-m", "fast", "stop"]));
    }

    /// Sends a signal to every process of the server: `STOP` freezes it, `CONT` lets it go on.
    pub fn signal(&self, name: &str) {
        let first = as_owner(Path::new("cat")).arg(self.folder.join("data/postmaster.pid")).output().unwrap();
        let first = String::from_utf8(first.stdout).unwrap().lines().next().unwrap().to_owned();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &first]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        // A process may have ended since it was listed.
        let all = std::iter::once(first.as_str()).chain(children.split_whitespace());
        for pid in all {
            Command::new("kill").args([&format!("-{name}"), pid]).status().unwrap();
        }
    }

    pub fn kill(&self) {
        succeeded(self.control(&["-m", "immediate", "stop"]));
    }

    /// The address of a database, with an account.
    pub fn url(&self, account: &str, database: &str) -> String {
        format!("postgres://{account}@127.0.0.1:{}/{database}", self.port)
    }
}

fn succeeded(output: Output) {
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // One that a test left frozen cannot be stopped.
        if self.folder.join("data").exists() {
            self.signal("CONT");
        }
        self.control(&["-m", "immediate", "stop"]);
        // Only its owner may remove what is in it.
        drop(as_owner(Path::new("rm")).arg("-rf").arg(self.folder.join("data")).status());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}
