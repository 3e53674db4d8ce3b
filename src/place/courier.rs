//! Requests to a store on their way: each is repeated with growing pauses as long as its failure may pass, and what stays is told in a
//! sentence. All of an answer is read here, so that one that is cut is repeated like one that never came.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService};
use reqwest::{Client, Request, Url};

use super::trouble::{Kind, Trouble};
use crate::escape::safe;
use crate::words;

/// The first pause before a request is repeated, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// How long a store is tried that has never answered: a wrong address is told soon.
const FIRST_PATIENCE: Duration = Duration::from_secs(20);
/// How long the service is tried that gives a machine in a cloud its credentials; elsewhere there is none.
const METADATA_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a store may take to put the pieces of an upload together; asked again meanwhile, some say that there is no such upload.
const ASSEMBLY: Duration = Duration::from_secs(300);
/// Bytes a second with which an upload is counted on at least.
const SLOWEST: u64 = 50_000;
/// Octets of a store's own words that a message shows.
const SHOWN: usize = 300;

/// How long a store is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How long it may say nothing.
    pub(super) silence: Duration,
    /// For how long a request that fails is repeated.
    pub(super) retry: Duration,
}

/// Carries requests to one bucket.
#[derive(Clone, Debug)]
pub(super) struct Courier {
    client: Client,
    /// For addresses of this machine, which no proxy reaches.
    direct: Client,
    bucket: Arc<str>,
    patience: Patience,
    allow_http: bool,
    /// Whether the store has ever answered.
    has_answered: Arc<AtomicBool>,
    /// Whether the last request was given up: the next one is tried once, so that the end is told soon.
    gave_up: Arc<AtomicBool>,
}

/// What became of one attempt.
enum Attempt {
    /// An answer that is for the caller.
    Answered(HttpResponse),
    /// What may pass, in words, and how long the store wants to be left alone.
    Failed(String, Option<Duration>),
    /// What stays.
    Refused(Trouble),
}

impl Courier {
    pub(super) fn new(clients: (Client, Client), bucket: &str, patience: Patience, allow_http: bool) -> Self {
        let (client, direct) = clients;
        Self { client, direct, bucket: bucket.into(), patience, allow_http, has_answered: Arc::default(), gave_up: Arc::default() }
    }

    /// Sends a request until there is an answer that is for the caller.
    pub(super) async fn deliver(&self, method: Method, url: &str, headers: HeaderMap, body: Bytes) -> Result<HttpResponse, Trouble> {
        let url = Url::parse(url)
            .map_err(|_| Trouble::refused(format!("{url:?} is no URL of a store; check the endpoint in the environment")))?;
        let is_metadata = is_metadata(&url);
        if url.scheme() != "https" && !self.allow_http && !is_near(&url) && !is_metadata {
            return Err(Trouble::refused(format!(
                "{} is not https, so anybody on the way could read and change what is written; give it an https endpoint, or set AWS_ALLOW_HTTP=true",
                url.host_str().unwrap_or("the endpoint")
            )));
        }
        let (begun, mut pause) = (Instant::now(), PAUSES.0);
        loop {
            let mut request = Request::new(method.clone(), url.clone());
            *request.headers_mut() = headers.clone();
            *request.body_mut() = Some(body.clone().into());
            let (why, wished) = match self.attempt(request, body.len(), is_metadata).await {
                Attempt::Answered(response) => {
                    self.gave_up.store(false, Relaxed);
                    return Ok(response);
                }
                Attempt::Refused(trouble) => return Err(trouble),
                Attempt::Failed(_, _) if is_metadata => return Err(no_credentials()),
                Attempt::Failed(why, wished) => (why, wished),
            };
            let patience = match (self.gave_up.load(Relaxed), self.has_answered.load(Relaxed)) {
                (true, _) => Duration::ZERO,
                (false, true) => self.patience.retry,
                (false, false) => self.patience.retry.min(FIRST_PATIENCE),
            };
            let jittered = pause.mul_f64(0.5 + rand::random::<f64>() / 2.0).max(wished.unwrap_or_default());
            if begun.elapsed() + jittered > patience {
                self.gave_up.store(true, Relaxed);
                let repeated = if patience.is_zero() { String::new() } else { format!(", for {:.0} s now", begun.elapsed().as_secs_f64()) };
                return Err(Trouble::passing(format!(
                    "{why}{repeated}; what is written stays, and the same command continues once the store answers"
                )));
            }
            tokio::time::sleep(jittered).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    async fn attempt(&self, request: Request, length: usize, is_metadata: bool) -> Attempt {
        let is_assembly = *request.method() == Method::POST && request.url().query().is_some_and(|query| query.contains("uploadId="));
        let silence = match (is_metadata, is_assembly) {
            (true, _) => METADATA_TIMEOUT,
            (false, true) => self.patience.silence.max(ASSEMBLY),
            (false, false) => self.patience.silence,
        };
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let client = if is_metadata || is_near(request.url()) { &self.direct } else { &self.client };
        let (method, sending) = (request.method().clone(), Duration::from_secs(length as u64 / SLOWEST));
        let silent = || Attempt::Failed(format!("{host} has said nothing for {} s", silence.as_secs_f64()), None);
        let failed = |error: &reqwest::Error| Attempt::Failed(format!("{host}: {}", words::exchange(error)), None);
        let Ok(response) = tokio::time::timeout(silence + sending, client.execute(request)).await else { return silent() };
        let mut response = match response {
            Ok(response) => response,
            Err(error) => return failed(&error),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = BytesMut::new();
        loop {
            match tokio::time::timeout(silence, response.chunk()).await {
                Ok(Ok(Some(piece))) => body.extend_from_slice(&piece),
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return failed(&error),
                Err(_) => return silent(),
            }
        }
        if !is_metadata {
            self.has_answered.store(true, Relaxed);
        }
        self.judge(&method, &host, status, &headers, body.freeze())
    }

    /// Whether an answer is for the caller, may be another one later, or stays what it is.
    fn judge(&self, method: &Method, host: &str, status: StatusCode, headers: &HeaderMap, body: Bytes) -> Attempt {
        let said = Said::of(status, headers, &body);
        let is_broken_success =
            *method == Method::POST && status.is_success() && matches!(said.code.as_str(), "InternalError" | "SlowDown");
        let passes = matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
            || is_broken_success
            || matches!(said.code.as_str(), "RequestTimeout" | "OperationAborted" | "ConditionalRequestConflict");
        if passes {
            let wished = headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
            return Attempt::Failed(format!("{host} answers {said}"), wished);
        }
        let is_for_caller = status.is_success() || matches!(status.as_u16(), 304 | 404 | 409 | 412);
        if is_for_caller && !said.is_of_bucket() {
            return Attempt::Answered(response(status, headers, body));
        }
        Attempt::Refused(said.trouble(&self.bucket, status, headers))
    }
}

fn response(status: StatusCode, headers: &HeaderMap, body: Bytes) -> HttpResponse {
    let mut response = HttpResponse::new(HttpResponseBody::from(body));
    *response.status_mut() = status;
    response.headers_mut().clone_from(headers);
    response
}

/// What an answer says of itself.
struct Said {
    status: StatusCode,
    code: String,
    message: String,
    region: Option<String>,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.code.as_str(), self.message.as_str()) {
            ("", "") => write!(f, "{}", self.status),
            ("", message) => write!(f, "{}: {message}", self.status.as_u16()),
            (code, "") => write!(f, "{} {code}", self.status.as_u16()),
            (code, message) => write!(f, "{} {code}: {message}", self.status.as_u16()),
        }
    }
}

impl Said {
    fn of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body.get(..16 << 10).unwrap_or(body));
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let is_error = !status.is_success() || text.contains("<Error>");
        let of_body = |tag: &str| if is_error { element(&text, tag) } else { None };
        // Google's words are JSON.
        let json = || serde_json::from_str::<serde_json::Value>(&text).ok()?.pointer("/error/message")?.as_str().map(str::to_owned);
        Self {
            status,
            code: of_body("Code").or_else(|| header("x-ms-error-code")).map(shown).unwrap_or_default(),
            message: of_body("Message").or_else(|| if is_error { json() } else { None }).map(first_line).map(shown).unwrap_or_default(),
            region: header("x-amz-bucket-region").or_else(|| of_body("Region")).map(shown),
        }
    }

    /// Whether the bucket itself is missing, which a store tells as it tells a missing object.
    fn is_of_bucket(&self) -> bool {
        matches!(self.code.as_str(), "NoSuchBucket" | "ContainerNotFound" | "ContainerBeingDeleted")
            || self.status == StatusCode::NOT_FOUND && self.message.contains("bucket does not exist")
    }

    fn trouble(&self, bucket: &str, status: StatusCode, headers: &HeaderMap) -> Trouble {
        let region = self.region.as_deref().filter(|_| {
            status.is_redirection() || matches!(self.code.as_str(), "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException")
        });
        match (self.code.as_str(), status.as_u16()) {
            _ if self.is_of_bucket() => Trouble::refused(format!("there is no bucket {bucket}; create it, or name another one")),
            _ if region.is_some() => {
                let region = region.unwrap_or_default();
                Trouble::refused(format!("{bucket} is in the region {region}; set AWS_REGION={region}"))
            }
            (_, 300..=399) => {
                let to = headers
                    .get("location")
                    .and_then(|value| value.to_str().ok())
                    .map_or(String::new(), |to| format!(" to {}", shown(to.to_owned())));
                Trouble::refused(format!(
                    "the store redirects{to}: {bucket} is in another region or at another endpoint; set AWS_REGION or AWS_ENDPOINT_URL to those of the bucket"
                ))
            }
            ("ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired", _) | (_, 401) => {
                Trouble::passing(format!("the credentials have expired or are none ({self}); renew them, and the same command continues"))
            }
            ("RequestTimeTooSkewed", _) => Trouble::passing("the clock of this machine is wrong; set it, and the same command continues"),
            ("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "AuthenticationFailed", _) => Trouble::refused(format!(
                "the store does not accept the credentials ({self}); check those of the environment or of the profile"
            )),
            (_, 403) => Trouble::refused(format!(
                "the credentials do not permit it ({self}); give them the right to list, read, write and delete there, or use others"
            )),
            ("", 400) => Trouble::passing(
                "the store refuses the request without saying why (400), as it does for expired credentials and a wrong region; check both, and the same command continues",
            ),
            (_, 416) => Trouble::refused("it is shorter than it was"),
            ("NotImplemented", _) | (_, 501) => Trouble::new(Kind::Unsupported, format!("the store cannot do that ({self})")),
            _ => Trouble::refused(format!("the store answers {self}")),
        }
    }
}

/// What a store says without what it says for its own people: Azure puts the number of the request below.
fn first_line(text: String) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// A store's own words, short and safe to look at.
fn shown(text: String) -> String {
    safe(&text.chars().take(SHOWN).collect::<String>())
}

/// The text of the first element of this name.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once("</")?.0.to_owned())
}

/// Whether an address is of this machine.
fn is_near(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Whether an address is that of the service that gives a machine in a cloud its credentials.
fn is_metadata(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host.starts_with("169.254.") || host == "[fd00:ec2::254]" || host == "metadata.google.internal" || host == "metadata"
}

fn no_credentials() -> Trouble {
    Trouble::refused(
        "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, GOOGLE_APPLICATION_CREDENTIALS or \
         AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, whichever is of the store",
    )
}

impl HttpService for Courier {
    fn call<'life0, 'async_trait>(
        &'life0 self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = HttpResponseBody::new(body).bytes().await?;
            let delivered = self.deliver(parts.method, &parts.uri.to_string(), parts.headers, body).await;
            // Of a kind that nobody repeats once more.
            delivered.map_err(|trouble| HttpError::new(HttpErrorKind::Unknown, trouble))
        })
    }
}

impl HttpConnector for Courier {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}
