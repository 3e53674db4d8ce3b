//! The request and its response over a connection that is used once, as they are recorded.

use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};

use super::response::ResponseReader;
use crate::evidence::{Fetch, FetchError, FetchStage, KEPT_HEADERS};
use crate::observe::clock::Clock;
use crate::parse::http_head::Head;

/// Octets of a header value that are kept.
const MAX_VALUE_OCTETS: usize = 1024;
/// Headers that are kept at most.
const MAX_HEADERS: usize = 100;

/// A GET by a client that knows itself and wants nothing but the text.
pub(super) fn request(authority: &str, path: &str, user_agent: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nhost: {authority}\r\nuser-agent: {user_agent}\r\naccept: text/plain, */*;q=0.5\r\n\
         accept-encoding: identity\r\nconnection: close\r\n\r\n"
    )
    .into_bytes()
}

/// Sends the request and records the response.
pub(super) async fn get(
    request: &[u8],
    stream: impl AsyncRead + AsyncWrite + Unpin,
    fetch: &mut Fetch,
    clock: &Clock,
) -> Result<(), FetchError> {
    let mut response = ResponseReader::new(stream);
    let (answer, took) = clock.time(FetchStage::Http, None, response.ask(request)).await;
    fetch.timings.http_ms = Some(took);
    let head = match answer {
        Ok((head, octets)) => {
            record_head(&head, fetch);
            fetch.head = (head.deviation_count > 0).then_some(octets);
            head
        }
        Err(error) => {
            fetch.head = Some(response.heads()).filter(|heads| !heads.is_empty()).map(<[u8]>::to_vec);
            return Err(error);
        }
    };
    let mut kept = Vec::new();
    let (result, took) = clock.time(FetchStage::Body, None, response.body(head.framing, &mut kept)).await;
    fetch.timings.body_ms = Some(took);
    fetch.body_sha256 = Some(hex::encode(Sha256::digest(&kept)));
    fetch.body = Some(kept);
    fetch.body_cut = result?;
    Ok(())
}

fn record_head(head: &Head, fetch: &mut Fetch) {
    fetch.http_version = Some(head.version.clone());
    fetch.status = Some(head.status);
    let kept = head.fields.iter().filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str()));
    fetch.headers = kept.take(MAX_HEADERS).map(|(name, value)| (name.clone(), kept_value(name, value))).collect();
}

/// What is kept of a header's value: of Set-Cookie the name of the cookie, which tells who set it; the value may be a person's.
fn kept_value(name: &str, value: &[u8]) -> Vec<u8> {
    let value = if name == "set-cookie" { value.split(|byte| *byte == b'=').next().unwrap_or_default() } else { value };
    value.iter().take(MAX_VALUE_OCTETS).copied().collect()
}
