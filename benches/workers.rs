//! Whether a scan grows with its workers where the resolver takes next to nothing of the machine.
//!
//! A resolver on the same machine competes with the scan for the cores. The one here is as cheap as one can be: a thread that receives
//! many datagrams as one (`UDP_GRO`), turns each in place into "no such record" by two octets of its header, and sends them back as one
//! (`UDP_SEGMENT`). How much CPU it takes is shown, as are the cores that the scan itself keeps busy: the ratio cannot exceed what is free.
//!
//! `cargo bench --bench workers`; `WORKERS_BENCH_NAMES` and `WORKERS_BENCH_ROUNDS` change the numbers. Linux only.

use std::fmt::Write as _;
use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use nix::cmsg_space;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, sendmsg, setsockopt, sockopt};
use nix::sys::time::TimeVal;

const WORKERS: [usize; 2] = [1, 2];

fn main() {
    let names = setting("WORKERS_BENCH_NAMES", 300_000);
    let rounds = setting("WORKERS_BENCH_ROUNDS", 5);
    let dir = tempfile::tempdir().expect("a folder");
    let list = dir.path().join("list.txt");
    let text = (0..names).fold(String::new(), |mut text, index| {
        let _ = writeln!(text, "name-{index:07}.example");
        text
    });
    std::fs::write(&list, text).expect("a list");
    let (resolver, responder) = start_responder();
    println!("{names} names, 3 questions each, {rounds} rounds; {} cores", std::thread::available_parallelism().map_or(1, usize::from));
    let mut walls = WORKERS.map(|_| Vec::new());
    for _ in 0..rounds {
        for (workers, walls) in WORKERS.into_iter().zip(&mut walls) {
            let run = scan(&list, &dir.path().join("out"), resolver, workers, &responder);
            println!(
                "--workers {workers}: {:>7.0} domains/s; CPU {:.1} µs a domain, {:.2} cores busy, and {:.2} by the resolver",
                names as f64 / run.wall.as_secs_f64(),
                run.scan.as_secs_f64() * 1e6 / names as f64,
                run.scan.as_secs_f64() / run.wall.as_secs_f64(),
                run.resolver.as_secs_f64() / run.wall.as_secs_f64()
            );
            walls.push(run.wall);
        }
    }
    let [one, two] = walls.map(|mut walls| {
        walls.sort();
        walls.get(walls.len() / 2).copied().unwrap_or_default().as_secs_f64()
    });
    println!("throughput with two workers / with one (medians): {:.2}", one / two);
}

fn setting(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What a scan took: time, its own CPU, and the resolver's.
struct Run {
    wall: Duration,
    scan: Duration,
    resolver: Duration,
}

fn scan(list: &Path, out: &Path, resolver: SocketAddr, workers: usize, responder: &AtomicU64) -> Run {
    let _ = std::fs::remove_dir_all(out);
    let (before, begun, theirs) = (cpu(UsageWho::RUSAGE_CHILDREN), Instant::now(), responder.load(Relaxed));
    let status = Command::new(env!("CARGO_BIN_EXE_stscan"))
        .arg("scan")
        .arg(list)
        .arg("-o")
        .arg(out)
        .args(["--resolver", &resolver.to_string(), "--trust-resolvers", "--rate", "0", "--progress", "none"])
        .args(["--workers", &workers.to_string()])
        .stdout(Stdio::null())
        .status()
        .expect("the program");
    assert!(status.success(), "the scan failed");
    let wall = begun.elapsed();
    let resolver = Duration::from_micros(responder.load(Relaxed).saturating_sub(theirs));
    Run { wall, scan: cpu(UsageWho::RUSAGE_CHILDREN).saturating_sub(before), resolver }
}

fn cpu(who: UsageWho) -> Duration {
    let time = |time: TimeVal| Duration::from_micros(u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0));
    let usage = getrusage(who).expect("the usage");
    time(usage.user_time()) + time(usage.system_time())
}

/// A resolver that knows no records; with the microseconds of CPU that it has taken.
fn start_responder() -> (SocketAddr, Arc<AtomicU64>) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let shared = socket2::SockRef::from(&socket);
    let (_, _) = (shared.set_recv_buffer_size(16 << 20), shared.set_send_buffer_size(16 << 20));
    setsockopt(&socket, sockopt::UdpGroSegment, &true).expect("a kernel that receives many datagrams as one");
    let (address, taken) = (socket.local_addr().expect("an address"), Arc::<AtomicU64>::default());
    let counter = Arc::clone(&taken);
    std::thread::spawn(move || {
        let mut buffer = vec![0_u8; 1 << 16];
        for turn in 0_u64.. {
            respond(&socket, &mut buffer);
            if turn.is_multiple_of(64) {
                counter.store(u64::try_from(cpu(UsageWho::RUSAGE_THREAD).as_micros()).unwrap_or(u64::MAX), Relaxed);
            }
        }
    });
    (address, taken)
}

/// Answers what has come from one client in one go.
fn respond(socket: &UdpSocket, buffer: &mut [u8]) {
    let mut control = cmsg_space!(i32);
    let (octets, client, segment) = {
        let mut slices = [IoSliceMut::new(buffer)];
        let received = recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty()).expect("received");
        let segment = received.cmsgs().expect("control messages").find_map(|message| match message {
            ControlMessageOwned::UdpGroSegments(octets) => usize::try_from(octets).ok(),
            _ => None,
        });
        (received.bytes, received.address, segment.unwrap_or(received.bytes).max(1))
    };
    let Some(replies) = buffer.get_mut(..octets) else { return };
    for reply in replies.chunks_mut(segment) {
        if let Some(flags) = reply.get_mut(2..4) {
            // QR, RD and RA: there is no such record.
            flags.copy_from_slice(&[0x81, 0x80]);
        }
    }
    let size = u16::try_from(segment).unwrap_or(u16::MAX);
    let parts = [ControlMessage::UdpGsoSegments(&size)];
    let control = if octets > segment { &parts[..] } else { &[] };
    // A client that has gone is nobody's fault.
    let _ = sendmsg(socket.as_raw_fd(), &[IoSlice::new(replies)], control, MsgFlags::empty(), client.as_ref());
}
