use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;
use crate::position::GaleraPosition;
use crate::position::Position;
use crate::session::token::codec::MAX_CONTENT;
use crate::session::token::samples::{at, largest, millis, of_version_1, tokens};

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn keys(id: u8, secret: u8) -> TokenKeys {
    TokenKeys::new(id, [secret; 32]).unwrap()
}

/// Returns a time at which the token has not expired, if there is one.
fn before(token: &Token) -> SystemTime {
    token.expires() - Duration::from_nanos(1)
}

/// Signs these bytes.
fn signed(keys: &TokenKeys, bytes: &[u8]) -> String {
    let tag = keys.signing.over(bytes).finalize().into_bytes();
    URL_SAFE_NO_PAD.encode([bytes, &tag[..TAG]].concat())
}

#[test]
fn the_format_is_the_documented_one() {
    let token = Token::new(millis(0x0605_0403_0201))
        .wrote(at(0x1122_3344_5566_7788, 9, 0x302_D480), millis(10))
        .wrote_at_unknown_position(millis(11))
        .saw(at(1, 2, 3));
    let text = keys(7, 42).sign(&token);
    assert_eq!(
        text.as_str(),
        "AgcHgYSMoNDAAQGId2ZVRDMiEQmAqYsY94OMoNDAAfaDjKDQwAEBAAoBAAAAAAAAAAIDp9uH5LM2687M8dnJLFYhNA"
    );
    let same = Token::new(millis(100))
        .wrote(at(1, 2, 3), millis(90))
        .saw(at(1, 2, 3));
    assert_eq!(
        keys(7, 42).sign(&same).as_str(),
        "AgcNZAEBAAAAAAAAAAIDCosDwz9iPAAW5eMaHFCdDfY"
    );
}

#[test]
fn the_version_before_is_read() {
    let token = Token::new(millis(0x0605_0403_0201))
        .wrote(at(0x1122_3344_5566_7788, 9, 0x302_D480), millis(10))
        .wrote_at_unknown_position(millis(11))
        .saw(at(1, 2, 3));
    let text = "AQcHAQIDBAUGAYh3ZlVEMyIRCQAAAIDUAgMAAAAACgAAAAAACwAAAAAAAQEAAAAAAAAAAgAAAAMAAAAAAAAAmzzCOM8BX0TfgBkomJP9yA";
    assert_eq!(keys(7, 42).verify(text, millis(0)), Ok(token));
}

/// The times and positions of a service that has run for years: a position of 42 bits, and numbers of 1 to 2 billion.
#[test]
fn tokens_are_as_long_as_documented() {
    const UUID: u128 = 0x3e11_fa47_71ca_11e1_9e33_c80a_a942_9562;
    let postgres = |lsn| at(7_312_345_678_901_234_567, 3, 0x1A2_B3C4_D5E8 + lsn);
    let mariadb = |more| {
        let text = format!("0-1-{}", 1_234_567_890_u64 + more);
        Position::MariaDb(text.parse().unwrap())
    };
    let mysql = |more| {
        let text = format!(
            "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-{}",
            1_234_567_890_u64 + more
        );
        Position::MySql(text.parse().unwrap())
    };
    let after_failover = |more| {
        let other = "94be0a7c-71ca-11e1-9e33-c80aa9429562:1-1000000000";
        Position::MySql(format!("{},{other}", mysql(more)).parse().unwrap())
    };
    let galera = |more| Position::Galera(GaleraPosition::new(UUID, 1_234_567_890 + more));

    let keys = keys(1, 1);
    let length = |token: &Token| keys.sign(token).as_str().len();
    // In the year 2040; a token lives for an hour.
    let (now, expires) = (millis(2_208_988_800_000), millis(2_208_992_400_000));
    let nothing = Token::new(expires);
    assert_eq!(length(&nothing), 34);
    assert_eq!(length(&nothing.clone().wrote_at_unknown_position(now)), 39);
    let lengths = |position: &dyn Fn(u64) -> Position| {
        let wrote = nothing.clone().wrote(position(0), now);
        [
            length(&nothing.clone().saw(position(0))),
            length(&wrote),
            length(&wrote.clone().saw(position(0))),
            length(&wrote.saw(position(10_000))),
        ]
    };
    let all = [
        ("PostgreSQL", lengths(&postgres)),
        ("MariaDB", lengths(&mariadb)),
        ("MySQL", lengths(&mysql)),
        ("MySQL, two servers wrote", lengths(&after_failover)),
        ("Galera", lengths(&galera)),
    ];
    assert_eq!(
        all,
        [
            ("PostgreSQL", [55, 60, 60, 67]),
            ("MariaDB", [46, 51, 51, 58]),
            ("MySQL", [68, 74, 74, 80]),
            ("MySQL, two servers wrote", [100, 106, 106, 112]),
            ("Galera", [63, 68, 68, 75]),
        ]
    );
    assert_eq!(length(&largest()), 119);
}

#[test]
fn a_token_expires_at_its_time() {
    let keys = keys(1, 1);
    let text = keys.sign(&Token::new(millis(10))).to_string();
    assert!(keys.verify(&text, millis(9)).is_ok());
    assert_eq!(keys.verify(&text, millis(10)), Err(Rejection::Expired));
    assert_eq!(keys.verify(&text, millis(11)), Err(Rejection::Expired));
}

#[test]
fn after_a_rotation_old_tokens_are_read_and_new_ones_written() {
    let token = Token::new(millis(10));
    let (old, new) = (keys(1, 1), keys(2, 2));
    let rotated = new.clone().also_verify(1, [1; 32]).unwrap();
    let verified = |text: SignedToken| rotated.verify(text.as_str(), millis(0));
    assert_eq!(verified(old.sign(&token)), Ok(token.clone()));
    assert_eq!(verified(new.sign(&token)), Ok(token.clone()));
    assert_eq!(rotated.sign(&token), new.sign(&token));
    let text = rotated.sign(&token).to_string();
    assert_eq!(old.verify(&text, millis(0)), Err(Rejection::UnknownKey));
}

#[test]
fn a_future_version_is_refused_even_if_signed() {
    let keys = keys(1, 1);
    for version in [0, 3, 255] {
        let text = signed(&keys, &[version, 1, 0, 9]);
        assert_eq!(
            keys.verify(&text, millis(0)),
            Err(Rejection::UnknownVersion)
        );
    }
    let text = signed(&keys, &[2, 1, 0, 9]);
    assert_eq!(keys.verify(&text, millis(0)), Ok(Token::new(millis(9))));
}

#[test]
fn a_signed_content_that_is_none_is_malformed() {
    let keys = keys(1, 1);
    for content in [
        &[1][..],
        &[1, 0],
        &[1, 8, 9, 0, 0, 0, 0, 0],
        &[1, 0, 9, 0, 0, 0, 0, 0, 0],
        &[2],
        &[2, 0],
        &[2, 16, 9],
        &[2, 0, 9, 0],
        // Nine, in two bytes.
        &[2, 0, 0x89, 0],
        // A time of 49 bits, a number of more than 64, and one without an end.
        &[2, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40],
        &[
            2, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2,
        ],
        &[
            2, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0,
        ],
        // A floor that is the required position, which is missing.
        &[2, 8, 9],
        &[2, 12, 9],
    ] {
        let text = signed(&keys, &[&content[..1], &[1], &content[1..]].concat());
        assert_eq!(
            keys.verify(&text, millis(0)),
            Err(Rejection::Malformed),
            "{content:?}"
        );
    }
}

#[test]
fn an_oversized_text_is_refused_unread() {
    let keys = keys(1, 1);
    for length in [257, 4096, 1 << 20] {
        let text = "A".repeat(length);
        assert_eq!(keys.verify(&text, millis(0)), Err(Rejection::TooLong));
    }
    // A text of the maximum length is decoded, and is not a token.
    let text = signed(&keys, &[&[2, 1], &[0; 174][..]].concat());
    assert_eq!(text.len(), SignedToken::MAX_LEN);
    assert_eq!(keys.verify(&text, millis(0)), Err(Rejection::Malformed));
}

#[test]
fn a_signature_for_another_purpose_is_none() {
    let keys = keys(1, 1);
    let bytes = [2, 1, 0, 9];
    let mac = Hmac::<Sha256>::new_from_slice(&[1; 32]).unwrap();
    let tag = mac.chain_update(bytes).finalize().into_bytes();
    let text = URL_SAFE_NO_PAD.encode([&bytes, &tag[..TAG]].concat());
    assert_eq!(keys.verify(&text, millis(0)), Err(Rejection::BadSignature));
}

#[test]
fn short_secrets_and_double_ids_are_refused() {
    let short = KeyError::ShortSecret { id: 3, length: 15 };
    assert_eq!(TokenKeys::new(3, [0; 15]).unwrap_err(), short);
    assert!(TokenKeys::new(3, [0; 16]).is_ok());
    assert!(TokenKeys::new(3, [0; 1000]).is_ok());
    let double = KeyError::DuplicateId { id: 1 };
    assert_eq!(keys(1, 1).also_verify(1, [2; 32]).unwrap_err(), double);
    assert_eq!(keys(2, 2).also_verify(3, [0; 15]).unwrap_err(), short);
}

#[test]
fn debug_shows_no_secret() {
    let keys = TokenKeys::new(1, "correct horse battery").unwrap();
    let keys = keys.also_verify(2, "staple, said the fox").unwrap();
    assert_eq!(
        format!("{keys:?}"),
        "TokenKeys { signs_with: 1, also_verifies: [2], .. }"
    );
}

/// Such sets grow if a server's writes are replicated in part only.
#[test]
fn a_set_of_ten_thousand_intervals_becomes_a_write_of_unknown_position() {
    let intervals: String = (1..=10_000).map(|n| format!(":{}", 2 * n)).collect();
    let set = format!("3e11fa47-71ca-11e1-9e33-c80aa9429562{intervals}");
    let position = Position::MySql(set.parse().unwrap());
    let (now, keys) = (millis(1_000), TokenKeys::new(1, [7; 32]).unwrap());
    let token = Token::new(millis(9_000)).wrote(position.clone(), now);
    let text = keys.sign(&token).to_string();
    assert!(text.len() <= SignedToken::MAX_LEN);
    let read = keys.verify(&text, now).unwrap();
    assert_eq!((read.required(), read.unknown_since()), (None, Some(now)));
    // The time of what was only seen is unknown: it counts as the latest possible.
    let token = Token::new(millis(9_000)).saw(position);
    let read = keys.verify(keys.sign(&token).as_str(), now).unwrap();
    assert_eq!(
        (read.floor(), read.unknown_since()),
        (None, Some(millis(9_000)))
    );
}

proptest! {
    #[test]
    fn what_was_signed_is_verified(token in tokens(), id: u8, secret: [u8; 32]) {
        let keys = TokenKeys::new(id, secret).unwrap();
        let text = keys.sign(&token).to_string();
        prop_assert!(text.len() <= SignedToken::MAX_LEN);
        prop_assert_eq!(text.parse::<SignedToken>(), Ok(keys.sign(&token)));
        prop_assert_eq!(keys.verify(&text, before(&token)), Ok(token.fitted().into_owned()));
    }

    #[test]
    fn what_the_version_before_signed_is_verified(token in tokens(), id: u8) {
        let content = of_version_1(&token);
        prop_assume!(content.len() <= MAX_CONTENT);
        let keys = keys(id, 1);
        let text = signed(&keys, &[&[1, id], &content[..]].concat());
        prop_assert_eq!(keys.verify(&text, before(&token)), Ok(token));
    }

    #[test]
    fn signed_bytes_from_anywhere_are_read_without_harm(
        version in 0..4_u8,
        content in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let keys = keys(1, 1);
        let text = signed(&keys, &[&[version, 1], &content[..]].concat());
        if let Ok(token) = keys.verify(&text, millis(0)) {
            prop_assert!(version == 1 || keys.sign(&token).as_str() == text);
        }
    }

    #[test]
    fn no_token_of_another_key_is_honoured(token in tokens(), id: u8, other_id: u8, secret: [u8; 32], bit in 0..256usize) {
        let mut other = secret;
        other[bit / 8] ^= 1 << (bit % 8);
        let ours = TokenKeys::new(id, secret).unwrap();
        let text = TokenKeys::new(other_id, other).unwrap().sign(&token).to_string();
        let expected = if id == other_id { Rejection::BadSignature } else { Rejection::UnknownKey };
        prop_assert_eq!(ours.verify(&text, before(&token)), Err(expected));
    }

    #[test]
    fn a_token_with_any_letter_changed_is_refused(token in tokens(), place: prop::sample::Index, letter in prop::sample::select(LETTERS)) {
        let keys = keys(1, 1);
        let mut text = keys.sign(&token).to_string().into_bytes();
        let place = place.index(text.len());
        prop_assume!(text[place] != letter);
        text[place] = letter;
        let text = String::from_utf8(text).unwrap();
        prop_assert!(keys.verify(&text, before(&token)).is_err());
    }

    #[test]
    fn a_token_cut_or_grown_is_refused(token in tokens(), place: prop::sample::Index, extra in "[A-Za-z0-9_-]{1,9}") {
        let keys = keys(1, 1);
        let text = keys.sign(&token).to_string();
        let place = place.index(text.len());
        prop_assert!(keys.verify(&text[..place], before(&token)).is_err());
        prop_assert!(keys.verify(&text[place..], before(&token)).is_err() || place == 0);
        for grown in [text.clone() + &extra, extra + &text] {
            prop_assert!(keys.verify(&grown, before(&token)).is_err());
        }
    }

    #[test]
    fn no_text_is_taken_for_a_token(text in "\\PC{0,300}") {
        prop_assert!(keys(1, 1).verify(&text, millis(0)).is_err());
    }
}

/// Tests every bit: a signature that leaves one out fails here.
#[test]
fn a_token_with_any_bit_flipped_is_refused() {
    let keys = keys(1, 1);
    let token = largest();
    let bytes = URL_SAFE_NO_PAD.decode(keys.sign(&token).as_str()).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let text = URL_SAFE_NO_PAD.encode(flipped);
        let expected = match bit / 8 {
            // No bit makes a one of a two.
            0 => Rejection::UnknownVersion,
            1 => Rejection::UnknownKey,
            _ => Rejection::BadSignature,
        };
        assert_eq!(
            keys.verify(&text, before(&token)),
            Err(expected),
            "bit {bit}"
        );
    }
}
