//! The request and its response over a connection that is used once: head, then at most so much of the body.

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};

use super::clock::Clock;
use super::fault;
use crate::evidence::{BODY_LIMIT, Fetch, FetchError, FetchStage, KEPT_HEADERS};

/// Octets of a response head at most. hyper's buffer, which body octets share, may hold one read more than its own limit.
const HEAD_LIMIT: usize = 64 * 1024;
/// Header fields of a response at most.
const MAX_HEADERS: usize = 100;
/// Frames of a body that are taken at once; then other exchanges have their turn.
const TURNS_AT_ONCE: usize = 64;
/// Octets of a header value that are kept.
const MAX_VALUE_OCTETS: usize = 1024;

/// The body of a GET.
pub(super) type NoBody = Empty<Bytes>;

/// Sends the request and records the response.
pub(super) async fn get(
    request: Request<NoBody>,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    fetch: &mut Fetch,
    clock: &Clock,
) -> Result<(), FetchError> {
    let handshake =
        Builder::new().max_buf_size(HEAD_LIMIT).max_header_size(HEAD_LIMIT).max_headers(MAX_HEADERS).handshake(TokioIo::new(stream)).await;
    let (sender, connection) = handshake.map_err(|error| fault::of(FetchStage::Http, &error))?;
    // hyper's two halves, driven together; no task is left behind when one of them is done.
    let frames = AtomicUsize::new(0);
    let mut conversation = pin!(converse(request, sender, fetch, clock, &frames));
    let mut connection = pin!(drive(connection));
    poll_fn(|context| {
        // One half hands a frame to the other at each turn. If every turn waited for all other tasks of the thread, a body of many small
        // chunks would take that often as long on a busy thread as on an idle one.
        for turn in 0..TURNS_AT_ONCE {
            let before = frames.load(Relaxed);
            if let Poll::Ready(result) = conversation.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            let Poll::Pending = connection.as_mut().poll(context);
            if turn > 0 && frames.load(Relaxed) == before {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// An error of the connection is reported to the conversation, so it is the conversation that ends.
async fn drive(connection: impl Future<Output = hyper::Result<()>>) -> Infallible {
    let _ = connection.await;
    pending().await
}

async fn converse(
    request: Request<NoBody>,
    mut sender: SendRequest<NoBody>,
    fetch: &mut Fetch,
    clock: &Clock,
    frames: &AtomicUsize,
) -> Result<(), FetchError> {
    let (head, took) = clock.time(FetchStage::Http, None, sender.send_request(request)).await;
    fetch.timings.http_ms = Some(took);
    let response = head?;
    record_head(&response, fetch);

    let mut body = response.into_body();
    let mut kept = Vec::new();
    let (result, took) = clock.time(FetchStage::Body, None, read(&mut body, &mut kept, frames)).await;
    fetch.timings.body_ms = Some(took);
    fetch.body_sha256 = Some(hex::encode(Sha256::digest(&kept)));
    fetch.body = Some(kept);
    fetch.body_cut = result?;
    Ok(())
}

fn record_head(response: &Response<Incoming>, fetch: &mut Fetch) {
    fetch.http_version = Some(format!("{:?}", response.version()));
    fetch.status = Some(response.status().as_u16());
    fetch.headers = response
        .headers()
        .iter()
        .filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().iter().take(MAX_VALUE_OCTETS).copied().collect()))
        .collect();
}

/// Whether there is more than [`BODY_LIMIT`]; what comes after that is not waited for.
async fn read(body: &mut Incoming, kept: &mut Vec<u8>, frames: &AtomicUsize) -> hyper::Result<bool> {
    while let Some(frame) = body.frame().await {
        frames.fetch_add(1, Relaxed);
        if let Ok(data) = frame?.into_data() {
            let room = BODY_LIMIT.saturating_sub(kept.len());
            kept.extend(data.iter().take(room));
            if data.len() > room {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
