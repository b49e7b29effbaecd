//! The requirements of a request, under one configuration.

use std::time::Duration;

use super::Shared;
use super::state::State;
use crate::consistency::Class;
use crate::engine::{ClassLabel, ClassLabels, LoanKind, Request};
use crate::error::ConfigError;
use crate::routing::{Decision, Level, Mode, Reason, Refusal, Strength};

/// The terms of a checkout from beginning to end, beside the decisions in it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Terms {
    /// The longest wait for a fresher replica.
    pub(crate) wait: Duration,
    /// Set if that goes for any replica, also while none is up.
    pub(crate) waits_for_any: bool,
    /// Set if it fails where no replica may serve it.
    pub(crate) refuses: bool,
    /// Set if it does not go to the primary where a replica lacks what it reads.
    pub(crate) fails_on_missing: bool,
    /// The kind that its loan counts as.
    pub(crate) kind: LoanKind,
}

impl Terms {
    /// Returns whether another decision than this one is worth the wait.
    pub(crate) fn waits_for_another(self, decision: Decision) -> bool {
        decision.wants_fresher() || self.waits_for_any && decision.reason == Reason::Fallback
    }
}

impl Shared {
    /// Returns the terms of a checkout that begins.
    pub(crate) fn terms(&self, request: &Request<'_>) -> Result<Terms, ConfigError> {
        let is_primarys = matches!(request.level, Level::Strong | Level::Write);
        if is_primarys && request.is_plain() && request.on.is_none() {
            return Ok(Terms {
                kind: LoanKind::new(request.level, ClassLabel::NONE),
                ..Terms::default()
            });
        }
        let state = self.snapshot.load();
        if request.on.is_some() {
            check_tag(request, &state)?;
        }
        let said = request.wait.function.or(request.wait.view);
        if request.is_plain() {
            return Ok(Terms {
                wait: said.unwrap_or(state.live.wait),
                kind: LoanKind::new(request.level, ClassLabel::NONE),
                ..Terms::default()
            });
        }
        terms(request, &state, &self.counts.classes)
    }

    /// Returns what a request requires under this configuration; `None` if it names a class that is not there.
    #[inline]
    pub(super) fn strength(request: &Request<'_>, state: &State) -> Option<Strength> {
        if request.is_plain() {
            return Some(request.level.into());
        }
        strength(request, state)
    }

    /// Returns the level that a request requires under the present configuration; `None` if it names a class that is not there.
    pub(crate) fn required(&self, request: &Request<'_>) -> Option<Level> {
        Self::strength(request, &self.snapshot.load()).map(Strength::level)
    }

    /// Adds to a decision whether the caller fails rather than go there, under the configuration that it was decided under.
    #[inline]
    pub(super) fn weighed(decision: Decision, request: &Request<'_>, state: &State) -> Decision {
        if request.is_plain() {
            return decision;
        }
        weighed(decision, request, state)
    }
}

#[cold]
fn strength(request: &Request<'_>, state: &State) -> Option<Strength> {
    let mut required = Strength::from(request.level);
    if let Some(class) = request.class {
        let class = state.live.class(class)?;
        if state.policy.is_afar(state.primary) {
            // Whoever wrote the function chose the class as well, and may let it weaken the bound; nobody else may.
            required = class.region.level_afar(request.level).into();
        }
        required = required.join(class.strength());
    }
    let mode = state.live.mode;
    if let Some(said) = request.advice.and_then(|advice| advice.strength(mode)) {
        required = required.join(said);
    }
    for class in request.viewed_as(mode) {
        required = required.join(state.live.class(class)?.strength());
    }
    Some(required)
}

#[cold]
fn terms(request: &Request<'_>, state: &State, labels: &ClassLabels) -> Result<Terms, ConfigError> {
    let class = |name: &str| {
        let class = state.live.class(name);
        class.ok_or_else(|| state.live.no_such_class(name, request.function))
    };
    let own = request.class.map(class).transpose()?;
    let classes = request.viewed_as(state.live.mode).map(class);
    let classes = classes.collect::<Result<Vec<Class>, _>>()?;
    let required = strength(request, state).unwrap_or(Level::Strong.into());
    // What the code says counts, and the nearest first.
    let wait = request.wait.function;
    let wait = wait.or(own.and_then(|class| class.wait));
    let wait = wait.or(request.wait.view);
    let wait = wait.or_else(|| classes.iter().rev().find_map(|class| class.wait));
    Ok(Terms {
        wait: wait.unwrap_or(state.live.wait).max(required.wait()),
        waits_for_any: !required.wait().is_zero(),
        refuses: required.refuses(),
        fails_on_missing: !required.takes_missing_to_primary(),
        kind: LoanKind::new(required.level(), label(request, state.live.mode, labels)),
    })
}

/// Returns what a request counts as of those that have a class: all of its classes are there.
fn label(request: &Request<'_>, mode: Mode, labels: &ClassLabels) -> ClassLabel {
    let class = request.classes(mode).next();
    class.map_or(ClassLabel::NONE, |class| labels.of(class))
}

#[cold]
fn weighed(decision: Decision, request: &Request<'_>, state: &State) -> Decision {
    let refusal = match strength(request, state) {
        Some(required) => required.refusal(decision.reason, state.policy.is_afar(decision.node)),
        None => Some(Refusal::NoSuchClass),
    };
    Decision {
        refusal,
        ..decision
    }
}

/// Checks that some node has the tag that a request asks for.
fn check_tag(request: &Request<'_>, state: &State) -> Result<(), ConfigError> {
    let tags = &state.policy.tags;
    match request.on {
        Some(on) if tags.wanted(on).is_none() => Err(ConfigError::NoSuchTag {
            tag: on.name.to_owned(),
            function: request.function,
            known: tags.names().map(str::to_owned).collect(),
        }),
        _ => Ok(()),
    }
}
