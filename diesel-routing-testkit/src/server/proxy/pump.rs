use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use socket2::Socket;

use super::gate::{Closed, Gate};

/// The bytes that may be on their way before the sender has to wait, as it would for the receiver.
const MOST_ON_THE_WAY: usize = 64 * 1024 * 1024;

/// One direction of a connection: passes on what it reads, each chunk after the delay.
#[derive(Debug)]
pub(super) struct Pump<'a> {
    gate: &'a Gate,
    id: u64,
    way: Way,
    from: &'a Socket,
    to: &'a Socket,
    /// The parts that were read and are not due yet, in order: where the delay was longer a moment ago, what comes
    /// later waits for what came before.
    on_the_way: VecDeque<(Instant, Part)>,
    /// The length of all that.
    bytes: usize,
    /// The sender will send nothing more.
    has_ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ToServer,
    ToClient,
}

#[derive(Debug)]
enum Part {
    Bytes(Vec<u8>),
    /// The sender has closed its side.
    End,
    /// The sender is gone.
    Failure,
}

impl<'a> Pump<'a> {
    pub(super) fn new(gate: &'a Gate, id: u64, way: Way, from: &'a Socket, to: &'a Socket) -> Self {
        Self {
            gate,
            id,
            way,
            from,
            to,
            on_the_way: VecDeque::new(),
            bytes: 0,
            has_ended: false,
        }
    }

    /// Goes on until the connection is closed or the sender's end has got through.
    pub(super) fn run(mut self) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(()) = self.step(&mut buffer) {}
    }

    /// Reads one chunk or delivers one.
    fn step(&mut self, buffer: &mut [u8]) -> Result<(), Closed> {
        if let Some(&(due, _)) = self.on_the_way.front() {
            if self.has_ended || self.bytes >= MOST_ON_THE_WAY {
                self.gate.wait_until(self.id, due)?;
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.deliver_next();
            }
            if !is_readable_within(self.from, left) {
                return Ok(());
            }
        }
        let part = match self.from.read(buffer) {
            Ok(0) => Part::End,
            Ok(length) => Part::Bytes(buffer[..length].to_vec()),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(_) => Part::Failure,
        };
        self.take(part)
    }

    fn take(&mut self, part: Part) -> Result<(), Closed> {
        if let Part::Bytes(bytes) = &part {
            self.bytes += bytes.len();
            if self.way == Way::ToServer {
                self.gate.asked(self.id)?;
            }
        } else {
            self.has_ended = true;
        }
        let due = Instant::now() + self.gate.delay();
        self.on_the_way.push_back((due, part));
        Ok(())
    }

    fn deliver_next(&mut self) -> Result<(), Closed> {
        // Asked after the read: what was sent once the proxy hangs must not get through, not even
        // the end of the connection.
        self.gate.pass(self.id)?;
        let drops_answers = self.gate.drops_answers(self.id)?;
        match self.on_the_way.pop_front() {
            None => Ok(()),
            Some((_, Part::Bytes(bytes))) => {
                self.bytes -= bytes.len();
                self.deliver(&bytes, drops_answers)
            }
            Some(_) if drops_answers && self.way == Way::ToClient => Err(Closed),
            Some((_, Part::End)) => {
                let _ = self.to.shutdown(Shutdown::Write);
                Err(Closed)
            }
            Some((_, Part::Failure)) => self.close(),
        }
    }

    fn deliver(&mut self, bytes: &[u8], drops_answers: bool) -> Result<(), Closed> {
        if self.way == Way::ToClient {
            if drops_answers {
                return Ok(());
            }
            // Before the client can know.
            self.gate.answered(self.id)?;
        }
        match self.to.write_all(bytes) {
            Ok(()) => Ok(()),
            // That its server is gone is also an answer.
            Err(_) if drops_answers => Ok(()),
            Err(_) => self.close(),
        }
    }

    fn close(&self) -> Result<(), Closed> {
        self.gate.close(self.id);
        Err(Closed)
    }
}

/// Waits until there is something to read, at most for `limit`; as precisely as the kernel's timers, which a
/// socket's read timeout is not.
fn is_readable_within(socket: &Socket, limit: Duration) -> bool {
    let mut sockets = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    match ppoll(&mut sockets, Some(TimeSpec::from_duration(limit)), None) {
        Ok(ready) => ready > 0,
        // A signal.
        Err(_) => false,
    }
}
