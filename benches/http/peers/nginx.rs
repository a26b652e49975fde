//! nginx, with the same bytes in files and the same headers: one process, open files kept, no log.
use super::bytes::OWN;
use crate::children::{self, Server};
use crate::wire::Answer;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Headers that nginx makes for a file by itself.
const OF_FILES: [&str; 4] = ["content-type", "etag", "last-modified", "accept-ranges"];

/// Starts one that has each answer under its path, the query left out.
pub fn start(folder: &Path, answers: &[(String, Answer)]) -> Result<Server, String> {
    if !children::exists("nginx") {
        return Err("it is not installed; on Debian: apt-get install nginx-light".into());
    }
    let failed = |e: std::io::Error| e.to_string();
    let (port, root) = (children::free_port(), folder.join("root"));
    let _ = fs::remove_dir_all(&root);
    for (path, answer) in answers {
        let file = root.join(path.split('?').next().unwrap_or_default().trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap_or(&root)).map_err(failed)?;
        fs::write(file, &answer.body).map_err(failed)?;
    }
    let mut headers = String::new();
    for (name, value) in answers.first().into_iter().flat_map(|(_, answer)| &answer.headers) {
        let lower = name.to_ascii_lowercase();
        if !OWN.contains(&lower.as_str()) && !OF_FILES.contains(&lower.as_str()) {
            let _ = writeln!(headers, "        add_header {name} '{}';", value.replace('\'', ""));
        }
    }
    let configuration = folder.join("nginx.conf");
    let text = include_str!("nginx.conf")
        .replace("@PORT@", &port.to_string())
        .replace("@ROOT@", &root.display().to_string())
        .replace("@FOLDER@", &folder.display().to_string())
        .replace("@HEADERS@", &headers);
    fs::write(&configuration, text).map_err(failed)?;
    let log = folder.join("nginx.log");
    let mut command = children::pinned(children::SERVERS, "nginx");
    // Without -e it would begin with the log of the machine's own.
    command.arg("-e").arg(&log).arg("-p").arg(folder).arg("-c").arg(&configuration);
    Server::start(command, port, &folder.join("nginx.out"))
}
