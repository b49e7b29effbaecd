//! Whatever is signed with the right key either is refused, or is the one text of the token it stands
//! for: this reaches the parser behind the signature. Version 1 may have several texts, which all are read.

#![no_main]

use std::time::UNIX_EPOCH;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel_routing::{SignedToken, Token, TokenKeys};
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;

const SECRET: [u8; 32] = [7; 32];

fuzz_target!(|content: &[u8]| {
    let keys = TokenKeys::new(1, SECRET).expect("32 bytes are enough");
    for version in [1, 2] {
        let text = signed(version, content);
        let Ok(token) = keys.verify(&text, UNIX_EPOCH) else {
            continue;
        };
        let again = keys.sign(&token);
        if version == 2 {
            assert_eq!(again.as_str(), text);
        }
        assert!(again.as_str().len() <= SignedToken::MAX_LEN);
        check(token);
    }
});

fn check(token: Token) {
    assert_eq!(token.merge(&token), token);
    if let Some(position) = token.required() {
        let clamped = token.clone().clamped_to(&position);
        assert_eq!(clamped.required().as_ref(), Some(&position));
        assert!(token.for_cluster_of(&position).is_ok());
    }
}

/// Returns this content in a version of the format, signed by key 1.
fn signed(version: u8, content: &[u8]) -> String {
    let mut bytes = [&[version, 1], content].concat();
    let tag = Hmac::<Sha256>::new_from_slice(&SECRET)
        .expect("every length is a key's")
        .chain_update(b"diesel-routing session token\0")
        .chain_update(&bytes)
        .finalize()
        .into_bytes();
    bytes.extend(&tag[..16]);
    URL_SAFE_NO_PAD.encode(bytes)
}
