//! What the bulk DNS path costs without the kernel and with it: a query written, replies read, and 512 lookups at once by way of an
//! answerer in this process. `cargo bench --bench codec`; against a real server: `benches/dns_cost.sh`.

use std::hint::black_box;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use stscan::evidence::{Outcome, Txt};
use stscan::observe::dns::{Dns, DnsConfig, DnsCounters, DnsLimits, read_reply, write_query};

const NAME: &str = "_mta-sts.some-domain.example";
const TXT: u16 = 16;
/// Lookups of one round trip.
const AT_ONCE: usize = 512;

criterion_group!(benches, codec, round_trip);
criterion_main!(benches);

/// The reply to a query: no record, or one.
fn reply(query: &[u8], positive: bool) -> Vec<u8> {
    let question = query.get(..query.len() - 11).expect("a query with an OPT record");
    let mut reply = question.to_vec();
    reply[2..4].copy_from_slice(&[0x81, 0x80]);
    reply[11] = 0;
    if positive {
        reply[7] = 1;
        reply.extend_from_slice(b"\xc0\x0c\0\x10\0\x01\0\0\x0e\x10\0\x16\x15v=STSv1; id=20260101;");
    }
    reply
}

fn codec(criterion: &mut Criterion) {
    let query = write_query(NAME, TXT, 7).expect("a query");
    let (negative, positive) = (reply(&query, false), reply(&query, true));
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Elements(1));
    group.bench_function("write a query", |bencher| bencher.iter(|| write_query(black_box(NAME), TXT, 7)));
    group.bench_function("read no record", |bencher| bencher.iter(|| read_reply::<Txt>(NAME, black_box(&negative), false)));
    group.bench_function("read a record", |bencher| bencher.iter(|| read_reply::<Txt>(NAME, black_box(&positive), false)));
    group.finish();
}

fn round_trip(criterion: &mut Criterion) {
    let server = start_answerer();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    let dns = local.block_on(&runtime, async {
        let config = DnsConfig::new(vec![server]);
        Dns::new(&config, Arc::new(DnsLimits::default()), Arc::new(DnsCounters::new(&[server]))).expect("an engine")
    });
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(AT_ONCE as u64));
    group.bench_function("512 lookups at once", |bencher| {
        bencher.iter(|| {
            let lookups = local.block_on(&runtime, join_all((0..AT_ONCE).map(|_| dns.lookup::<Txt>(NAME))));
            assert!(lookups.iter().all(|lookup| lookup.outcome == Outcome::Nodata));
        });
    });
    group.finish();
}

fn start_answerer() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = socket.local_addr().expect("an address");
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&reply(&buffer[..length], false), peer);
        }
    });
    address
}
