//! `Redis`: a Redis or Valkey of a test's own, on a unix socket.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::program::Program;

#[derive(Debug)]
pub(crate) struct Redis {
    program: Option<Program>,
    dir: TempDir,
}

impl Redis {
    pub(crate) fn start() -> Self {
        let mut this = Self {
            program: None,
            dir: tempfile::tempdir().expect("a directory"),
        };
        this.restart();
        this
    }

    /// Starts it, with nothing in it.
    pub(crate) fn restart(&mut self) {
        self.stop();
        let socket = self.socket();
        let program = Program::start(&["redis-server", "valkey-server"], |dir| {
            let mut arguments = ["--port", "0", "--save", "", "--unixsocket"]
                .map(String::from)
                .to_vec();
            arguments.extend([text(&socket), "--dir".to_owned(), text(dir)]);
            arguments
        });
        self.program = Some(program);
        let since = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            assert!(since.elapsed() < Duration::from_secs(20), "no Redis");
            std::thread::yield_now();
        }
    }

    pub(crate) fn stop(&mut self) {
        self.program = None;
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("text").to_owned()
}
