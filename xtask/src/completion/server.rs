//! rust-analyzer, spoken to as an editor does: JSON-RPC in messages with a header.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{name, uri};

/// Its answer to a question about a file that has changed meanwhile: ask again.
const CONTENT_MODIFIED: i64 = -32801;

/// A server that has read a workspace.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    last_id: u64,
    uri: String,
}

impl Server {
    /// Starts one, which builds what it needs to know in `target`, and reads std in `sources`.
    pub(super) fn start(dir: &Path, target: &Path, sources: &Path) -> Result<Self> {
        let mut child = Command::new("rust-analyzer")
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("rust-analyzer could not be started")?;
        let to = child.stdin.take().context("it has no input")?;
        let from = child.stdout.take().context("it has no output")?;
        let mut server = Self {
            child,
            to,
            from: BufReader::new(from),
            last_id: 0,
            uri: String::new(),
        };
        server.ask(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "rootUri": uri(dir)?,
                "capabilities": { "experimental": { "serverStatusNotification": true } },
                "initializationOptions": {
                    "cargo": { "targetDir": target, "sysrootSrc": sources },
                    "cachePriming": { "enable": false },
                    "checkOnSave": false,
                },
            }),
        )?;
        server.tell("initialized", &json!({}))?;
        Ok(server)
    }

    /// Shows it a file, and waits until it knows all that it depends on.
    pub(super) fn open(&mut self, path: &Path, text: &str) -> Result<()> {
        self.uri = uri(path)?;
        let document = json!({
            "textDocument": { "uri": self.uri, "languageId": "rust", "version": 1, "text": text }
        });
        self.tell("textDocument/didOpen", &document)?;
        loop {
            let message = self.receive()?;
            if message["method"] == "experimental/serverStatus" {
                let status = &message["params"];
                if status["health"] == "error" {
                    bail!("rust-analyzer can't read the sample: {}", status["message"]);
                }
                if status["quiescent"] == true {
                    return Ok(());
                }
            }
        }
    }

    /// Returns the names that it offers at a place.
    pub(super) fn complete(&mut self, line: usize, column: usize) -> Result<Vec<String>> {
        let place = json!({
            "textDocument": { "uri": self.uri },
            "position": { "line": line, "character": column },
        });
        let answer = self.ask("textDocument/completion", &place)?;
        let items = answer.get("items").unwrap_or(&answer);
        let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
        let labels = items.iter().filter_map(|item| item["label"].as_str());
        Ok(labels.map(|label| name(label).to_owned()).collect())
    }

    fn ask(&mut self, method: &str, params: &Value) -> Result<Value> {
        loop {
            self.last_id += 1;
            let id = self.last_id;
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
            let mut answer = loop {
                let message = self.receive()?;
                if message["id"] == id && message.get("method").is_none() {
                    break message;
                }
            };
            let error = &answer["error"];
            if error["code"] == CONTENT_MODIFIED {
                continue;
            }
            if !error.is_null() {
                bail!("rust-analyzer refuses {method}: {}", error["message"]);
            }
            return Ok(answer["result"].take());
        }
    }

    fn tell(&mut self, method: &str, params: &Value) -> Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn send(&mut self, message: &Value) -> Result<()> {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        Ok(self.to.flush()?)
    }

    /// Returns the next message; what the server asks is answered with nothing.
    fn receive(&mut self) -> Result<Value> {
        let (mut length, mut line) = (None, String::new());
        loop {
            line.clear();
            if self.from.read_line(&mut line)? == 0 {
                bail!("rust-analyzer has ended");
            }
            match line.trim().split_once(": ") {
                Some(("Content-Length", number)) => length = Some(number.parse()?),
                Some(_) => {}
                None => break,
            }
        }
        let mut text = vec![0; length.context("a message without its length")?];
        self.from.read_exact(&mut text)?;
        let message: Value = serde_json::from_slice(&text)?;
        if message.get("method").is_some() && message.get("id").is_some() {
            self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }))?;
        }
        Ok(message)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to save.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
