//! The server that a collector is compared with: axum, the body read, 204.

use std::{io::Write as _, net::Ipv4Addr};

use anyhow::Result;
use axum::{Router, body::Bytes, http::StatusCode, routing::post, serve::ListenerExt as _};
use tokio::net::TcpListener;

/// Serves until it is killed.
pub(crate) async fn serve() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("TCP_NODELAY was not set: {error}");
        }
    });
    axum::serve(listener, Router::new().route("/v1/events", post(answer))).await?;
    Ok(())
}

async fn answer(body: Bytes) -> StatusCode {
    drop(body);
    StatusCode::NO_CONTENT
}
