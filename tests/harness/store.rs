//! A store of objects on loopback that speaks as much of S3, or of Google's XML, as the program does, checks no signature but Google's token,
//! and fails as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::stscan;

/// The token that the service of a machine in Google's cloud hands out.
const TOKEN: &str = "token-of-nobody";

/// A request as the store sees it.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// The object, without its bucket; empty for the bucket itself.
    pub key: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// What happens to a request in place of what was asked for.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An error: status, code, and headers.
    Answer(u16, &'static str, &'static str),
    /// The connection ends before the answer; what was asked for is not done.
    Torn,
    /// It is done, and the connection ends before the answer.
    AnswerLost,
    /// The answer breaks off in its midst.
    AnswerCut,
}

type Rule = Box<dyn FnMut(&Request) -> Option<Fault> + Send>;

/// What the store holds and has seen.
#[derive(Default)]
pub struct State {
    pub objects: BTreeMap<String, Vec<u8>>,
    /// Uploads in pieces that are not complete, by their ids.
    pub uploads: BTreeMap<String, (String, BTreeMap<usize, Vec<u8>>)>,
    pub seen: Vec<(Request, u16, usize)>,
    rule: Option<Rule>,
    versions: u64,
    dialect: Dialect,
}

/// What a store speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    #[default]
    S3,
    Google,
}

/// A store that is running.
pub struct Store {
    pub port: u16,
    pub state: Arc<Mutex<State>>,
    dialect: Dialect,
    /// The file of the authority that it has its certificate of, where it speaks TLS.
    pub authority: Option<PathBuf>,
}

impl Store {
    /// A store of S3 with the bucket `data`.
    pub fn start() -> Self {
        Self::speaking(Dialect::S3)
    }

    /// A store with the bucket `data`.
    pub fn speaking(dialect: Dialect) -> Self {
        Self::serve(dialect, None, |stream, state| converse(stream, &state))
    }

    /// A store of S3 behind TLS, with a certificate of an authority of its own, which is written into this folder.
    pub fn with_tls(folder: &Path) -> Self {
        let authority = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let path = folder.join("authority.pem");
        fs::write(&path, authority.cert.pem()).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(authority.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![authority.cert.der().clone()], key).unwrap());
        Self::serve(Dialect::S3, Some(path), move |stream, state| {
            converse(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream), &state);
        })
    }

    fn serve(
        dialect: Dialect,
        authority: Option<PathBuf>,
        each: impl Fn(std::net::TcpStream, Arc<Mutex<State>>) + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, state) = (listener.local_addr().unwrap().port(), Arc::<Mutex<State>>::default());
        state.lock().unwrap().dialect = dialect;
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, each) = (Arc::clone(&served), each.clone());
                thread::spawn(move || each(stream, state));
            }
        });
        Self { port, state, dialect, authority }
    }

    /// A place in the store.
    pub fn place(&self, key: &str) -> String {
        let scheme = match self.dialect {
            Dialect::S3 => "s3",
            Dialect::Google => "gs",
        };
        format!("{scheme}://data/{key}")
    }

    /// From now on requests fail as the rule says.
    pub fn fail(&self, rule: impl FnMut(&Request) -> Option<Fault> + Send + 'static) {
        self.state.lock().unwrap().rule = Some(Box::new(rule));
    }

    /// From now on nothing fails.
    pub fn recover(&self) {
        self.state.lock().unwrap().rule = None;
    }

    /// The program, with this store in its environment and patience for so many seconds.
    pub fn stscan(&self, patience: u32, arguments: &[&str]) -> Command {
        let mut command = stscan(arguments);
        let address = format!("127.0.0.1:{}", self.port);
        match (self.dialect, &self.authority) {
            (Dialect::S3, None) => command.env("AWS_ENDPOINT_URL", format!("http://{address}")),
            (Dialect::S3, Some(_)) => command.env("AWS_ENDPOINT_URL", format!("https://{address}")),
            // The machine is one of Google's cloud, which has its token of the service that tells machines about themselves.
            (Dialect::Google, _) => command
                .env("GOOGLE_BASE_URL", format!("http://{address}"))
                .envs(["GCE_METADATA_HOST", "GCE_METADATA_IP"].map(|name| (name, &address))),
        };
        command.env("AWS_REGION", "us-east-1").env("AWS_ACCESS_KEY_ID", "key-of-nobody").env("AWS_SECRET_ACCESS_KEY", "secret-of-nobody");
        command.env("HOME", "/nonexistent");
        command.env("STSCAN_STORE_RETRY", patience.to_string()).env("STSCAN_STORE_TIMEOUT", "20");
        command
    }

    pub fn keys(&self) -> Vec<String> {
        self.state.lock().unwrap().objects.keys().cloned().collect()
    }
}

/// One request after another, as long as the connection lasts.
fn converse(stream: impl Read + Write, state: &Mutex<State>) {
    let mut stream = BufReader::new(stream);
    while exchange(&mut stream, state).is_some() {}
}

/// One request and its answer; `None` once the connection has ended.
fn exchange(stream: &mut BufReader<impl Read + Write>, state: &Mutex<State>) -> Option<()> {
    let request = read(stream)?;
    let mut state = state.lock().unwrap();
    let fault = state.rule.as_mut().and_then(|rule| rule(&request));
    let (status, headers, body) = match &fault {
        Some(Fault::Torn) => return None,
        Some(Fault::Answer(status, code, headers)) => {
            let text = format!("<Error><Code>{code}</Code><Message>as it was told</Message></Error>");
            (*status, format!("{headers}\r\n").trim_start().to_owned(), text.into_bytes())
        }
        _ => state.answer(&request),
    };
    state.seen.push((request.clone(), status, body.len()));
    drop(state);
    if matches!(fault, Some(Fault::AnswerLost)) {
        return None;
    }
    let is_head = request.method == "HEAD";
    let head = if headers.contains("Content-Length") { headers } else { format!("{headers}Content-Length: {}\r\n", body.len()) };
    let mut answer = format!("HTTP/1.1 {status} Said\r\n{head}\r\n").into_bytes();
    let sent = if matches!(fault, Some(Fault::AnswerCut)) { body.len() / 2 } else { body.len() };
    if !is_head {
        answer.extend_from_slice(&body[..sent]);
    }
    stream.get_mut().write_all(&answer).and_then(|()| stream.get_mut().flush()).ok()?;
    (sent == body.len()).then_some(())
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let next = |reader: &mut dyn BufRead| {
        let mut line = String::new();
        (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
    };
    let first = next(reader)?;
    let [method, target, _] = first.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = next(reader)?.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())) {
        headers.insert(name, value);
    }
    let mut body = vec![0; headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let key = decoded(path.trim_start_matches('/'));
    let (bucket, key) = key.split_once('/').unwrap_or((&key, ""));
    let key = if bucket == "data" { key.to_owned() } else { format!("/{bucket}") };
    Some(Request { method: method.to_owned(), key, query: decoded(query), headers, body })
}

fn decoded(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| u8::from_str_radix(std::str::from_utf8(tail.get(..2)?).ok()?, 16).ok()).flatten();
        octets.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(octets).unwrap()
}

type Answer = (u16, String, Vec<u8>);

fn error(status: u16, code: &str) -> Answer {
    (status, String::new(), format!("<Error><Code>{code}</Code></Error>").into_bytes())
}

impl State {
    fn answer(&mut self, request: &Request) -> Answer {
        let of_query = |name: &str| {
            let pairs = request.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            pairs.into_iter().find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
        };
        let key = &request.key;
        if self.dialect == Dialect::Google {
            if key == "/computeMetadata" {
                let token = format!("{{\"access_token\":\"{TOKEN}\",\"expires_in\":3600,\"token_type\":\"Bearer\"}}");
                return (200, "Content-Type: application/json\r\n".to_owned(), token.into_bytes());
            }
            if request.headers.get("authorization").is_none_or(|said| said != &format!("Bearer {TOKEN}")) {
                return error(401, "InvalidAuthentication");
            }
        }
        if key.starts_with('/') {
            return error(404, "NoSuchBucket");
        }
        match (request.method.as_str(), of_query("uploadId"), of_query("partNumber")) {
            ("GET", ..) if key.is_empty() && of_query("uploads").is_some() => self.list_uploads(),
            ("GET", ..) if key.is_empty() => self.list(&of_query("prefix").unwrap_or_default(), of_query("delimiter").is_some()),
            ("GET" | "HEAD", ..) => self.get(key, request.headers.get("range").map(String::as_str)),
            ("PUT", Some(id), Some(number)) => {
                let Some((_, pieces)) = self.uploads.get_mut(&id) else { return error(404, "NoSuchUpload") };
                pieces.insert(number.parse().unwrap(), request.body.clone());
                (200, "ETag: \"piece\"\r\n".to_owned(), Vec::new())
            }
            ("PUT", ..) => match ["x-amz-copy-source", "x-goog-copy-source"].iter().find_map(|name| request.headers.get(*name)) {
                Some(from) => self.copy(&decoded(from), key),
                None => self.put(key, &request.headers, request.body.clone()),
            },
            ("DELETE", Some(id), _) => {
                self.uploads.remove(&id).map_or_else(|| error(404, "NoSuchUpload"), |_| (204, String::new(), Vec::new()))
            }
            ("DELETE", ..) => {
                self.objects.remove(key);
                (204, String::new(), Vec::new())
            }
            ("POST", Some(id), _) => {
                let Some((key, pieces)) = self.uploads.remove(&id) else { return error(404, "NoSuchUpload") };
                self.objects.insert(key, pieces.into_values().flatten().collect());
                (200, String::new(), b"<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>".to_vec())
            }
            ("POST", ..) => {
                self.versions += 1;
                let id = format!("upload-{}", self.versions);
                self.uploads.insert(id.clone(), (key.clone(), BTreeMap::new()));
                let text = format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
                (200, String::new(), text.into_bytes())
            }
            _ => error(501, "NotImplemented"),
        }
    }

    fn tag(bytes: &[u8]) -> String {
        format!("\"{:016x}\"", xxhash_rust::xxh3::xxh3_64(bytes))
    }

    fn generation(bytes: &[u8]) -> u64 {
        (xxhash_rust::xxh3::xxh3_64(bytes) >> 1) | 1
    }

    fn get(&self, key: &str, range: Option<&str>) -> Answer {
        let Some(bytes) = self.objects.get(key) else { return error(404, "NoSuchKey") };
        let (tag, generation) = (Self::tag(bytes), Self::generation(bytes));
        let head = format!("ETag: {tag}\r\nx-goog-generation: {generation}\r\nLast-Modified: Sat, 28 Nov 2026 00:00:00 GMT\r\n");
        let Some((start, end)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
            return (200, format!("{head}Content-Length: {}\r\n", bytes.len()), bytes.clone());
        };
        let (start, end) = (start.parse::<usize>().unwrap(), end.parse::<usize>().unwrap().min(bytes.len().saturating_sub(1)));
        if start >= bytes.len() {
            return error(416, "InvalidRange");
        }
        (206, format!("{head}Content-Range: bytes {start}-{end}/{}\r\n", bytes.len()), bytes[start..=end].to_vec())
    }

    fn put(&mut self, key: &str, headers: &BTreeMap<String, String>, body: Vec<u8>) -> Answer {
        let there = self.objects.get(key);
        let is_other = match self.dialect {
            Dialect::S3 => {
                headers.get("if-match").is_some_and(|wanted| there.map(|bytes| Self::tag(bytes)).as_ref() != Some(wanted))
                    || headers.contains_key("if-none-match") && there.is_some()
            }
            // Generation 0 is that of no object.
            Dialect::Google => {
                let generation = there.map_or(0, |bytes| Self::generation(bytes)).to_string();
                headers.get("x-goog-if-generation-match").is_some_and(|wanted| *wanted != generation)
            }
        };
        if is_other {
            return error(412, "PreconditionFailed");
        }
        let (tag, generation) = (Self::tag(&body), Self::generation(&body));
        self.objects.insert(key.to_owned(), body);
        (200, format!("ETag: {tag}\r\nx-goog-generation: {generation}\r\n"), Vec::new())
    }

    fn copy(&mut self, from: &str, to: &str) -> Answer {
        let from = from.trim_start_matches('/').trim_start_matches("data/");
        let Some(bytes) = self.objects.get(from).cloned() else { return error(404, "NoSuchKey") };
        let text = format!("<CopyObjectResult><ETag>{}</ETag></CopyObjectResult>", Self::tag(&bytes));
        self.objects.insert(to.to_owned(), bytes);
        (200, String::new(), text.into_bytes())
    }

    fn list(&self, prefix: &str, folders: bool) -> Answer {
        let (mut text, mut last) = ("<ListBucketResult>".to_owned(), String::new());
        for (key, bytes) in self.objects.iter().filter(|(key, _)| key.starts_with(prefix)) {
            match key[prefix.len()..].split_once('/').filter(|_| folders) {
                Some((folder, _)) if last == folder => {}
                Some((folder, _)) => {
                    text += &format!("<CommonPrefixes><Prefix>{prefix}{folder}/</Prefix></CommonPrefixes>");
                    folder.clone_into(&mut last);
                }
                None => {
                    let (tag, size) = (Self::tag(bytes), bytes.len());
                    text += &format!(
                        "<Contents><Key>{key}</Key><LastModified>2026-11-28T00:00:00Z</LastModified><ETag>{tag}</ETag><Size>{size}</Size></Contents>"
                    );
                }
            }
        }
        (200, String::new(), (text + "</ListBucketResult>").into_bytes())
    }

    fn list_uploads(&self) -> Answer {
        let uploads = self.uploads.iter().map(|(id, (key, _))| format!("<Upload><Key>{key}</Key><UploadId>{id}</UploadId></Upload>"));
        (
            200,
            String::new(),
            format!("<ListMultipartUploadsResult>{}</ListMultipartUploadsResult>", uploads.collect::<String>()).into_bytes(),
        )
    }
}
