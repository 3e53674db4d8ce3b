//! Batched UDP: up to 64 messages with one system call on Linux, one by one elsewhere.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use super::question::MAX_QUERY_OCTETS;

pub(super) use self::batched::{receive, receive_one, send};

/// Messages of one system call.
pub(super) const BATCH: usize = 64;
/// Room for one datagram. More than we advertise, because not every server heeds that.
const DATAGRAM_OCTETS: usize = 4096;

/// Opens a non-blocking socket that hears nobody but `resolver`, on a port that the kernel chooses at random; says how large a
/// receive buffer the kernel granted.
pub(super) fn open(resolver: SocketAddr, receive_buffer: usize) -> io::Result<(UdpSocket, usize)> {
    let socket = Socket::new(Domain::for_address(resolver), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // Asking for more than the system allows is no error: it grants what it allows.
    let _ = socket.set_recv_buffer_size(receive_buffer);
    let granted = socket.recv_buffer_size()?;
    // Where the kernel does not count what it drops, nothing is counted.
    batched::count_drops(&socket);
    socket.connect(&resolver.into())?;
    Ok((UdpSocket::from_std(socket.into())?, granted))
}

/// Messages to send with one call.
pub(super) struct Outgoing {
    octets: Vec<u8>,
    ends: Vec<usize>,
    calls: batched::SendState,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self { octets: Vec::with_capacity(BATCH * MAX_QUERY_OCTETS), ends: Vec::with_capacity(BATCH), calls: batched::send_state() }
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

/// The message that ends at `ends[index]`; empty beyond the last.
fn message<'a>(octets: &'a [u8], ends: &[usize], index: usize) -> &'a [u8] {
    let start = index.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    ends.get(index).and_then(|&end| octets.get(start..end)).unwrap_or_default()
}

/// Room for the messages of one call.
pub(super) struct Incoming {
    buffers: Vec<[u8; DATAGRAM_OCTETS]>,
    lengths: [usize; BATCH],
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
    //! `sendmmsg` and `recvmmsg`.

    use std::io::{self, IoSlice, IoSliceMut};
    use std::os::fd::AsRawFd as _;

    use nix::cmsg_space;
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, MultiHeaders, recvmmsg, recvmsg, sendmmsg, setsockopt, sockopt};
    use socket2::Socket;
    use tokio::io::Interest;
    use tokio::net::UdpSocket;

    use super::{BATCH, Incoming, Outgoing, message};

    /// Has the kernel say how many datagrams it has dropped because the buffer was full (`SO_RXQ_OVFL`).
    pub(super) fn count_drops(socket: &Socket) {
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
    pub(super) type SendState = MultiHeaders<()>;
    pub(super) type ReceiveState = MultiHeaders<()>;

    pub(super) fn send_state() -> SendState {
        MultiHeaders::preallocate(BATCH, None)
    }

    pub(super) fn receive_state() -> ReceiveState {
        MultiHeaders::preallocate(BATCH, None)
    }

    /// Sends the messages from the first on; says how many left. An error is about the first.
    pub(in super::super) fn send(socket: &UdpSocket, outgoing: &mut Outgoing) -> io::Result<usize> {
        let Outgoing { octets, ends, calls } = outgoing;
        let slices: [[IoSlice<'_>; 1]; BATCH] = std::array::from_fn(|index| [IoSlice::new(message(octets, ends, index))]);
        let addresses = [None; BATCH];
        let count = ends.len();
        socket.try_io(Interest::WRITABLE, || {
            let sent = sendmmsg(socket.as_raw_fd(), calls, slices.iter().take(count), addresses, [], MsgFlags::empty())?;
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

#[cfg(not(target_os = "linux"))]
mod batched {
    //! One message a call.

    use std::io;

    use tokio::net::UdpSocket;

    use super::{Incoming, Outgoing, message};

    /// Linux only.
    pub(super) fn count_drops(_: &socket2::Socket) {}

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

    /// Sends the messages from the first on; says how many left. An error is about the first.
    pub(in super::super) fn send(socket: &UdpSocket, outgoing: &mut Outgoing) -> io::Result<usize> {
        for index in 0..outgoing.ends.len() {
            match socket.try_send(message(&outgoing.octets, &outgoing.ends, index)) {
                Ok(_) => {}
                Err(error) if index == 0 => return Err(error),
                Err(_) => return Ok(index),
            }
        }
        Ok(outgoing.ends.len())
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
