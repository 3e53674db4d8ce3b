//! What a DNS query costs the client: the engine next to a bare `sendmmsg`/`recvmmsg` loop that reads nothing of what it receives.
//!
//! Both ask the same answerer (a thread on loopback that answers in batches, 99 % NXDOMAIN) for the same 200,000 names with the same
//! number of queries in flight. CPU time is that of the client's thread alone, user and system together.
//! `cargo bench --bench dns`; `DNS_BENCH_NAMES` and `DNS_BENCH_IN_FLIGHT` change the numbers.

use std::cell::Cell;
use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};
use nix::sys::time::TimeVal;
use stscan::evidence::{Outcome, Txt};
use stscan::observe::dns::{Dns, DnsConfig, DnsCounters, DnsLimits};

const BATCH: usize = 64;
const ROUNDS: usize = 3;

fn main() {
    let names = setting("DNS_BENCH_NAMES", 200_000);
    let in_flight = setting("DNS_BENCH_IN_FLIGHT", 512);
    let server = start_answerer();
    println!("{names} TXT lookups, {in_flight} in flight, best of {ROUNDS}");
    let best = |name: &str, run: &dyn Fn() -> Cost| {
        let cost = (0..ROUNDS).map(|_| run()).min_by(|one, other| one.cpu.cmp(&other.cpu)).unwrap_or_default();
        let per_query = |time: Duration| time.as_secs_f64() * 1e6 / names as f64;
        println!(
            "{name:<20} {:>8.0} q/s; CPU a query: {:.2} µs ({:.2} user, {:.2} system)",
            1e6 / per_query(cost.wall),
            per_query(cost.cpu),
            per_query(cost.user),
            per_query(cost.cpu.saturating_sub(cost.user))
        );
        per_query(cost.cpu)
    };
    let raw = best("raw loop, one socket", &|| measure(|| raw_loop(server, names, in_flight)));
    let raw_four = best("raw loop, 4 sockets", &|| measure(|| raw_loops(server, names, in_flight, 4)));
    let one = best("engine, one socket", &|| measure(|| engine(server, names, in_flight, 1)));
    let four = best("engine, 4 sockets", &|| measure(|| engine(server, names, in_flight, 4)));
    println!("engine / raw loop: {:.2} with one socket, {:.2} with four ({:.2} against one)", one / raw, four / raw_four, four / raw);
}

fn setting(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[derive(Clone, Copy, Default)]
struct Cost {
    wall: Duration,
    cpu: Duration,
    user: Duration,
}

/// User time, and user and system time together, of this thread.
fn thread_cpu() -> (Duration, Duration) {
    let time = |time: TimeVal| Duration::from_micros(u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0));
    let usage = getrusage(UsageWho::RUSAGE_THREAD).expect("the thread's usage");
    (time(usage.user_time()), time(usage.user_time()) + time(usage.system_time()))
}

fn measure(run: impl FnOnce()) -> Cost {
    let (begin, (user, cpu)) = (Instant::now(), thread_cpu());
    run();
    let (user_after, cpu_after) = thread_cpu();
    Cost { wall: begin.elapsed(), cpu: cpu_after - cpu, user: user_after - user }
}

fn name(index: usize) -> String {
    format!("_mta-sts.domain-{index}.test")
}

/// The engine as a worker uses it: a task for each domain in flight.
fn engine(server: SocketAddr, names: usize, in_flight: usize, sockets: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        let config = DnsConfig { sockets_per_resolver: sockets, ..DnsConfig::new(vec![server]) };
        let counters = Arc::new(DnsCounters::new(&config.resolvers));
        let dns = Dns::new(&config, Arc::new(DnsLimits::default()), Arc::clone(&counters)).expect("an engine");
        let (next, positive) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..in_flight {
            let (dns, next, positive) = (dns.clone(), Rc::clone(&next), Rc::clone(&positive));
            workers.spawn_local(async move {
                while next.get() < names {
                    let index = next.replace(next.get() + 1);
                    match dns.lookup::<Txt>(&name(index)).await.outcome {
                        Outcome::Noerror => positive.set(positive.get() + 1),
                        Outcome::Nxdomain => {}
                        other => panic!("{other}"),
                    }
                }
            });
        }
        while let Some(done) = workers.join_next().await {
            done.expect("no worker fails");
        }
        assert_eq!(positive.get(), names.div_ceil(100));
        let totals = counters.totals();
        assert!(totals.retries * 100 < totals.sent, "the answerer lost datagrams: {totals:?}");
    });
}

fn client(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(server).expect("a connected socket");
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a time-out");
    socket
}

fn raw_loop(server: SocketAddr, names: usize, in_flight: usize) {
    raw_loops(server, names, in_flight, 1);
}

/// Sends and receives without looking at what comes; the sockets take turns, each with its share in flight.
fn raw_loops(server: SocketAddr, names: usize, in_flight: usize, sockets: usize) {
    let clients: Vec<(UdpSocket, Cell<usize>)> = (0..sockets).map(|_| (client(server), Cell::new(0))).collect();
    let (mut send_calls, mut receive_calls) = (MultiHeaders::<()>::preallocate(BATCH, None), MultiHeaders::<()>::preallocate(BATCH, None));
    let mut buffers = vec![[0_u8; 4096]; BATCH];
    let (mut sent, mut received) = (0, 0);
    let mut queries: Vec<Vec<u8>> = vec![Vec::new(); BATCH];
    while received < names {
        for (socket, waiting) in &clients {
            while sent < names && waiting.get() < in_flight / sockets {
                let count = BATCH.min(names - sent).min(in_flight / sockets - waiting.get());
                queries.iter_mut().take(count).enumerate().for_each(|(offset, query)| write_query(sent + offset, query));
                let slices: Vec<[IoSlice<'_>; 1]> = queries.iter().take(count).map(|query| [IoSlice::new(query)]).collect();
                let left = sendmmsg(socket.as_raw_fd(), &mut send_calls, slices.iter(), [None; BATCH], [], MsgFlags::empty())
                    .expect("sent")
                    .count();
                sent += left;
                waiting.set(waiting.get() + left);
            }
            if waiting.get() > 0 {
                let mut slices: Vec<[IoSliceMut<'_>; 1]> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
                let count = recvmmsg(socket.as_raw_fd(), &mut receive_calls, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None)
                    .expect("received")
                    .count();
                received += count;
                waiting.set(waiting.get() - count);
            }
        }
    }
}

fn write_query(index: usize, query: &mut Vec<u8>) {
    query.clear();
    query.extend_from_slice(&[(index >> 8) as u8, index as u8, 1, 0x20, 0, 1, 0, 0, 0, 0, 0, 1]);
    for label in name(index).split('.') {
        query.push(label.len() as u8);
        query.extend_from_slice(label.as_bytes());
    }
    query.extend_from_slice(&[0, 0, 16, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
}

/// Answers in batches: one name in a hundred has a record, the others do not exist.
fn start_answerer() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
    let address = socket.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (mut receive_calls, mut send_calls) =
            (MultiHeaders::<SockaddrIn>::preallocate(BATCH, None), MultiHeaders::<SockaddrIn>::preallocate(BATCH, None));
        let mut buffers = vec![[0_u8; 1024]; BATCH];
        let mut replies: Vec<Vec<u8>> = vec![Vec::new(); BATCH];
        loop {
            let mut slices: Vec<[IoSliceMut<'_>; 1]> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
            let received: Vec<(usize, Option<SockaddrIn>)> =
                recvmmsg(socket.as_raw_fd(), &mut receive_calls, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None)
                    .expect("received")
                    .map(|message| (message.bytes, message.address))
                    .collect();
            for ((query, (length, _)), reply) in buffers.iter().zip(&received).zip(&mut replies) {
                write_reply(&query[..*length], reply);
            }
            let mut addresses: Vec<Option<SockaddrIn>> = received.iter().map(|(_, address)| *address).collect();
            let mut rest = &replies[..received.len()];
            while !rest.is_empty() {
                let slices: Vec<[IoSlice<'_>; 1]> = rest.iter().map(|reply| [IoSlice::new(reply)]).collect();
                let left = sendmmsg(socket.as_raw_fd(), &mut send_calls, slices.iter(), &addresses, [], MsgFlags::empty())
                    .map_or(1, Iterator::count);
                rest = &rest[left..];
                addresses.drain(..left);
            }
        }
    });
    address
}

fn write_reply(query: &[u8], reply: &mut Vec<u8>) {
    let question_end = query.len() - 11;
    // `_mta-sts.domain-INDEX.test`: every index that ends in 00, and 0 itself, has a record.
    let digits = &query[12 + 9 + 8..question_end - 10];
    let positive = digits.ends_with(b"00") || digits == b"0";
    reply.clear();
    reply.extend_from_slice(&query[..question_end]);
    reply[2..4].copy_from_slice(&[0x81, if positive { 0x80 } else { 0x83 }]);
    reply[11] = 0;
    if positive {
        reply[7] = 1;
        reply.extend_from_slice(b"\xc0\x0c\0\x10\0\x01\0\0\x0e\x10\0\x16\x15v=STSv1; id=20260101;");
    }
}
