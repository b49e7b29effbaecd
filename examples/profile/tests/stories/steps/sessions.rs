//! What browsers and services keep of a session.

use cucumber::{then, when};

use super::number;
use crate::client::SESSION;
use crate::story::Story;

#[when(regex = r"^(\w+)'s browser forgets the session$")]
fn forget(story: &mut Story, name: String) {
    story.client(number(&name)).forget(SESSION);
}

#[when(regex = r"^(\w+)'s browser gets hold of a forged session$")]
fn forge(story: &mut Story, name: String) {
    let client = story.client(number(&name));
    let token = client.cookie(SESSION).expect("a session");
    // The last letter is part of the signature; some of its bits may be none of the text's.
    let (head, tail) = token.split_at(token.len() - 4);
    let forged = if tail == "AAAA" { "BBBB" } else { "AAAA" };
    let token = format!("{head}{forged}");
    client.set(SESSION, &token);
}

#[then(regex = r"^(\w+)'s browser has no session$")]
fn no_session(story: &mut Story, name: String) {
    assert_eq!(story.client(number(&name)).cookie(SESSION), None);
}

#[then(regex = r"^the (first|other) node has refused (\d+) tokens?$")]
fn refused(story: &mut Story, node: String, count: u64) {
    let service = usize::from(node == "other");
    let status = story.services[service].site.router().status();
    let refused = status.rejected_tokens.iter().map(|(_, count)| count);
    assert_eq!(refused.sum::<u64>(), count);
}
