//! What the kernel alone costs: the questions of a scan sent by `sendmmsg` and received by `recvmmsg`, no answer looked at.
//!
//! `cargo bench --bench floor -- RESOLVER:PORT LIST [IN_FLIGHT]` asks MX, `_mta-sts` TXT and `_smtp._tls` TXT for every name of a list of
//! plain names and prints nothing: `benches/dns_cost.sh` takes its CPU time as the floor below which no scanner can go.

use std::io::{IoSlice, IoSliceMut, Write as _};
use std::net::UdpSocket;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use nix::sys::socket::{MsgFlags, MultiHeaders, recvmmsg, sendmmsg};

const BATCH: usize = 64;
const QUESTIONS: [(&str, u8); 3] = [("", 15), ("_mta-sts.", 16), ("_smtp._tls.", 16)];

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [resolver, list, rest @ ..] = arguments.as_slice() else {
        let _ = writeln!(std::io::stderr(), "floor: needs RESOLVER:PORT LIST [IN_FLIGHT]; see benches/dns_cost.sh");
        return;
    };
    let in_flight = rest.first().map_or(512, |number| number.parse().expect("a number in flight"));
    let text = std::fs::read_to_string(list).expect("a list");
    let mut questions = text.lines().flat_map(|name| QUESTIONS.map(|(prefix, kind)| (prefix, name, kind)));
    let socket = client(resolver);
    let (mut send_calls, mut receive_calls) = (MultiHeaders::<()>::preallocate(BATCH, None), MultiHeaders::<()>::preallocate(BATCH, None));
    let mut queries: Vec<Vec<u8>> = vec![Vec::new(); BATCH];
    let mut buffers = vec![[0_u8; 1232]; BATCH];
    let (mut waiting, mut id) = (0, 0_u16);
    loop {
        while in_flight - waiting >= BATCH.min(in_flight) {
            let mut count = 0;
            for (query, (prefix, name, kind)) in queries.iter_mut().zip(questions.by_ref()) {
                write_query(query, id, prefix, name, kind);
                id = id.wrapping_add(1);
                count += 1;
            }
            if count == 0 {
                break;
            }
            let mut rest = &queries[..count];
            while !rest.is_empty() {
                let slices = rest.iter().map(|query| [IoSlice::new(query)]).collect::<Vec<_>>();
                let sent = sendmmsg(socket.as_raw_fd(), &mut send_calls, slices.iter(), [None; BATCH], [], MsgFlags::empty());
                rest = &rest[sent.expect("sent").count()..];
            }
            waiting += count;
        }
        if waiting == 0 {
            return;
        }
        let mut slices: Vec<[IoSliceMut<'_>; 1]> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        match recvmmsg(socket.as_raw_fd(), &mut receive_calls, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None) {
            Ok(received) => waiting -= received.count(),
            Err(error) => panic!("{waiting} answers did not come: {error}"),
        }
    }
}

fn client(resolver: &str) -> UdpSocket {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    socket.connect(resolver).expect("a connected socket");
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a time-out");
    socket
}

fn write_query(query: &mut Vec<u8>, id: u16, prefix: &str, name: &str, kind: u8) {
    query.clear();
    query.extend_from_slice(&[(id >> 8) as u8, id as u8, 1, 0x20, 0, 1, 0, 0, 0, 0, 0, 1]);
    for label in prefix.split_terminator('.').chain(name.split('.')) {
        query.push(label.len() as u8);
        query.extend_from_slice(label.as_bytes());
    }
    query.extend_from_slice(&[0, 0, kind, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
}
