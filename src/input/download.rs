//! Fetching a list: https only, a few redirects, deadlines for all of it, every failure in words.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, Url, redirect};
use rustls::RootCertStore;

use super::error::InputError;
use super::options::InputOptions;
use super::preparation::{Step, Watch, tell};
use super::spool::{Growing, TICK};
use crate::words;

const MAX_REDIRECTS: usize = 5;

/// How long a download may take.
#[derive(Clone, Copy, Debug)]
struct Deadlines {
    connect: Duration,
    /// How long the server may say nothing.
    idle: Duration,
    /// All of it.
    total: Duration,
    /// So many bytes have to come within each `window`.
    least: u64,
    window: Duration,
}

/// The largest zone takes an hour at 10 MB a second; below 1 KB a second even a list of a million names takes hours.
const DEADLINES: Deadlines = Deadlines {
    connect: Duration::from_secs(10),
    idle: Duration::from_secs(30),
    total: Duration::from_secs(3600),
    least: 60_000,
    window: Duration::from_secs(60),
};

/// Fetches `url`. http is taken for loopback addresses only, where a test or a local mirror answers.
pub(super) fn download(url: &str, options: &InputOptions, to: &mut Growing, watch: &mut Watch<'_>) -> Result<(), InputError> {
    download_within(DEADLINES, url, options, to, watch)
}

fn download_within(
    deadlines: Deadlines,
    url: &str,
    options: &InputOptions,
    to: &mut Growing,
    watch: &mut Watch<'_>,
) -> Result<(), InputError> {
    let fail = |detail: String| InputError::Url(url.to_owned(), detail);
    let address = Url::parse(url).map_err(|_| fail("not a URL".to_owned()))?;
    if !is_allowed(&address) {
        return Err(fail("only https URLs are fetched, as nothing else shows that the list is genuine".to_owned()));
    }
    let client = client(options, is_loopback(&address), deadlines.connect).map_err(&fail)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| fail(words::system(&error)))?;
    let mut fetch = Fetch { url, to, watch, deadlines, begun: Instant::now(), done: 0, last: Instant::now(), window: (Instant::now(), 0) };
    // A thread of its own, as the caller may be inside a runtime, where another one must not block.
    let fetching = std::thread::scope(|scope| scope.spawn(|| runtime.block_on(fetch.run(&client, address))).join());
    // A name that is still being resolved is not waited for.
    runtime.shutdown_background();
    fetching.unwrap_or_else(|_| Err(fail("the download ended by a fault of this program".to_owned())))
}

/// A download under way.
struct Fetch<'a, 'w> {
    url: &'a str,
    to: &'a mut Growing,
    watch: &'a mut Watch<'w>,
    deadlines: Deadlines,
    begun: Instant,
    done: u64,
    /// When the last byte came.
    last: Instant,
    /// When the window began, and what had come by then.
    window: (Instant, u64),
}

impl Fetch<'_, '_> {
    async fn run(&mut self, client: &Client, address: Url) -> Result<(), InputError> {
        let url = self.url;
        let fail = |error: reqwest::Error| InputError::Url(url.to_owned(), why(&error));
        let mut response = self.watched(client.get(address).send(), None).await?.map_err(fail)?;
        if !response.status().is_success() {
            return Err(InputError::Url(url.to_owned(), format!("the server answered {}", response.status())));
        }
        let total = response.content_length();
        self.to.expect(total.unwrap_or(0))?;
        tell(self.watch, url, Step::Download, 0, total)?;
        while let Some(piece) = self.watched(response.chunk(), total).await?.map_err(fail)? {
            self.to.add(&piece)?;
            self.done += piece.len() as u64;
            self.last = Instant::now();
            tell(self.watch, url, Step::Download, self.done, total)?;
        }
        Ok(())
    }

    /// Waits for the server as long as the deadlines allow and nobody asks to stop.
    async fn watched<T>(&mut self, answer: impl Future<Output = T>, total: Option<u64>) -> Result<T, InputError> {
        let mut answer = pin!(answer);
        loop {
            if let Some(late) = self.late() {
                return Err(InputError::Url(self.url.to_owned(), late));
            }
            match tokio::time::timeout(TICK, &mut answer).await {
                Ok(answer) => return Ok(answer),
                Err(_) => tell(self.watch, self.url, Step::Download, self.done, total)?,
            }
        }
    }

    /// What has taken too long.
    fn late(&mut self) -> Option<String> {
        let Deadlines { idle, total, least, window, .. } = self.deadlines;
        let (since, before) = self.window;
        let in_window = self.done - before;
        if since.elapsed() >= window {
            self.window = (Instant::now(), self.done);
        }
        match self {
            fetch if fetch.last.elapsed() >= idle => Some(format!("the server has sent nothing for {} s", idle.as_secs_f64())),
            fetch if fetch.begun.elapsed() >= total => {
                Some(format!("it takes longer than {} s; fetch it by other means and name the file", total.as_secs_f64()))
            }
            _ if since.elapsed() >= window && in_window < least => {
                Some(format!("the server sent {in_window} bytes within {} s, which is too slow", window.as_secs_f64()))
            }
            _ => None,
        }
    }
}

/// Why there was no answer. Where neither the system nor TLS refused a connection, a proxy has.
fn why(error: &reqwest::Error) -> String {
    let said = words::exchange(error);
    let unexplained = error.is_connect() && !error.is_timeout() && !error.is_dns() && !said.contains('(');
    if unexplained {
        format!("{said} (a proxy that the environment names refuses it, or is of a kind that is not supported)")
    } else {
        said
    }
}

fn client(options: &InputOptions, direct: bool, connect: Duration) -> Result<Client, String> {
    let built_in = || Arc::new(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| words::tls(&error))?
        .with_root_certificates(options.roots.clone().unwrap_or_else(built_in))
        .with_no_client_auth();
    let redirects = redirect::Policy::custom(|attempt| match attempt {
        attempt if attempt.previous().len() > MAX_REDIRECTS => attempt.error(format!("more than {MAX_REDIRECTS} redirects")),
        attempt if !is_allowed(attempt.url()) => {
            let to = attempt.url().to_string();
            attempt.error(format!("redirected to {to}, which is not https"))
        }
        attempt => attempt.follow(),
    });
    let builder = Client::builder().tls_backend_preconfigured(tls).user_agent(&options.user_agent).redirect(redirects);
    let builder = builder.connect_timeout(connect);
    let builder = if direct { builder.no_proxy() } else { builder.local_address(options.source_ips.first().copied()) };
    #[cfg(target_os = "linux")]
    let builder = match options.interface.as_deref().filter(|_| !direct) {
        Some(interface) => builder.interface(interface),
        None => builder,
    };
    builder.build().map_err(|error| words::exchange(&error))
}

fn is_allowed(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::ops::ControlFlow;

    use super::super::spool::Copy;
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

    fn fetched_within(deadlines: Deadlines, url: &str, seen: &mut Vec<(u64, Option<u64>)>) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let options = InputOptions { user_agent: "stscan-test".to_owned(), ..InputOptions::default() };
        let mut watch = |preparation: &super::super::preparation::Preparation<'_>| {
            seen.push((preparation.done, preparation.total));
            ControlFlow::Continue(())
        };
        let copy = Copy::new(0, url, folder.path());
        let path =
            copy.unless_complete(|to| download_within(deadlines, url, &options, to, &mut watch)).map_err(|error| error.to_string())?;
        Ok(std::fs::read_to_string(path).unwrap())
    }

    fn fetched(url: &str, seen: &mut Vec<(u64, Option<u64>)>) -> Result<String, String> {
        fetched_within(DEADLINES, url, seen)
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

    /// A server that answers with a head, and then a byte now and then.
    fn dripping(head: &'static str, pause: Duration) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut alive = stream.read(&mut [0; 4096]).is_ok() && stream.write_all(head.as_bytes()).is_ok();
            while alive {
                std::thread::sleep(pause);
                alive = head.is_empty() || stream.write_all(b"a").is_ok();
            }
        });
        port
    }

    #[test]
    fn no_server_holds_the_scan() {
        let short = Duration::from_millis(300);
        let begun = Instant::now();
        for (head, deadlines, said) in [
            ("", Deadlines { idle: short, ..DEADLINES }, "the server has sent nothing for 0.3 s"),
            ("HTTP/1.1 200 OK\r\n\r\n", Deadlines { total: short, ..DEADLINES }, "it takes longer than 0.3 s"),
            ("HTTP/1.1 200 OK\r\n\r\n", Deadlines { window: short, ..DEADLINES }, "which is too slow"),
        ] {
            let port = dripping(head, Duration::from_millis(20));
            let error = fetched_within(deadlines, &format!("http://127.0.0.1:{port}/"), &mut Vec::new()).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        assert!(begun.elapsed() < DEADLINES.idle);
    }

    #[test]
    fn a_silent_server_does_not_keep_the_scan_from_stopping() {
        let port = dripping("", Duration::from_secs(1));
        let (folder, url) = (tempfile::tempdir().unwrap(), format!("http://127.0.0.1:{port}/"));
        let mut watch = |_: &super::super::preparation::Preparation<'_>| ControlFlow::Break(());
        let begun = Instant::now();
        let copy = Copy::new(0, &url, folder.path());
        let stopped = copy.unless_complete(|to| download(&url, &InputOptions::default(), to, &mut watch));
        assert!(matches!(stopped, Err(InputError::Stopped)) && begun.elapsed() < DEADLINES.idle);
    }

    #[test]
    fn only_https_is_fetched() {
        for url in ["http://example.com/list", "ftp://example.com/list", "http://127.0.0.1.example.com/"] {
            assert!(fetched(url, &mut Vec::new()).unwrap_err().contains("only https"), "{url}");
        }
        assert!(fetched("https://", &mut Vec::new()).unwrap_err().contains("not a URL"));
    }
}
