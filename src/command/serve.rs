//! Serving, and asking a service whether it is ready.
use super::opening::Opening;
use super::{CONFIGURATION, Done, ending};
use actix_web::rt::signal::unix::{SignalKind, signal};
use actix_web::{App, HttpServer, rt, web};
use opptrapping::config::{Service, Storage};
use opptrapping::http::connection;
use opptrapping::http::token::Issuers;
use opptrapping::{Shared, api, app, attach};
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

/// How many seconds what is in flight has to be answered, once no more is taken.
const DRAIN_SECONDS: u64 = 6;

pub fn serve(storage: &Storage, service: &Service) -> Done {
    let checked = match service.check(api::scopes()) {
        Ok(checked) => checked,
        Err(wrong) => {
            eprintln!("opptrapping: these settings are wrong:\n{wrong}");
            return Ok(ExitCode::from(CONFIGURATION));
        }
    };
    let opening = Opening { db: attach(&storage.database_url)?, empty: service.empty };
    // A file is there or is not; only a server is worth waiting for.
    let waits = opening.db.has_server();
    if !waits {
        opening.now()?;
    }
    if checked.issuers.is_empty() {
        log::warn!("no key for tokens (OPPTRAPPING_PUBLIC_KEY, OPPTRAPPING_ISSUERS): the service is read-only");
    }
    let shared = Shared::new(opening.db.clone(), checked.settings, checked.issuers);
    let (bind, admin_bind, workers) = (checked.bind, checked.admin_bind, service.workers);
    let connections = connection::most(service.waiting, workers);
    let lame_duck = Duration::from_secs(service.lame_duck_seconds);
    rt::System::new().block_on(async move {
        let admin = shared.admin();
        let health = HttpServer::new(move || App::new().configure(admin.clone()))
            .workers(1)
            .disable_signals()
            .bind(admin_bind)
            .map_err(|e| format!("{admin_bind}: {e}"))?
            .run();
        reload_when_told(shared.issuers())?;
        let told = ending::Told::listen()?;
        let (feed, traffic) = (shared.feed(), shared.traffic().clone());
        let public = HttpServer::new(move || app(&shared))
            .workers(workers)
            .disable_signals()
            .shutdown_timeout(DRAIN_SECONDS)
            .client_request_timeout(Duration::from_secs(5))
            .max_connections(connections)
            .on_connect(connection::bound)
            .bind(bind)
            .map_err(|e| format!("{bind}: {e}"))?
            .run();
        let addresses = format!("http://{bind} (health on http://{admin_bind}/health/ready)");
        if waits {
            log::info!("listening on {addresses}; the database is being opened");
            opening.when_it_can_be(addresses);
        } else {
            log::info!("serving revision {} on {addresses}", opening.db.head().revision);
        }
        let (health_handle, handle) = (health.handle(), public.handle());
        rt::spawn(health);
        let mut serving = rt::spawn(public);
        let code = told.end(&mut serving, handle, lame_duck, &traffic, &feed.waiting).await?;
        health_handle.stop(false).await;
        Ok(code)
    })
}

/// Reads issuers, keys and what is revoked anew at each SIGHUP.
fn reload_when_told(issuers: web::Data<Issuers>) -> std::io::Result<()> {
    let mut told = signal(SignalKind::hangup())?;
    rt::spawn(async move {
        while told.recv().await.is_some() {
            let issuers = issuers.clone();
            // Key sets may be fetched from elsewhere.
            match web::block(move || issuers.reload()).await {
                Ok(Ok(())) => log::info!("issuers, keys and what is revoked were read anew"),
                Ok(Err(wrong)) => wrong.iter().for_each(|line| log::error!("read anew: {line}")),
                Err(e) => log::error!("reading anew was cut off: {e}"),
            }
        }
    });
    Ok(())
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
