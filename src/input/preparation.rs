//! What is done before the first target comes, for those who wait: lists are downloaded, copied and hashed.

use std::error::Error as _;
use std::fs::File;
use std::io::Write;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Url, redirect};

use super::error::InputError;
use crate::vocabulary::vocabulary;
use crate::words;

vocabulary! {
    /// What is being done with a source before it can be read.
    pub enum Step {
        /// A URL is fetched.
        Download = "download",
        /// Standard input or a pipe is copied.
        Copy = "copy",
        /// The SHA-256 of the source is computed.
        Checksum = "checksum",
        /// The lists are read for a first time, to find the sample and the best ranks. Bytes are those of all sources.
        Survey = "survey",
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preparation<'a> {
    /// The source as the user named it; empty where the step is about all of them.
    pub source: &'a str,
    /// What is being done.
    pub step: Step,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, where that is known.
    pub total: Option<u64>,
}

/// Called with the progress of the preparation, about every 64 KiB or more; `Break` ends it with [`InputError::Stopped`].
pub type Watch<'a> = dyn FnMut(&Preparation<'_>) -> ControlFlow<()> + Send + 'a;

/// Tells the watcher.
pub(super) fn tell(watch: &mut Watch<'_>, source: &str, step: Step, done: u64, total: Option<u64>) -> Result<(), InputError> {
    match watch(&Preparation { source, step, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(InputError::Stopped),
    }
}

const MAX_REDIRECTS: usize = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the server may say nothing.
const SILENCE: Duration = Duration::from_secs(60);

/// Fetches `url` into the file. http is taken for loopback addresses only, where a test or a local mirror answers.
pub(super) fn download(url: &str, user_agent: &str, file: &mut File, watch: &mut Watch<'_>) -> Result<(), InputError> {
    let fail = |detail: String| InputError::Url(url.to_owned(), detail);
    let address = Url::parse(url).map_err(|_| fail("not a URL".to_owned()))?;
    if !is_allowed(&address) {
        return Err(fail("only https URLs are fetched, as nothing else shows that the list is genuine".to_owned()));
    }
    let client = client(user_agent, is_loopback(&address)).map_err(&fail)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| fail(words::system(&error)))?;
    // A thread of its own, as the caller may be inside a runtime, where another one must not block.
    let fetching = std::thread::scope(|scope| scope.spawn(|| runtime.block_on(fetch(&client, address, url, file, watch))).join());
    fetching.unwrap_or_else(|_| Err(fail("the download ended by a fault of this program".to_owned())))
}

async fn fetch(client: &Client, address: Url, url: &str, file: &mut File, watch: &mut Watch<'_>) -> Result<(), InputError> {
    let fail = |error: reqwest::Error| InputError::Url(url.to_owned(), describe(&error));
    let mut response = client.get(address).send().await.map_err(fail)?;
    if !response.status().is_success() {
        return Err(InputError::Url(url.to_owned(), format!("the server answered {}", response.status())));
    }
    let total = response.content_length();
    let mut done = 0;
    tell(watch, url, Step::Download, done, total)?;
    while let Some(piece) = response.chunk().await.map_err(fail)? {
        file.write_all(&piece).map_err(|error| InputError::Spool(url.into(), error))?;
        done += piece.len() as u64;
        tell(watch, url, Step::Download, done, total)?;
    }
    Ok(())
}

fn client(user_agent: &str, direct: bool) -> Result<Client, String> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| words::tls(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let redirects = redirect::Policy::custom(|attempt| match attempt {
        attempt if attempt.previous().len() > MAX_REDIRECTS => attempt.error(format!("more than {MAX_REDIRECTS} redirects")),
        attempt if !is_allowed(attempt.url()) => {
            let to = attempt.url().to_string();
            attempt.error(format!("redirected to {to}, which is not https"))
        }
        attempt => attempt.follow(),
    });
    let builder = Client::builder().tls_backend_preconfigured(tls).user_agent(user_agent).redirect(redirects);
    let builder = builder.connect_timeout(CONNECT_TIMEOUT).read_timeout(SILENCE);
    let builder = if direct { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| describe(&error))
}

fn is_allowed(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The stage that failed and why, in our own words, as far as the innermost cause that is known says.
fn describe(error: &reqwest::Error) -> String {
    let stage = match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_redirect() => "refused redirect",
        error if error.is_dns() => "the host name cannot be resolved",
        error if is_tls(error) => "TLS failed",
        error if error.is_connect() => "no connection",
        error if error.is_body() || error.is_decode() => "the transfer broke off",
        _ => "the request failed",
    };
    let why = if error.is_redirect() {
        causes(error).last().map(ToString::to_string) // Said above, when the redirect was refused.
    } else {
        all_causes(error).filter_map(in_words).last()
    };
    why.map_or_else(|| stage.to_owned(), |why| format!("{stage} ({why})"))
}

fn in_words(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    let tls = cause.downcast_ref::<rustls::Error>().map(words::tls);
    tls.or_else(|| cause.downcast_ref::<std::io::Error>().filter(|error| error.raw_os_error().is_some()).map(words::system))
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

fn is_tls(error: &reqwest::Error) -> bool {
    all_causes(error).any(|cause| cause.is::<rustls::Error>())
}

/// The causes and what they wrap.
fn all_causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    causes(error).flat_map(|cause| std::iter::successors(Some(cause), |&cause| wrapped(cause)))
}

/// What an I/O error wraps, which it does not name as its source.
fn wrapped<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    let inner = cause.downcast_ref::<std::io::Error>()?.get_ref()?;
    Some(inner)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};
    use std::net::TcpListener;
    use std::ops::ControlFlow;

    use super::*;

    /// Answers each connection with the next text; `{port}` in it is the server's port.
    fn server(answers: Vec<String>) -> (u16, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let serve = |answer: String| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap();
                stream.write_all(answer.replace("{port}", &port.to_string()).as_bytes()).unwrap();
                String::from_utf8_lossy(&request[..length]).into_owned()
            };
            answers.into_iter().map(serve).collect()
        });
        (port, thread)
    }

    fn fetched(url: &str, seen: &mut Vec<(u64, Option<u64>)>) -> Result<String, String> {
        let mut file = tempfile::tempfile().unwrap();
        let mut watch = |preparation: &super::Preparation<'_>| {
            seen.push((preparation.done, preparation.total));
            ControlFlow::Continue(())
        };
        download(url, "stscan-test", &mut file, &mut watch).map_err(|error| error.to_string())?;
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    fn redirect(to: &str) -> String {
        format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }

    #[test]
    fn a_list_is_fetched_through_a_redirect() {
        let body = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nexample.com\n".to_owned();
        let (port, thread) = server(vec![redirect("http://127.0.0.1:{port}/there"), body]);
        let mut seen = Vec::new();
        assert_eq!(fetched(&format!("http://127.0.0.1:{port}/list"), &mut seen).as_deref(), Ok("example.com\n"));
        assert_eq!((seen.first(), seen.last()), (Some(&(0, Some(12))), Some(&(12, Some(12)))));
        let requests = thread.join().unwrap();
        assert!(requests[0].contains("user-agent: stscan-test") && requests[1].starts_with("GET /there"), "{requests:?}");
    }

    #[test]
    fn failures_say_what_happened() {
        let again = || redirect("http://127.0.0.1:{port}/again");
        let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nexample.com\n".to_owned();
        for (answers, expected) in [
            (vec!["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()], "404 Not Found"),
            (vec![redirect("http://192.0.2.1/list")], "which is not https"),
            (std::iter::repeat_with(again).take(6).collect(), "more than 5 redirects"),
            (vec![cut], ": the transfer broke off"),
        ] {
            let (port, thread) = server(answers);
            let error = fetched(&format!("http://127.0.0.1:{port}/list"), &mut Vec::new()).unwrap_err();
            assert!(error.contains(expected) && !error.contains("error"), "{error}");
            thread.join().unwrap();
        }
    }

    #[test]
    fn tls_and_connection_failures_are_told_apart() {
        let (port, thread) = server(vec!["this is not TLS, and long enough for a record header\n".to_owned()]);
        let error = fetched(&format!("https://127.0.0.1:{port}/"), &mut Vec::new()).unwrap_err();
        assert!(error.ends_with("TLS failed (it answers with something other than TLS)"), "{error}");
        thread.join().unwrap();
        let error = fetched(&format!("https://127.0.0.1:{port}/"), &mut Vec::new()).unwrap_err();
        assert!(error.ends_with("no connection (connection refused)"), "{error}");
    }

    #[test]
    fn only_https_is_fetched() {
        for url in ["http://example.com/list", "ftp://example.com/list", "http://127.0.0.1.example.com/"] {
            assert!(fetched(url, &mut Vec::new()).unwrap_err().contains("only https"), "{url}");
        }
        assert!(fetched("https://", &mut Vec::new()).unwrap_err().contains("not a URL"));
    }
}
