//! The picture of `watch`, on a terminal of the tests' own.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use diesel_routing_testkit::SqliteCluster;
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use crate::SOON;

/// What ends the use of another screen, and shows the cursor: the terminal is as it was.
const LEAVES: &str = "\u{1b}[?1049l";
const SHOWS_CURSOR: &str = "\u{1b}[?25h";

/// A program on a terminal.
struct Terminal {
    pty: &'static Pty,
    child: Child,
    shown: Receiver<String>,
    all: String,
    modes: LocalModes,
}

impl Terminal {
    fn watch(cluster: &SqliteCluster) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(12, 40)).unwrap();
        // A thread reads it until the program has gone; the test's end is the process's.
        let pty: &'static Pty = Box::leak(Box::new(pty));
        let modes = tcgetattr(pty).unwrap().local_modes;
        assert!(modes.contains(LocalModes::ECHO));
        let child = Command::new(env!("CARGO_BIN_EXE_diesel-routing"))
            .args(["watch", "--interval", "100ms", "-n"])
            .arg(format!("db-1:primary={}", cluster.primary_url()))
            .arg("-n")
            .arg(format!("db-2:replica={}", cluster.replica_url(0).unwrap()))
            .env_remove("COLUMNS")
            .env("TERM", "xterm-256color")
            .spawn(pts)
            .unwrap();
        let (to, shown) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            let mut pty = pty;
            while let Ok(length) = pty.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                if length == 0 || to.send(text).is_err() {
                    break;
                }
            }
        });
        Self {
            pty,
            child,
            shown,
            all: String::new(),
            modes,
        }
    }

    /// Waits until something is drawn, from now on.
    fn await_text(&mut self, text: &str) {
        let end = Instant::now() + SOON;
        let from = self.all.len();
        loop {
            let limit = end.saturating_duration_since(Instant::now());
            match self.shown.recv_timeout(limit) {
                Ok(more) => self.all += &more,
                Err(error) => panic!("{text:?} is not drawn ({error}): {:?}", self.all),
            }
            if self.all[from..].contains(text) {
                let modes = tcgetattr(self.pty).unwrap().local_modes;
                assert!(
                    !modes.contains(LocalModes::ECHO),
                    "it draws over what is typed"
                );
                return;
            }
        }
    }

    fn press(&mut self, key: &[u8]) {
        let mut pty = self.pty;
        pty.write_all(key).unwrap();
    }

    /// Waits for the end, and checks that the terminal is as it was.
    fn end(mut self) -> Option<i32> {
        let status = self.child.wait().unwrap();
        while !self.all.contains(SHOWS_CURSOR) {
            match self.shown.recv_timeout(SOON) {
                Ok(more) => self.all += &more,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        assert!(
            self.all.contains(LEAVES) && self.all.contains(SHOWS_CURSOR),
            "{:?}",
            self.all
        );
        assert_eq!(tcgetattr(self.pty).unwrap().local_modes, self.modes);
        status.code()
    }
}

#[test]
fn q_and_control_c_leave_the_terminal_as_it_was() {
    let cluster = SqliteCluster::builder().start().unwrap();
    for key in [&b"q"[..], b"\x03"] {
        let mut terminal = Terminal::watch(&cluster);
        terminal.await_text("db-2");
        terminal.press(key);
        assert_eq!(terminal.end(), Some(0), "{key:?}");
    }
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let cluster = SqliteCluster::builder().start().unwrap();
    let mut terminal = Terminal::watch(&cluster);
    terminal.await_text("db-2");
    kill_process(Pid::from_child(&terminal.child), Signal::TERM).unwrap();
    assert_eq!(terminal.end(), Some(130));
}

#[test]
fn it_is_drawn_anew_when_the_terminal_changes_its_size() {
    let cluster = SqliteCluster::builder().start().unwrap();
    let mut terminal = Terminal::watch(&cluster);
    terminal.await_text("db-2");
    terminal.pty.resize(Size::new(20, 110)).unwrap();
    // There is room for it now.
    terminal.await_text("SQLite");
    terminal.press(b"q");
    assert_eq!(terminal.end(), Some(0));
}
