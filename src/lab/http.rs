//! HTTP by hand: a server that can send the wrong thing, half of it, or without end.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::site::{Framing, Response};

/// What has no end is sent so many times with one write.
const AT_ONCE: usize = 128;

/// How the connection is to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Close,
    Reset,
}

/// Sends the response of a domain's policy host.
pub(super) async fn respond(response: &Response, domain: &str, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<End> {
    // RFC 9110 section 6.4.1: neither 204 nor 304 has a body.
    let body = if matches!(response.status, 204 | 304) { Vec::new() } else { response.body.for_domain(domain) };
    let body = response.packing.iter().try_fold(body, |body, packing| packing.apply(body))?;
    match response.framing {
        Framing::Silent => std::future::pending::<()>().await,
        Framing::EndlessInterim => repeat(b"HTTP/1.1 100 Continue\r\n\r\n", stream).await?,
        Framing::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            repeat(b"X-Note: and so on\r\n", stream).await?;
        }
        Framing::Raw => stream.write_all(&body).await?,
        _ => {
            stream.write_all(&head(response, domain, body.len())).await?;
            if !response.delay.is_zero() {
                stream.flush().await?;
                tokio::time::sleep(response.delay).await;
            }
        }
    }
    match response.framing {
        Framing::Length | Framing::Short(_) | Framing::Close => stream.write_all(&body).await?,
        Framing::Chunked => {
            for part in body.chunks(20) {
                stream.write_all(&chunk(part)).await?;
            }
            stream.write_all(b"0\r\n\r\n").await?;
        }
        Framing::Endless => repeat(&chunk(&body), stream).await?,
        Framing::Reset => {
            stream.write_all(body.get(..body.len() / 2).unwrap_or_default()).await?;
            stream.flush().await?;
            return Ok(End::Reset);
        }
        Framing::Raw | Framing::Silent | Framing::EndlessInterim | Framing::EndlessHead => {}
    }
    stream.flush().await?;
    Ok(End::Close)
}

/// Sends a text again and again until the client is gone, many at once: a lab with hundreds of such hosts has to keep up.
async fn repeat(text: &[u8], stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let many = text.repeat(AT_ONCE);
    loop {
        stream.write_all(&many).await?;
    }
}

fn chunk(part: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat()
}

fn head(response: &Response, domain: &str, length: usize) -> Vec<u8> {
    let mut head = format!("{} {} {}\r\n", response.version, response.status, reason(response.status)).into_bytes();
    for (name, value) in &response.headers {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        value.write(domain, &mut head);
        head.extend_from_slice(b"\r\n");
    }
    let framing = match response.framing {
        _ if matches!(response.status, 204 | 304) => String::new(),
        Framing::Length | Framing::Reset => format!("Content-Length: {length}\r\n"),
        Framing::Short(missing) => format!("Content-Length: {}\r\n", length.saturating_add(missing)),
        Framing::Chunked | Framing::Endless => "Transfer-Encoding: chunked\r\n".to_owned(),
        Framing::Close | Framing::Raw | Framing::Silent | Framing::EndlessInterim | Framing::EndlessHead => String::new(),
    };
    head.extend_from_slice(framing.as_bytes());
    head.extend_from_slice(b"Connection: close\r\n\r\n");
    head
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
