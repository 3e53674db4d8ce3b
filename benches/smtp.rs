//! What talking to mail servers costs: memory of a conversation in flight, throughput beside slow hosts, CPU next to `openssl s_client`.
//!
//! The mail servers, each on a loopback address of its own, and the resolver that knows them are a process of their own: this program once
//! more. Whatever takes a while to be done is asked of it by lines on its standard input.
//!
//! * `memory`: scans of so many domains whose servers hold each conversation open, after the greeting's first line or within TLS; what the
//!   scan takes while all of them are held, less what the same scan takes at most where nobody holds anything, or where nobody is asked.
//! * `slow`: 5 % of the hosts greet after 15 seconds and 2 % never do; the throughput of the others, from the first to the last of them, with
//!   and without the slow ones among them.
//! * `cpu`: user and system time of a whole scan and of as many `openssl s_client -starttls smtp`, by turns, with the same server.
//! * `provider`: the most memory of a scan a fifth of whose domains are with one provider (five hosts, two addresses each), and of one of
//!   which all are: every row carries ten conversations that it shares with all others.
//!
//! `cargo bench --bench smtp -- memory slow cpu provider`, within `unshare -n` where nothing may leave the machine; `SMTP_BENCH_HOSTS`,
//! `SMTP_BENCH_HELD`, `SMTP_BENCH_CALLS`, `SMTP_BENCH_ROWS` and `SMTP_BENCH_ROUNDS` change the numbers, and `SMTP_BENCH_STSCAN` names another
//! program to measure. Linux only: it needs many loopback addresses and `/proc`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::sys::time::TimeVal;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;

/// Set in the environment of the process that is the servers: the folder in which it leaves its root.
const SERVER: &str = "SMTP_BENCH_SERVER";
/// Where the program to be measured is.
const PROGRAM: &str = "SMTP_BENCH_STSCAN";
/// How long a server holds a conversation open that it holds: shorter than the limit for a command.
const HELD: Duration = Duration::from_secs(28);
/// When a late server greets.
const LATE: Duration = Duration::from_secs(15);

/// What a server does; its number is part of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fast,
    Late,
    Never,
    /// Holds the conversation open behind the first line of the greeting.
    HeldGreeting,
    /// Holds it open before the reply to EHLO within TLS.
    HeldTls,
}

const KINDS: [(Kind, &str); 5] =
    [(Kind::Fast, "fast"), (Kind::Late, "late"), (Kind::Never, "never"), (Kind::HeldGreeting, "greeting"), (Kind::HeldTls, "tls")];
/// The second octet of the first kind's addresses, and how many of them a kind has.
const OCTETS: (u8, u8) = (16, 8);
/// The domains and the hosts of the one provider.
const CUSTOMER: &str = "customer";
const PROVIDER: &str = "provider.example";

fn main() {
    // As many conversations as the machine allows.
    let _ = nix::sys::resource::getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Some(dir) = std::env::var_os(SERVER) {
        return serve(Path::new(&dir));
    }
    let parts: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|given| given == part);
    let mut bench = Bench::start();
    println!("{} cores", std::thread::available_parallelism().map_or(1, usize::from));
    if wants("memory") {
        bench.memory();
    }
    if wants("cpu") {
        bench.cpu();
    }
    if wants("slow") {
        bench.slow();
    }
    if wants("provider") {
        bench.provider();
    }
}

fn setting(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// The process of the servers, and a folder for lists and datasets.
struct Bench {
    server: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    dns: u16,
    smtp: u16,
    dir: tempfile::TempDir,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A scan that is running.
struct Scan(Child);

/// What a scan took.
struct Run {
    cpu: Duration,
    wall: Duration,
    /// Its most memory in octets.
    peak: u64,
}

/// What the servers have seen since they were asked last.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Conversations of fast servers that came to their end.
    fast: u64,
    /// From the first of them to the last.
    took: Duration,
    /// Conversations that are held open.
    held: u64,
    /// The most conversations that were open at a time.
    most: u64,
}

impl Bench {
    fn start() -> Self {
        let dir = tempfile::Builder::new().disable_cleanup(std::env::var_os("SMTP_BENCH_KEEP").is_some()).tempdir().expect("a folder");
        let mut server = Command::new(std::env::current_exe().expect("this program"));
        let server = server.env(SERVER, dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = server.spawn().expect("the servers");
        let (orders, answers) = (server.stdin.take().expect("a pipe"), server.stdout.take().expect("a pipe"));
        let mut bench = Self { server, orders, answers: BufReader::new(answers), dns: 0, smtp: 0, dir };
        let ports: Vec<u64> = bench.line();
        (bench.dns, bench.smtp) = (ports[0] as u16, ports[1] as u16);
        bench
    }

    fn line(&mut self) -> Vec<u64> {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer of the servers");
        line.split_whitespace().map(|word| word.parse().expect("a number")).collect()
    }

    /// What the servers have seen; from now on they count anew.
    fn forget(&mut self) {
        self.order("forget");
    }

    fn seen(&mut self) -> Seen {
        self.order("seen")
    }

    fn order(&mut self, order: &str) -> Seen {
        writeln!(self.orders, "{order}").expect("servers that listen");
        let numbers = self.line();
        Seen { fast: numbers[0], took: Duration::from_micros(numbers[1]), held: numbers[2], most: numbers[3] }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes the list; the scan of it is a process of its own.
    fn scan(&self, domains: impl Iterator<Item = String>, options: &[&str]) -> Scan {
        let list = domains.fold(String::new(), |mut list, domain| {
            let _ = writeln!(list, "{domain}.example");
            list
        });
        std::fs::write(self.path("list.txt"), list).expect("a list");
        let _ = std::fs::remove_dir_all(self.path("out"));
        let program = std::env::var(PROGRAM).unwrap_or_else(|_| env!("CARGO_BIN_EXE_stscan").to_owned());
        let mut command = Command::new(program);
        command.arg("scan").arg(self.path("list.txt")).arg("-o").arg(self.path("out")).arg("--ca-file").arg(self.path("ca.pem"));
        command.args(["--resolver", &format!("127.0.0.1:{}", self.dns), "--trust-resolvers", "--rate", "0", "--progress", "none"]);
        if options.contains(&"all") {
            command.args(["--allow-private", "--smtp-port", &self.smtp.to_string(), "--ehlo", "scanner.example", "--smtp-rate", "0"]);
        }
        let said = std::fs::File::create(self.path("said.txt")).expect("a file");
        command.args(["--dane", "none"]).args(options).stdout(Stdio::null()).stderr(said);
        Scan(command.spawn().expect("the program"))
    }

    fn memory(&mut self) {
        let held = setting("SMTP_BENCH_HELD", 2500);
        let list = |kind: &'static str| (0..held).map(move |number| format!("{kind}-{number}"));
        let in_flight = (held * 2).to_string();
        let options = |smtp| ["--smtp", smtp, "--concurrency", &in_flight, "--retry-rounds", "none"];
        for round in 0..setting("SMTP_BENCH_ROUNDS", 3) {
            let none = self.scan(list("fast"), &options("none")).finish();
            let fast = self.scan(list("fast"), &options("all")).finish();
            for kind in ["greeting", "tls"] {
                self.forget();
                let scan = self.scan(list(kind), &options("all"));
                let begun = Instant::now();
                while self.seen().held < held as u64 && begun.elapsed() < HELD {
                    std::thread::sleep(Duration::from_millis(50));
                }
                let now = memory(scan.0.id(), "VmRSS:");
                let seen = self.seen();
                scan.kill();
                let each = |without: u64| now.saturating_sub(without) as f64 / 1024.0 / seen.held.max(1) as f64;
                println!(
                    "memory, round {round}: {} of {held} held ({kind}): {:.1} MiB; {:.1} KiB each over a scan whose servers hold nothing ({:.1} MiB), {:.1} KiB over one that asks none ({:.1} MiB)",
                    seen.held,
                    mib(now),
                    each(fast.peak),
                    mib(fast.peak),
                    each(none.peak),
                    mib(none.peak)
                );
            }
        }
    }

    fn slow(&mut self) {
        let hosts = setting("SMTP_BENCH_HOSTS", 50_000);
        let kind = |number: usize| match number % 100 {
            7 | 27 | 47 | 67 | 87 => "late",
            13 | 63 => "never",
            _ => "fast",
        };
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for round in 0..setting("SMTP_BENCH_ROUNDS", 3) {
            for slow in [false, true] {
                let list = (0..hosts).filter(|number| slow || kind(*number) == "fast").map(|number| format!("{}-{number}", kind(number)));
                let fast = (0..hosts).filter(|number| kind(*number) == "fast").count() as u64;
                self.forget();
                let scan = self.scan(list, &["--smtp", "all", "--concurrency", "8192"]);
                let begun = Instant::now();
                while self.seen().fast < fast && begun.elapsed() < Duration::from_secs(900) {
                    std::thread::sleep(Duration::from_millis(100));
                }
                let (seen, peak) = (self.seen(), memory(scan.0.id(), "VmHWM:"));
                scan.kill();
                let rate = seen.fast as f64 / seen.took.as_secs_f64();
                println!(
                    "slow, round {round}: {} fast hosts {}: {rate:.0} a second, {} conversations at a time at most, {:.0} MiB",
                    seen.fast,
                    if slow { "beside slow ones" } else { "alone" },
                    seen.most,
                    mib(peak)
                );
                if slow { with.push(rate) } else { without.push(rate) }
            }
        }
        println!("throughput of the fast hosts beside slow ones / alone (medians): {:.3}", median(with) / median(without));
    }

    fn cpu(&mut self) {
        let calls = setting("SMTP_BENCH_CALLS", 1000);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..setting("SMTP_BENCH_ROUNDS", 3) {
            self.forget();
            let run = self.scan((0..calls).map(|number| format!("fast-{number}")), &["--smtp", "all"]).finish();
            let seen = self.seen();
            let (before, begun) = (children(), Instant::now());
            for number in 0..calls {
                self.call(number);
            }
            let (openssl, wall) = (children().saturating_sub(before), begun.elapsed());
            let each = |time: Duration| time.as_secs_f64() * 1e3 / calls as f64;
            println!(
                "cpu, round {round}: {calls} conversations ({} seen to their end): scan {:.3} ms each ({:.1} s in all), openssl {:.3} ms ({:.1} s); ratio {:.3}",
                seen.fast,
                each(run.cpu),
                run.wall.as_secs_f64(),
                each(openssl),
                wall.as_secs_f64(),
                each(run.cpu) / each(openssl)
            );
            ours.push(each(run.cpu));
            theirs.push(each(openssl));
        }
        println!("CPU of a conversation, scan / openssl s_client (medians): {:.3}", median(ours) / median(theirs));
    }

    fn call(&self, number: usize) {
        let status = Command::new("openssl")
            .args(["s_client", "-starttls", "smtp", "-name", "scanner.example", "-brief", "-CAfile"])
            .arg(self.path("ca.pem"))
            .args(["-connect", &format!("{}:{}", address(Kind::Fast, number), self.smtp)])
            .args(["-servername", &format!("mx.fast-{number}.example")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("openssl").success(), "openssl s_client failed");
    }

    fn provider(&mut self) {
        let rows = setting("SMTP_BENCH_ROWS", 200_000);
        for (share, smtp) in [(0, "all"), (5, "none"), (5, "all"), (1, "none"), (1, "all")] {
            self.forget();
            let list = (0..rows).map(|number| match number.checked_rem(share) {
                Some(0) => format!("{CUSTOMER}-{number}"),
                _ => format!("nothing-{number}"),
            });
            let more = if smtp == "none" { &[][..] } else { &["--smtp-all-addresses"] };
            let run = self.scan(list, &[&["--smtp", smtp][..], more].concat()).finish();
            let octets: u64 = std::fs::read_dir(self.path("out/domains"))
                .map_or(0, |files| files.flatten().filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum());
            println!(
                "provider, --smtp {smtp}: {rows} rows, {} of them with the provider: {:.0} MiB at most, {:.1} s, CPU {:.0} µs a row, {:.1} MiB of Parquet, {} conversations",
                rows.checked_div(share).unwrap_or_default(),
                mib(run.peak),
                run.wall.as_secs_f64(),
                run.cpu.as_secs_f64() * 1e6 / rows as f64,
                mib(octets),
                self.seen().fast
            );
        }
    }
}

impl Scan {
    fn finish(mut self) -> Run {
        let (before, begun, mut peak) = (children(), Instant::now(), 0);
        let status = loop {
            if let Some(status) = self.0.try_wait().expect("the scan") {
                break status;
            }
            peak = memory(self.0.id(), "VmHWM:").max(peak);
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(status.success(), "the scan failed: {status}");
        Run { cpu: children().saturating_sub(before), wall: begun.elapsed(), peak }
    }

    fn kill(mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// User and system time of the processes that have ended.
fn children() -> Duration {
    let time = |time: TimeVal| Duration::from_micros(u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0));
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage");
    time(usage.user_time()) + time(usage.system_time())
}

/// A figure of a process's memory in octets; 0 once it has ended.
fn memory(process: u32, figure: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix(figure)?.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn mib(octets: u64) -> f64 {
    octets as f64 / f64::from(1 << 20)
}

/// Where a server is.
fn address(kind: Kind, number: usize) -> Ipv4Addr {
    let place = KINDS.iter().position(|(other, _)| *other == kind).unwrap_or_default() as u32;
    Ipv4Addr::from(((u32::from(OCTETS.0) + place * u32::from(OCTETS.1)) << 16) | (127 << 24) | (number as u32 + 1))
}

/// What the server at an address does.
fn kind(address: IpAddr) -> Kind {
    let IpAddr::V4(address) = address else { return Kind::Fast };
    let place = address.octets()[1].saturating_sub(OCTETS.0) / OCTETS.1;
    KINDS.get(usize::from(place)).map_or(Kind::Fast, |(kind, _)| *kind)
}

/// What all servers count.
#[derive(Debug)]
struct Counts {
    begun: Instant,
    fast: AtomicU64,
    /// Microseconds since the beginning, of the first fast one that was accepted and of the last that ended.
    first: AtomicU64,
    last: AtomicU64,
    held: AtomicU64,
    open: AtomicU64,
    most: AtomicU64,
}

impl Counts {
    fn now(&self) -> u64 {
        self.begun.elapsed().as_micros() as u64
    }

    fn forget(&self) {
        self.first.store(u64::MAX, Relaxed);
        for count in [&self.fast, &self.last, &self.held, &self.most] {
            count.store(0, Relaxed);
        }
    }

    fn in_words(&self) -> String {
        let took = self.last.load(Relaxed).saturating_sub(self.first.load(Relaxed));
        format!("{} {took} {} {}", self.fast.load(Relaxed), self.held.load(Relaxed), self.most.load(Relaxed))
    }
}

/// The resolver and the mail servers, until standard input ends.
fn serve(dir: &Path) {
    let acceptor = certified(dir);
    let zero = || AtomicU64::new(0);
    let counts = Arc::new(Counts {
        begun: Instant::now(),
        fast: zero(),
        first: AtomicU64::new(u64::MAX),
        last: zero(),
        held: zero(),
        open: zero(),
        most: zero(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let dns = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let _ = socket2::SockRef::from(&dns).set_recv_buffer_size(16 << 20);
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        // On every address of loopback; the scan's side leaves none of them.
        socket.bind("0.0.0.0:0".parse().expect("an address")).expect("a port");
        let listener = socket.listen(8192).expect("a listener");
        println!("{} {}", dns.local_addr().expect("a port").port(), listener.local_addr().expect("a port").port());
        tokio::spawn(resolve(dns));
        tokio::spawn(accept(listener, acceptor, Arc::clone(&counts)));
        let orders = tokio::task::spawn_blocking(move || {
            for order in std::io::stdin().lines().map_while(Result::ok) {
                if order == "forget" {
                    counts.forget();
                }
                println!("{}", counts.in_words());
            }
        });
        let _ = orders.await;
    });
    runtime.shutdown_background();
}

/// A leaf below a root, which is left in the folder.
fn certified(dir: &Path) -> TlsAcceptor {
    let key = || KeyPair::generate().expect("a key");
    let mut root = CertificateParams::new(Vec::new()).expect("names");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = key();
    let pem = root.self_signed(&root_key).expect("a root").pem();
    std::fs::write(dir.join("ca.pem"), pem).expect("a file");
    let leaf_key = key();
    let names = vec![format!("*.{PROVIDER}"), "mx.fast-0.example".to_owned()];
    let leaf = CertificateParams::new(names).expect("names").signed_by(&leaf_key, &Issuer::new(root, root_key)).expect("a leaf");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(vec![leaf.der().clone()], key).expect("a certificate")))
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, counts: Arc<Counts>) {
    loop {
        let Ok((tcp, _)) = listener.accept().await else { continue };
        let (acceptor, counts) = (acceptor.clone(), Arc::clone(&counts));
        tokio::spawn(async move {
            let kind = tcp.local_addr().map_or(Kind::Fast, |address| kind(address.ip()));
            if kind == Kind::Fast {
                counts.first.fetch_min(counts.now(), Relaxed);
            }
            counts.most.fetch_max(counts.open.fetch_add(1, Relaxed) + 1, Relaxed);
            // A client that breaks off is no fault of a server.
            let done = converse(tcp, kind, &acceptor, &counts).await.is_ok();
            counts.open.fetch_sub(1, Relaxed);
            if kind == Kind::Fast && done {
                counts.fast.fetch_add(1, Relaxed);
                counts.last.fetch_max(counts.now(), Relaxed);
            }
        });
    }
}

async fn converse(mut tcp: TcpStream, kind: Kind, acceptor: &TlsAcceptor, counts: &Counts) -> std::io::Result<()> {
    tcp.set_nodelay(true)?;
    match kind {
        Kind::Late => tokio::time::sleep(LATE).await,
        Kind::Never => return hear(&mut tcp).await,
        Kind::HeldGreeting => {
            tcp.write_all(b"220-one moment\r\n").await?;
            counts.held.fetch_add(1, Relaxed);
            tokio::time::sleep(HELD).await;
        }
        Kind::Fast | Kind::HeldTls => {}
    }
    const EHLO: &[u8] =
        b"250-mx at your service\r\n250-PIPELINING\r\n250-SIZE 36700160\r\n250-STARTTLS\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
    tcp.write_all(b"220 mx ESMTP ready\r\n").await?;
    hear(&mut tcp).await?;
    tcp.write_all(EHLO).await?;
    hear(&mut tcp).await?;
    tcp.write_all(b"220 2.0.0 ready\r\n").await?;
    let mut tls = acceptor.accept(tcp).await?;
    match hear(&mut tls).await {
        // As s_client does, whose input is at its end.
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
        heard => heard?,
    }
    if kind == Kind::HeldTls {
        counts.held.fetch_add(1, Relaxed);
        tokio::time::sleep(HELD).await;
    }
    say(&mut tls, EHLO).await?;
    hear(&mut tls).await?;
    say(&mut tls, b"221 2.0.0 bye\r\n").await?;
    let _ = tls.shutdown().await;
    Ok(())
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), reply: &[u8]) -> std::io::Result<()> {
    stream.write_all(reply).await?;
    stream.flush().await
}

async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
    match stream.read(&mut [0; 512]).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

/// Answers questions: one MX host for each domain, its address, and no other records.
async fn resolve(socket: UdpSocket) {
    let kinds: BTreeMap<&str, Kind> = KINDS.iter().map(|(kind, word)| (*word, *kind)).collect();
    let mut buffer = [0; 4096];
    loop {
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
        if let Some(answer) = buffer.get(..length).and_then(|question| answer(question, &kinds)) {
            let _ = socket.send_to(&answer, client).await;
        }
    }
}

fn answer(question: &[u8], kinds: &BTreeMap<&str, Kind>) -> Option<Vec<u8>> {
    const A: u16 = 1;
    const MX: u16 = 15;
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*question.get(at)?);
        let label = std::str::from_utf8(question.get(at + 1..at + 1 + length)?).ok()?;
        at += 1 + length;
        if length == 0 {
            break;
        }
        labels.push(label);
    }
    let asked = u16::from_be_bytes(question.get(at..at + 2)?.try_into().ok()?);
    let named = |label: &str| label.split_once('-').and_then(|(kind, number)| Some((*kinds.get(kind)?, number.parse::<usize>().ok()?)));
    let mx = |host: &[&str]| {
        let name = host.iter().flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
        [0, 10].into_iter().chain(name).chain([0]).collect::<Vec<u8>>()
    };
    let records: Vec<Vec<u8>> = match (labels.as_slice(), asked) {
        ([domain, "example"], MX) if named(domain).is_some() => vec![mx(&["mx", domain, "example"])],
        ([domain, "example"], MX) if domain.starts_with(CUSTOMER) => {
            (0..5).map(|host| mx(&[&format!("mx{host}"), "provider", "example"])).collect()
        }
        (["mx", domain, "example"], A) => named(domain).map(|(kind, number)| address(kind, number).octets().to_vec()).into_iter().collect(),
        ([host, "provider", "example"], A) => {
            let host: u8 = host.strip_prefix("mx")?.parse().ok()?;
            (1..=2).map(|last| vec![127, OCTETS.0 + OCTETS.1 - 1, host, last]).collect()
        }
        _ => Vec::new(),
    };
    let mut reply = question.get(..at + 4)?.to_vec();
    let is_absent = labels.first().is_some_and(|label| label.starts_with('_')) || labels.first() == Some(&"mta-sts");
    reply.get_mut(2..4)?.copy_from_slice(&[0x81, if is_absent { 0x83 } else { 0x80 }]);
    reply.get_mut(4..12)?.copy_from_slice(&[0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    for data in records {
        reply.extend([0xC0, 12]);
        reply.extend(asked.to_be_bytes());
        reply.extend([0, 1, 0, 0, 1, 0, 0, data.len() as u8]);
        reply.extend(data);
    }
    Some(reply)
}
