use proptest::prelude::*;

use super::*;

const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const B: &str = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

fn at(text: &str) -> MySqlPosition {
    let text = text.replace('A', A).replace('B', B);
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

fn uuid(text: &str) -> u128 {
    parse_uuid(text).unwrap()
}

/// Generates positions, often near others.
pub(super) fn samples() -> BoxedStrategy<MySqlPosition> {
    let source =
        (0..4_u128, "|a|_b2", 1..9_u64, 0..4_u64).prop_map(|(uuid, tag, first, more)| Source {
            uuid: uuid << 96,
            tag: tag.into(),
            intervals: [(first, first + more)].into(),
        });
    prop::collection::vec(source, 0..12)
        .prop_map(|sources| MySqlPosition::of_sources(sources).unwrap())
        .boxed()
}

#[test]
fn it_prints_and_parses_mysqls_notation() {
    for text in [
        "",
        "A:1",
        "A:1-5",
        "A:1-5:7",
        "A:1-5,B:2",
        "A:1-3:blue:1-5:7:green:2",
    ] {
        let expected = text.replace('A', A).replace('B', B);
        assert_eq!(at(text).to_string(), expected);
    }
}

#[test]
fn it_is_read_as_mysql_reads_it_and_printed_in_one_way() {
    for (read, printed) in [
        ("B:2,\nA:1-5", "A:1-5,B:2"),
        ("A:4-5:1-3", "A:1-5"),
        ("A:1-3, A:2-9", "A:1-9"),
        ("A:Red:1", "A:red:1"),
        ("A:1,,", "A:1"),
    ] {
        assert_eq!(at(read), at(printed), "{read}");
    }
}

#[test]
fn other_texts_are_refused() {
    for text in [
        "1",
        "A",
        "A:",
        "A:0",
        "A:5-1",
        "A:1-",
        "A:-1",
        "A:1x",
        "A:+1",
        "A:blue",
        "A:9blue:1",
        "A:9223372036854775807",
        "A1:1",
        "3e11fa4771ca11e19e33c80aa9429562:1",
        "A:a-tag:1",
        "A:a234567890123456789012345678901234:1",
    ] {
        let text = text.replace('A', A);
        assert!(text.parse::<MySqlPosition>().is_err(), "{text}");
    }
}

#[test]
fn a_gap_is_not_covered() {
    assert!(!at("A:1-5:7-9").covers(&at("A:6")));
    assert!(!at("A:1-5:7-9").covers(&at("A:1-9")));
    assert!(at("A:1-5:7-9").covers(&at("A:2-3:8")));
    assert!(!at("A:1-9").covers(&at("A:tag:1")));
}

#[test]
fn a_set_of_ten_thousand_intervals_is_handled_in_order() {
    let intervals: String = (1..=10_000).map(|n| format!(":{}", 2 * n)).collect();
    let many = at(&format!("A{intervals}"));
    assert!(at("A:1-20001").covers(&many));
    assert!(many.covers(&at("A:20000")) && !many.covers(&at("A:19999")));
    assert_eq!(many.join(&at("A:1-20000")), at("A:1-20000"));
}

#[test]
fn what_the_primary_may_still_write_is_no_other_history() {
    let primary = at("A:1-99,B:1-5").of_node(uuid(B));
    assert!(primary.may_reach(&at("A:1-99,B:1-7")));
    assert!(!primary.may_reach(&at("A:1-100")), "lost in the failover");
}

#[test]
fn of_two_writable_nodes_the_one_that_wrote_after_it_followed_the_other_succeeds() {
    let old = at("A:1-100").of_node(uuid(A));
    let new = at("A:1-99,B:1-5").of_node(uuid(B));
    assert!(new.succeeds(&old) && !old.succeeds(&new));
    let promoted_just_now = at("A:1-99").of_node(uuid(B));
    assert!(!promoted_just_now.succeeds(&old) && !old.succeeds(&promoted_just_now));
}

fn sets() -> impl Strategy<Value = MySqlPosition> {
    let source = (0..2_u128, 0..2_usize, 1..9_u64, 0..4_u64);
    prop::collection::vec(source, 0..6).prop_map(|sources| {
        let sources = sources.into_iter().map(|(uuid, tag, first, more)| Source {
            uuid,
            tag: ["", "blue"][tag].into(),
            intervals: [(first, first + more)].into(),
        });
        MySqlPosition::of_sources(sources.collect()).unwrap()
    })
}

proptest! {
    #[test]
    fn join_is_the_least_set_that_covers_both(a in sets(), b in sets(), c in sets()) {
        let joined = a.join(&b);
        prop_assert!(joined.covers(&a) && joined.covers(&b));
        prop_assert_eq!(c.covers(&joined), c.covers(&a) && c.covers(&b));
        prop_assert_eq!(&joined, &b.join(&a));
        prop_assert_eq!(a.join(&b.join(&c)), joined.join(&c));
        prop_assert_eq!(&joined.join(&a), &joined);
    }

    #[test]
    fn covers_is_an_order(a in sets(), b in sets(), c in sets()) {
        prop_assert!(a.covers(&a));
        prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c));
        prop_assert!(!(a.covers(&b) && b.covers(&a)) || a == b);
    }

    #[test]
    fn what_is_printed_is_parsed(a in sets()) {
        prop_assert_eq!(a.to_string().parse(), Ok(a));
    }
}
