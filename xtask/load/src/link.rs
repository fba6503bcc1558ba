//! A keep-alive connection to a server.

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
    header::{CONTENT_TYPE, HOST, HeaderValue, ORIGIN},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::spawn_local};

/// Where to connect, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    authority: String,
    host: HeaderValue,
    origin: HeaderValue,
}

impl Server {
    /// The server at `url`, `http://HOST:PORT`, called by pages of `origin`.
    pub(crate) fn at(url: &str, origin: &str) -> Result<Self> {
        let authority = url.strip_prefix("http://").context("a server's address is http://…")?;
        Ok(Self {
            authority: authority.to_owned(),
            host: authority.parse()?,
            origin: origin.parse()?,
        })
    }
}

/// A connection.
pub(crate) struct Link {
    sender: SendRequest<Full<Bytes>>,
    server: Server,
}

impl Link {
    /// Connects.
    pub(crate) async fn open(server: &Server) -> Result<Self> {
        let stream = TcpStream::connect(&server.authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        spawn_local(async move {
            // The call that it breaks says so.
            let _ = connection.await;
        });
        Ok(Self { sender, server: server.clone() })
    }

    /// Posts one body and reads the whole answer.
    pub(crate) async fn post(
        &mut self,
        path: &'static str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes)> {
        let request = Request::post(path)
            .header(HOST, self.server.host.clone())
            .header(ORIGIN, self.server.origin.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("text/plain"))
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}
