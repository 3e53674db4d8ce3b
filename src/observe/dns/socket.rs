//! Batched UDP: many messages with one system call on Linux, one by one elsewhere.
//!
//! Messages of one length leave as one: the kernel passes them through its layers together and parts them at the end (UDP GSO, Linux
//! 4.18), which is the larger half of what sending costs.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

pub(super) use self::batched::{count_drops, receive, receive_one, send};
use super::message::MAX_QUERY_OCTETS;
use crate::observe::source;

/// Messages received with one system call.
pub(super) const BATCH: usize = 64;
/// Messages that are sent at a time. Among so many there are many of one length.
pub(super) const SEND_BATCH: usize = 512;
/// Room for one datagram. More than we advertise, because not every server heeds that; and not a whole number of pages, with which the beginnings
/// of all datagrams would fall on the same lines of the processor's first cache.
const DATAGRAM_OCTETS: usize = 4096 + 3 * 64;

/// Opens a non-blocking socket that hears nobody but `resolver`, on a port that the kernel chooses at random; says how large a
/// receive buffer the kernel granted.
pub(super) fn open(resolver: SocketAddr, receive_buffer: usize) -> io::Result<(UdpSocket, usize)> {
    let socket = Socket::new(Domain::for_address(resolver), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // Asking for more than the system allows is no error: it grants what it allows.
    let _ = socket.set_recv_buffer_size(receive_buffer);
    let granted = socket.recv_buffer_size()?;
    source::bind(&socket, resolver)?;
    socket.connect(&resolver.into())?;
    Ok((UdpSocket::from_std(socket.into())?, granted))
}

/// Messages to send at a time, those of one length side by side.
pub(super) struct Outgoing {
    octets: Vec<u8>,
    ends: Vec<usize>,
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    calls: batched::SendState,
}

/// How many messages left, from the first on, and what kept the next one.
pub(super) struct Sent {
    pub(super) count: usize,
    pub(super) fault: Option<io::Error>,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self {
            octets: Vec::with_capacity(SEND_BATCH * MAX_QUERY_OCTETS),
            ends: Vec::with_capacity(SEND_BATCH),
            calls: batched::send_state(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.ends.clear();
    }

    /// Appends a message, which `write` appends to the buffer.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.octets);
        self.ends.push(self.octets.len());
    }
}

/// Where the message at `index` begins.
fn start(ends: &[usize], index: usize) -> usize {
    index.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0)
}

/// The message that ends at `ends[index]`; empty beyond the last.
fn message<'a>(octets: &'a [u8], ends: &[usize], index: usize) -> &'a [u8] {
    ends.get(index).and_then(|&end| octets.get(start(ends, index)..end)).unwrap_or_default()
}

/// Room for the messages of one call.
pub(super) struct Incoming {
    buffers: Vec<[u8; DATAGRAM_OCTETS]>,
    lengths: [usize; BATCH],
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    calls: batched::ReceiveState,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Self { buffers: vec![[0; DATAGRAM_OCTETS]; BATCH], lengths: [0; BATCH], calls: batched::receive_state() }
    }

    /// The first `count` messages.
    pub(super) fn messages(&self, count: usize) -> impl Iterator<Item = &[u8]> {
        self.buffers.iter().zip(self.lengths).take(count).map(|(buffer, length)| buffer.get(..length).unwrap_or(buffer))
    }
}

#[cfg(target_os = "linux")]
mod batched {
    //! UDP GSO, `sendmmsg` and `recvmmsg`.

    use std::io::{self, IoSlice, IoSliceMut};
    use std::os::fd::AsRawFd as _;

    use nix::cmsg_space;
    use nix::errno::Errno;
    use nix::sys::socket::{
        ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, recvmmsg, recvmsg, sendmmsg, sendmsg, setsockopt, sockopt,
    };
    use tokio::io::Interest;
    use tokio::net::UdpSocket;

    use super::{BATCH, Incoming, Outgoing, Sent, message, start};

    /// Messages that the kernel parts at a time (`UDP_MAX_SEGMENTS`).
    const MAX_PARTS: usize = 64;

    /// Has the kernel say with each datagram that arrives from now on how many it has dropped so far because the buffer was full (`SO_RXQ_OVFL`). To
    /// receive one costs a tenth more then. Where the kernel does not count, nothing is counted.
    pub(in super::super) fn count_drops(socket: &UdpSocket) {
        let _ = setsockopt(socket, sockopt::RxqOvfl, &1);
    }

    /// Receives one message; says how many the kernel has dropped at this socket so far. The headers of `recvmmsg` cannot be used again
    /// for control messages, so that is asked apart, now and then.
    pub(in super::super) fn receive_one(socket: &UdpSocket, incoming: &mut Incoming) -> io::Result<Option<u32>> {
        let Incoming { buffers, lengths, .. } = incoming;
        let (Some(buffer), Some(length)) = (buffers.first_mut(), lengths.first_mut()) else { return Ok(None) };
        let mut control = cmsg_space!(u32);
        socket.try_io(Interest::READABLE, || {
            let mut slices = [IoSliceMut::new(&mut buffer[..])];
            let received = recvmsg::<()>(socket.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty())?;
            *length = received.bytes;
            let dropped = received.cmsgs()?.find_map(|message| match message {
                ControlMessageOwned::RxqOvfl(dropped) => Some(dropped),
                _ => None,
            });
            Ok(dropped)
        })
    }

    // Sockets are connected, so no address goes either way.
    pub(super) type ReceiveState = MultiHeaders<()>;

    pub(super) struct SendState {
        calls: MultiHeaders<()>,
        /// Whether the kernel parts messages for us: until it refuses.
        pub(super) parts: bool,
    }

    pub(super) fn send_state() -> SendState {
        SendState { calls: MultiHeaders::preallocate(BATCH, None), parts: true }
    }

    pub(super) fn receive_state() -> ReceiveState {
        MultiHeaders::preallocate(BATCH, None)
    }

    /// Sends the messages.
    pub(in super::super) fn send(socket: &UdpSocket, outgoing: &mut Outgoing) -> Sent {
        let mut sent = Sent { count: 0, fault: None };
        while sent.count < outgoing.ends.len() {
            let step =
                if outgoing.calls.parts { send_together(socket, outgoing, sent.count) } else { send_apart(socket, outgoing, sent.count) };
            match step {
                Ok(count) => sent.count += count,
                Err(error) if outgoing.calls.parts && cannot_part(&error) => outgoing.calls.parts = false,
                Err(error) => {
                    sent.fault = Some(error);
                    break;
                }
            }
        }
        sent
    }

    /// Sends the message at `first` and those of its length behind it as one, and a shorter one as the last of them; says how many left.
    fn send_together(socket: &UdpSocket, outgoing: &Outgoing, first: usize) -> io::Result<usize> {
        let Outgoing { octets, ends, .. } = outgoing;
        let length = message(octets, ends, first).len();
        let alike = (first + 1..ends.len()).take_while(|&index| message(octets, ends, index).len() == length).count();
        let mut count = (1 + alike).min(MAX_PARTS);
        if count < MAX_PARTS && (1..length).contains(&message(octets, ends, first + count).len()) {
            count += 1;
        }
        let all = octets.get(start(ends, first)..start(ends, first + count)).unwrap_or_default();
        let parts = u16::try_from(length).ok().filter(|_| count > 1);
        let control = parts.as_ref().map(ControlMessage::UdpGsoSegments);
        let send = || sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(all)], control.as_slice(), MsgFlags::empty(), None);
        // A datagram leaves whole or not at all.
        socket.try_io(Interest::WRITABLE, || Ok(send()?)).map(|_| count)
    }

    /// Kernels before 4.18 do not know how; some devices cannot; a message that is larger than what the network takes has to go apart.
    fn cannot_part(error: &io::Error) -> bool {
        matches!(
            error.raw_os_error().map(Errno::from_raw),
            Some(Errno::EINVAL | Errno::EIO | Errno::ENOPROTOOPT | Errno::EOPNOTSUPP | Errno::EMSGSIZE)
        )
    }

    /// Sends messages from `first` on, each by itself; says how many left. An error is about the first.
    fn send_apart(socket: &UdpSocket, outgoing: &mut Outgoing, first: usize) -> io::Result<usize> {
        let Outgoing { octets, ends, calls } = outgoing;
        let slices: [[IoSlice<'_>; 1]; BATCH] = std::array::from_fn(|index| [IoSlice::new(message(octets, ends, first + index))]);
        let addresses = [None; BATCH];
        let count = ends.len().saturating_sub(first).min(BATCH);
        socket.try_io(Interest::WRITABLE, || {
            let sent = sendmmsg(socket.as_raw_fd(), &mut calls.calls, slices.iter().take(count), addresses, [], MsgFlags::empty())?;
            Ok(sent.count())
        })
    }

    /// Receives what is there; says how many messages.
    pub(in super::super) fn receive(socket: &UdpSocket, incoming: &mut Incoming) -> io::Result<usize> {
        let Incoming { buffers, lengths, calls } = incoming;
        let mut slices = buffers.iter_mut();
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
            std::array::from_fn(|_| [IoSliceMut::new(slices.next().map_or(&mut [][..], |buffer| &mut buffer[..]))]);
        let mut count = 0;
        let result = socket.try_io(Interest::READABLE, || {
            let received = recvmmsg(socket.as_raw_fd(), calls, slices.iter_mut(), MsgFlags::empty(), None)?;
            for (length, message) in lengths.iter_mut().zip(received) {
                *length = message.bytes;
                count += 1;
            }
            // Fewer than there is room for: the kernel has just found the socket empty. To say so here spares another call.
            if count < BATCH { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        match result {
            Err(error) if count == 0 => Err(error),
            _ => Ok(count),
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::net::UdpSocket as StdSocket;
    use std::time::Duration;

    use super::*;

    /// Messages of these lengths, each of a letter of its own.
    fn messages(lengths: &[usize]) -> Vec<Vec<u8>> {
        lengths.iter().zip(b'A'..).map(|(length, letter)| vec![letter; *length]).collect()
    }

    /// What arrives of the messages, one after the other.
    async fn arriving(lengths: &[usize], parts: bool) -> Vec<Vec<u8>> {
        let server = StdSocket::bind("127.0.0.1:0").unwrap();
        server.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let (socket, _) = open(server.local_addr().unwrap(), 1 << 20).unwrap();
        socket.writable().await.unwrap();
        let mut outgoing = Outgoing::new();
        outgoing.calls.parts = parts;
        messages(lengths).iter().for_each(|message| outgoing.push(|octets| octets.extend_from_slice(message)));
        let sent = send(&socket, &mut outgoing);
        assert_eq!((sent.count, sent.fault.is_none()), (lengths.len(), true));
        let mut buffer = [0; 512];
        lengths.iter().map(|_| server.recv(&mut buffer).map(|length| buffer[..length].to_vec()).unwrap()).collect()
    }

    #[tokio::test]
    async fn messages_that_leave_together_arrive_apart() {
        let long_run = [300; 130];
        for lengths in [&[40, 40, 40, 39, 39, 20, 61, 60, 61][..], &[17], &[29, 30], &[30, 29], &long_run] {
            assert_eq!(arriving(lengths, true).await, messages(lengths), "{lengths:?}");
            assert_eq!(arriving(lengths, false).await, messages(lengths), "{lengths:?}");
        }
    }

    #[tokio::test]
    async fn what_the_kernel_does_not_part_leaves_apart() {
        let server = StdSocket::bind("127.0.0.1:0").unwrap();
        let (socket, _) = open(server.local_addr().unwrap(), 1 << 20).unwrap();
        socket.writable().await.unwrap();
        let mut outgoing = Outgoing::new();
        // Together more than a datagram can have.
        (0..40).for_each(|_| outgoing.push(|octets| octets.extend_from_slice(&[0; 2000])));
        let sent = send(&socket, &mut outgoing);
        assert_eq!((sent.count, sent.fault.is_none(), outgoing.calls.parts), (40, true, false));
    }
}

#[cfg(not(target_os = "linux"))]
mod batched {
    //! One message a call.

    use std::io;

    use tokio::net::UdpSocket;

    use super::{Incoming, Outgoing, Sent, message};

    /// Linux only.
    pub(in super::super) fn count_drops(_: &UdpSocket) {}

    /// Receives one message.
    pub(in super::super) fn receive_one(socket: &UdpSocket, incoming: &mut Incoming) -> io::Result<Option<u32>> {
        if let (Some(buffer), Some(length)) = (incoming.buffers.first_mut(), incoming.lengths.first_mut()) {
            *length = socket.try_recv(buffer)?;
        }
        Ok(None)
    }

    pub(super) type SendState = ();
    pub(super) type ReceiveState = ();

    pub(super) fn send_state() -> SendState {}

    pub(super) fn receive_state() -> ReceiveState {}

    /// Sends the messages.
    pub(in super::super) fn send(socket: &UdpSocket, outgoing: &mut Outgoing) -> Sent {
        for index in 0..outgoing.ends.len() {
            if let Err(error) = socket.try_send(message(&outgoing.octets, &outgoing.ends, index)) {
                return Sent { count: index, fault: Some(error) };
            }
        }
        Sent { count: outgoing.ends.len(), fault: None }
    }

    /// Receives what is there; says how many messages.
    pub(in super::super) fn receive(socket: &UdpSocket, incoming: &mut Incoming) -> io::Result<usize> {
        let mut count = 0;
        for (buffer, length) in incoming.buffers.iter_mut().zip(&mut incoming.lengths) {
            match socket.try_recv(buffer) {
                Ok(octets) => *length = octets,
                Err(error) if count == 0 => return Err(error),
                Err(_) => break,
            }
            count += 1;
        }
        Ok(count)
    }
}
