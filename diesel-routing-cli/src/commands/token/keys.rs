//! Secrets to verify with: from files and the environment, never from the command line, which other users see.

use std::path::PathBuf;

use clap::ValueEnum;
use diesel_routing::TokenKeys;

use super::KeyFile;
use crate::failure::{Failure, chain};

/// The environment variable with a secret.
const SECRET: &str = "DIESEL_ROUTING_TOKEN_SECRET";

/// The form of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Encoding {
    /// As it is; a line break at the end is left out
    Raw,
    /// Two hexadecimal digits a byte
    Hex,
    /// base64, of either alphabet, with padding or without
    Base64,
}

/// Secrets, each with the id of its key if that was given.
pub(super) struct Keys(Vec<(Option<u8>, Vec<u8>)>);

/// Reads the secrets in files, and that in the environment.
pub(super) fn read(files: &[String], encoding: Encoding) -> Result<Keys, Failure> {
    let mut secrets = Vec::new();
    for (id, path) in files.iter().map(|file| key_file(file)) {
        let shown = path.display();
        let bytes = std::fs::read(&path).map_err(|error| {
            Failure::Usage(format!("the key file `{shown}` cannot be read: {error}"))
        })?;
        let secret = decoded(&bytes, encoding);
        let secret = secret.ok_or_else(|| wrong(&format!("the key file `{shown}`"), encoding))?;
        secrets.push((id, secret));
    }
    if let Some(text) = std::env::var_os(SECRET) {
        let secret = decoded(text.as_encoded_bytes(), encoding);
        let secret = secret.ok_or_else(|| wrong(&format!("`{SECRET}`"), encoding))?;
        secrets.push((None, secret));
    }
    Ok(Keys(secrets))
}

impl Keys {
    /// Returns whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns keys for a token that names the key `id`: each secret that may be its.
    pub(super) fn of(&self, id: u8) -> Result<Vec<TokenKeys>, Failure> {
        let may_be = |(known, _): &&(Option<u8>, Vec<u8>)| known.is_none_or(|known| known == id);
        let keys = self.0.iter().filter(may_be).map(|(_, secret)| {
            let keys = TokenKeys::new(id, secret);
            keys.map_err(|error| Failure::Usage(chain(&error)))
        });
        keys.collect()
    }
}

fn key_file(text: &str) -> KeyFile {
    if let Some((id, path)) = text.split_once('=')
        && let Ok(id) = id.parse()
    {
        return (Some(id), PathBuf::from(path));
    }
    (None, PathBuf::from(text))
}

fn wrong(what: &str, encoding: Encoding) -> Failure {
    let encoding = match encoding {
        Encoding::Raw => "raw",
        Encoding::Hex => "hexadecimal",
        Encoding::Base64 => "base64",
    };
    Failure::Usage(format!("{what} is not {encoding}: see `--key-encoding`"))
}

fn decoded(bytes: &[u8], encoding: Encoding) -> Option<Vec<u8>> {
    use base64::Engine;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

    let without_break = || {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        bytes.strip_suffix(b"\r").unwrap_or(bytes)
    };
    match encoding {
        Encoding::Raw => Some(without_break().to_vec()),
        Encoding::Hex => {
            let text = std::str::from_utf8(bytes).ok()?.trim();
            let pairs = text.as_bytes().chunks(2);
            let bytes = pairs.map(|pair| {
                let pair = std::str::from_utf8(pair)
                    .ok()
                    .filter(|pair| pair.len() == 2)?;
                u8::from_str_radix(pair, 16).ok()
            });
            bytes.collect()
        }
        Encoding::Base64 => {
            let text = std::str::from_utf8(bytes).ok()?.trim();
            let text = text.replace('-', "+").replace('_', "/");
            let config = GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent);
            GeneralPurpose::new(&STANDARD, config).decode(text).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_in_each_encoding() {
        for (text, encoding, secret) in [
            (&b"ab\r\n"[..], Encoding::Raw, Some(&b"ab"[..])),
            (b"ab\n\n", Encoding::Raw, Some(b"ab\n")),
            (b"6162\n", Encoding::Hex, Some(b"ab")),
            (b"616", Encoding::Hex, None),
            (b"xx", Encoding::Hex, None),
            (b"YWI=\n", Encoding::Base64, Some(b"ab")),
            (b"YWI", Encoding::Base64, Some(b"ab")),
            (b"-_8", Encoding::Base64, Some(b"\xfb\xff")),
            (b"?", Encoding::Base64, None),
        ] {
            assert_eq!(decoded(text, encoding).as_deref(), secret, "{encoding:?}");
        }
    }

    #[test]
    fn a_key_file_may_name_its_key() {
        assert_eq!(key_file("7=/run/key"), (Some(7), "/run/key".into()));
        assert_eq!(key_file("/run/a=b"), (None, "/run/a=b".into()));
    }
}
