//! A store of objects on loopback that speaks as much of S3 as the program does, checks no signature, and fails as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use super::stscan;

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
}

/// A store that is running.
pub struct Store {
    pub port: u16,
    pub state: Arc<Mutex<State>>,
}

impl Store {
    /// A store with the bucket `data`.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, state) = (listener.local_addr().unwrap().port(), Arc::<Mutex<State>>::default());
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&served);
                thread::spawn(move || while exchange(&stream, &state).is_some() {});
            }
        });
        Self { port, state }
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
        command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port)).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "key-of-nobody").env("AWS_SECRET_ACCESS_KEY", "secret-of-nobody");
        command.env("STSCAN_STORE_RETRY", patience.to_string()).env("STSCAN_STORE_TIMEOUT", "20");
        command
    }

    pub fn keys(&self) -> Vec<String> {
        self.state.lock().unwrap().objects.keys().cloned().collect()
    }
}

/// One request and its answer; `None` once the connection has ended.
fn exchange(mut stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
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
    stream.write_all(format!("HTTP/1.1 {status} Said\r\n{head}\r\n").as_bytes()).ok()?;
    let sent = if matches!(fault, Some(Fault::AnswerCut)) { body.len() / 2 } else { body.len() };
    if !is_head {
        stream.write_all(&body[..sent]).ok()?;
    }
    (sent == body.len()).then_some(())
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    let mut next = |reader: &mut BufReader<TcpStream>| {
        line.clear();
        (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
    };
    let first = next(&mut reader)?;
    let [method, target, _] = first.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = next(&mut reader)?.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())) {
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
            ("PUT", ..) => self.put(key, &request.headers, request.body.clone()),
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

    fn get(&self, key: &str, range: Option<&str>) -> Answer {
        let Some(bytes) = self.objects.get(key) else { return error(404, "NoSuchKey") };
        let head = format!("ETag: {}\r\nLast-Modified: Sat, 28 Nov 2026 00:00:00 GMT\r\n", Self::tag(bytes));
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
        let there = self.objects.get(key).map(|bytes| Self::tag(bytes));
        let is_other = headers.get("if-match").is_some_and(|wanted| there.as_ref() != Some(wanted));
        if is_other || headers.contains_key("if-none-match") && there.is_some() {
            return error(412, "PreconditionFailed");
        }
        let tag = Self::tag(&body);
        self.objects.insert(key.to_owned(), body);
        (200, format!("ETag: {tag}\r\n"), Vec::new())
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
