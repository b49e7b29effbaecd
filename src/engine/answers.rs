//! `Answers`: what a server told the watchers of this process.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::{Duration, Instant};

use crate::cluster::{Diagnosis, Observation, Question, ServerFacts, ServerId};
use crate::mutex::lock;

/// The last answer of one server to any watcher of this process: with a router for each tenant, it is asked once for all.
///
/// An answer is of the server, and of this run of it, whoever asked: it proves the same for all connections that lead there.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Last>);

#[derive(Debug, Default)]
struct Last {
    answer: Option<(Question, Observation)>,
    /// The time at which a watcher began to ask, as it was time to.
    asking: Option<Instant>,
    diagnosis: Option<(Instant, Diagnosis)>,
}

/// Answers are the same only to accounts that may see the same.
type Key = (ServerId, bool);

static SERVERS: LazyLock<Mutex<HashMap<Key, Weak<Answers>>>> = LazyLock::new(Mutex::default);

impl Answers {
    /// Returns the answers of the server that these facts are of, shared with all others who hold them; `None` if it does
    /// not tell which one it is.
    pub(super) fn of(facts: &ServerFacts) -> Option<Arc<Self>> {
        let sees_receiver = facts.wal.is_some_and(|wal| wal.sees_receiver);
        let key = (ServerId::of(facts)?, sees_receiver);
        let mut servers = lock(&SERVERS);
        if let Some(answers) = servers.get(&key).and_then(Weak::upgrade) {
            return Some(answers);
        }
        servers.retain(|_, answers| answers.strong_count() > 0);
        let answers = Arc::new(Self::default());
        servers.insert(key, Arc::downgrade(&answers));
        Some(answers)
    }

    /// Records an answer, unless there is a later one.
    pub(super) fn tell(&self, question: Question, said: &Observation) {
        let mut last = lock(&self.0);
        if last
            .answer
            .as_ref()
            .is_none_or(|(known, _)| known.sent < question.sent)
        {
            last.answer = Some((question, said.clone()));
        }
    }

    /// Returns the last answer, if it was asked for after `since`.
    pub(super) fn since(&self, since: Instant) -> Option<(Question, Observation)> {
        let last = lock(&self.0);
        last.answer
            .clone()
            .filter(|(question, _)| question.sent > since)
    }

    /// Returns whether the server may be asked now: not while another watcher's question is under way, which began within
    /// `patience`. If it may, the question is under way from here on.
    pub(super) fn may_ask(&self, now: Instant, patience: Duration) -> bool {
        let mut last = lock(&self.0);
        let answered = last.answer.as_ref().map(|(question, _)| question.sent);
        let is_under_way = last.asking.is_some_and(|asking| {
            answered.is_none_or(|answered| answered < asking)
                && now.saturating_duration_since(asking) < patience
        });
        if !is_under_way {
            last.asking = Some(now);
        }
        !is_under_way
    }

    /// Records what the server said of its replication when it was asked at this time.
    pub(super) fn tell_diagnosis(&self, asked: Instant, diagnosis: Diagnosis) {
        lock(&self.0).diagnosis = Some((asked, diagnosis));
    }

    /// Returns the last diagnosis, if it was asked for after `since`, and when it was.
    pub(super) fn diagnosis_since(&self, since: Instant) -> Option<(Instant, Diagnosis)> {
        let last = lock(&self.0);
        last.diagnosis.clone().filter(|(asked, _)| *asked > since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::{Lsn, PgPosition, Position};
    use crate::server::NodeRole;

    fn answers(server: &str) -> Arc<Answers> {
        let facts = ServerFacts {
            identity: Some(server.to_owned()),
            ..ServerFacts::default()
        };
        Answers::of(&facts).expect("an identity")
    }

    fn question(sent: Instant) -> Question {
        Question {
            asked: sent,
            sent,
            server: None,
            opened: sent,
        }
    }

    fn said() -> Observation {
        let position = Position::Postgres(PgPosition::new(7, 1, Lsn(1)));
        Observation::new(NodeRole::TakesWrites, position)
    }

    #[test]
    fn one_asks_at_a_time_but_nobody_waits_for_long() {
        let (answers, now) = (answers("one that is asked"), Instant::now());
        let after = |millis| now + Duration::from_millis(millis);
        let patience = Duration::from_millis(250);
        assert!(answers.may_ask(now, patience));
        assert!(!answers.may_ask(after(100), patience));
        answers.tell(question(now), &said());
        assert!(answers.may_ask(after(200), patience), "it has answered");
        assert!(!answers.may_ask(after(400), patience));
        assert!(answers.may_ask(after(450), patience), "it hangs");
    }

    #[test]
    fn all_who_reach_a_server_share_its_last_answer() {
        let opened = Instant::now();
        let said = said();
        let (one, other) = (answers("one of two"), answers("one of two"));
        let later = opened + Duration::from_secs(1);
        one.tell(question(later), &said);
        // An answer that comes late.
        other.tell(question(opened), &said);
        let (heard, _) = other.since(opened).expect("an answer");
        assert_eq!(heard.sent, later);
        assert!(other.since(later).is_none(), "it is known already");
        assert!(answers("the other of two").since(opened).is_none());
    }

    #[test]
    fn a_server_that_does_not_tell_who_it_is_is_asked_by_each() {
        assert!(Answers::of(&ServerFacts::default()).is_none());
    }
}
