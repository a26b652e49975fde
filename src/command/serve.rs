//! Serving, and asking a service whether it is ready.
use super::Done;
use actix_web::rt::signal::unix::{SignalKind, signal};
use actix_web::{App, HttpServer, web};
use opptrapping::config::{Service, Storage};
use opptrapping::http::{admin, connection};
use opptrapping::{Shared, api, app, import, open};
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What a wrong setting exits with (sysexits.h, EX_CONFIG).
const CONFIGURATION: u8 = 78;

pub fn serve(storage: &Storage, service: &Service) -> Done {
    let checked = match service.check(api::scopes()) {
        Ok(checked) => checked,
        Err(wrong) => {
            eprintln!("opptrapping: these settings are wrong:\n{wrong}");
            return Ok(ExitCode::from(CONFIGURATION));
        }
    };
    let db = open(&storage.database_url)?;
    if !service.empty {
        let begun = Instant::now();
        match import::reference::load(&db)? {
            0 => {}
            rows => log::info!("loaded the reference data: {rows} rows in {:.1} s", begun.elapsed().as_secs_f64()),
        }
    }
    db.watch();
    if checked.issuers.is_empty() {
        log::warn!("no key for tokens (OPPTRAPPING_PUBLIC_KEY, OPPTRAPPING_ISSUERS): the service is read-only");
    }
    let shared = Shared::new(db.clone(), checked.settings, checked.issuers);
    let (bind, admin_bind, workers) = (checked.bind, checked.admin_bind, service.workers);
    actix_web::rt::System::new().block_on(async move {
        let (database, issuers) = (web::Data::new(db.clone()), shared.issuers());
        let health = HttpServer::new(move || {
            App::new().app_data(database.clone()).app_data(issuers.clone()).configure(admin::routes)
        })
        .workers(1)
        .disable_signals()
        .bind(admin_bind)
        .map_err(|e| format!("{admin_bind}: {e}"))?
        .run();
        let revision = db.head().revision;
        let feed = shared.feed();
        let mut told_to_end = signal(SignalKind::terminate())?;
        actix_web::rt::spawn(async move {
            // Clients that wait for changes would hold the end up.
            told_to_end.recv().await;
            feed.waiting.close();
        });
        let (mut told_to_reload, believed) = (signal(SignalKind::hangup())?, shared.issuers());
        actix_web::rt::spawn(async move {
            while told_to_reload.recv().await.is_some() {
                let believed = believed.clone();
                // Key sets may be fetched from elsewhere.
                match web::block(move || believed.reload()).await {
                    Ok(Ok(())) => log::info!("issuers, keys and what is revoked were read anew"),
                    Ok(Err(wrong)) => wrong.iter().for_each(|line| log::error!("read anew: {}", line.escape_debug())),
                    Err(e) => log::error!("reading anew was cut off: {e}"),
                }
            }
        });
        let public = HttpServer::new(move || app(&shared))
            .workers(workers)
            .shutdown_timeout(10)
            .client_request_timeout(Duration::from_secs(5))
            .on_connect(connection::bound)
            .bind(bind)
            .map_err(|e| format!("{bind}: {e}"))?
            .run();
        log::info!("serving revision {revision} on http://{bind} (health on http://{admin_bind}/health/ready)");
        let health_handle = health.handle();
        actix_web::rt::spawn(health);
        public.await?;
        health_handle.stop(false).await;
        Ok(ExitCode::SUCCESS)
    })
}
pub fn healthcheck(address: &str) -> Done {
    // A wildcard address is listened on, and asked by loopback.
    let address = address.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]");
    let target: std::net::SocketAddr = address.parse()?;
    let patience = Duration::from_secs(3);
    let mut stream = std::net::TcpStream::connect_timeout(&target, patience)?;
    stream.set_read_timeout(Some(patience))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let ready = answer.starts_with("HTTP/1.1 200");
    println!("{}", answer.lines().last().unwrap_or("no answer"));
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
