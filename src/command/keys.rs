//! Keys and tokens.
use super::{Algorithm, Done};
use opptrapping::config::Signing;
use opptrapping::http::token;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

pub fn keygen(folder: &Path, algorithm: Algorithm) -> Done {
    let (private_path, public_path) = (folder.join("private.pem"), folder.join("public.pem"));
    if private_path.exists() || public_path.exists() {
        return Err(format!("{} has keys already; they are not overwritten", folder.display()).into());
    }
    let (private, public) = token::generate(match algorithm {
        Algorithm::Eddsa => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
    })?;
    std::fs::create_dir_all(folder)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&private_path)?.write_all(private.as_bytes())?;
    std::fs::write(&public_path, public)?;
    println!("{} (keep it secret) and {} (give it to the service)", private_path.display(), public_path.display());
    Ok(ExitCode::SUCCESS)
}

pub fn token(scope: &str, ttl: &str, subject: &str, signing: &Signing) -> Done {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs() as i64;
    println!("{}", signing.token(subject, scope, now, lifetime(ttl)?)?);
    Ok(ExitCode::SUCCESS)
}

/// `90s`, `15m`, `1h` in seconds.
fn lifetime(text: &str) -> Result<i64, String> {
    let wrong = || format!("--ttl: `{text}` must be 1s to {}s, such as 90s, 15m or 1h", token::MOST_LIFETIME);
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        _ => return Err(wrong()),
    };
    let count: i64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = count.checked_mul(unit).ok_or_else(wrong)?;
    if (1..=token::MOST_LIFETIME).contains(&seconds) { Ok(seconds) } else { Err(wrong()) }
}
