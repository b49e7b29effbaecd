//! A look at what goes over the wire.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// A message that passed on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A prepared statement was run, with this SQL.
    Ran(String),
    /// A statement was prepared, with this SQL.
    Prepared(String),
    /// Something came back.
    Answer,
}

/// What passed, by connection.
type All = Arc<Mutex<HashMap<usize, Vec<Seen>>>>;

/// A relay that notes which statements its clients run, and when something comes back.
pub(super) struct Tap {
    port: u16,
    all: All,
}

impl Tap {
    /// Creates one in front of a URL with a host and a port.
    pub(super) fn before(url: &str) -> Self {
        let target = url
            .split(['@', '/'])
            .find(|part| part.starts_with("127.0.0.1:"));
        let target = target.expect("a port").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let all = All::default();
        let own = Arc::clone(&all);
        thread::spawn(move || {
            for (id, client) in listener.incoming().enumerate() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect(&target) else {
                    continue;
                };
                for socket in [&client, &server] {
                    socket.set_nodelay(true).expect("no delay");
                }
                pass(id, &own, client, server);
            }
        });
        Self { port, all }
    }

    pub(super) fn url(&self) -> String {
        format!(
            "postgresql://app@127.0.0.1:{}/app?sslmode=disable",
            self.port
        )
    }

    /// Forgets what has passed.
    pub(super) fn forget(&self) {
        lock(&self.all).clear();
    }

    /// Returns what passed on the one connection on which a statement with this text was run.
    pub(super) fn seen_where(&self, text: &str) -> Vec<Seen> {
        let all = lock(&self.all);
        let has = |seen: &&Vec<Seen>| {
            seen.iter()
                .any(|seen| matches!(seen, Seen::Ran(sql) if sql.contains(text)))
        };
        let mut found = all.values().filter(has);
        let seen = found.next().expect("a connection").clone();
        assert!(found.next().is_none(), "more than one: {all:?}");
        seen
    }
}

fn lock(all: &All) -> MutexGuard<'_, HashMap<usize, Vec<Seen>>> {
    all.lock().expect("a lock")
}

/// Passes on what both sides send.
fn pass(id: usize, all: &All, mut client: TcpStream, mut server: TcpStream) {
    let (mut back_from, mut back_to) = (
        server.try_clone().expect("a socket"),
        client.try_clone().expect("a socket"),
    );
    let own = Arc::clone(all);
    thread::spawn(move || {
        let mut chunk = [0; 1 << 16];
        while let Ok(count @ 1..) = back_from.read(&mut chunk) {
            note(&own, id, Seen::Answer);
            if back_to.write_all(&chunk[..count]).is_err() {
                break;
            }
        }
        let _ = back_to.shutdown(Shutdown::Both);
    });
    let own = Arc::clone(all);
    thread::spawn(move || {
        let (mut chunk, mut messages) = ([0; 1 << 16], Messages::default());
        while let Ok(count @ 1..) = client.read(&mut chunk) {
            for seen in messages.add(&chunk[..count]) {
                note(&own, id, seen);
            }
            if server.write_all(&chunk[..count]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    });
}

fn note(all: &All, id: usize, seen: Seen) {
    lock(all).entry(id).or_default().push(seen);
}

/// The messages of a client.
#[derive(Default)]
struct Messages {
    rest: Vec<u8>,
    has_started: bool,
    /// By their names.
    prepared: HashMap<String, String>,
}

impl Messages {
    /// Takes what a client sent, and returns what it runs by that.
    fn add(&mut self, chunk: &[u8]) -> Vec<Seen> {
        self.rest.extend_from_slice(chunk);
        let mut all = Vec::new();
        loop {
            // The first message has no tag.
            let tag = usize::from(self.has_started);
            let Some(length) = self.rest.get(tag..tag + 4) else {
                return all;
            };
            let length = u32::from_be_bytes(length.try_into().expect("four bytes"));
            let end = tag + usize::try_from(length).expect("a length");
            if self.rest.len() < end {
                return all;
            }
            let message: Vec<u8> = self.rest.drain(..end).collect();
            if self.has_started {
                all.extend(self.read(message[0], &message[5..]));
            }
            self.has_started = true;
        }
    }

    fn read(&mut self, tag: u8, body: &[u8]) -> Option<Seen> {
        let mut texts = body
            .split(|&byte| byte == 0)
            .map(|text| String::from_utf8_lossy(text).into_owned());
        match tag {
            b'P' => {
                let (name, sql) = (texts.next()?, texts.next()?);
                self.prepared.insert(name, sql.clone());
                Some(Seen::Prepared(sql))
            }
            b'B' => {
                let name = texts.nth(1)?;
                self.prepared.get(&name).cloned().map(Seen::Ran)
            }
            _ => None,
        }
    }
}
