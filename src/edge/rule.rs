//! `Rule`: the level or the class of requests by path and method.

use std::sync::Arc;

use http::Method;
use matchit::Router;

use super::EdgeError;
#[cfg(feature = "config")]
use crate::error::ConfigError;
use crate::routing::Level;

/// The level, or the class, of the reads of requests under a path, as if their session were a view
/// [at that level](crate::Session::at_level), or [in that class](crate::Session::class): all reads of it are at least as strong,
/// those of functions with an attribute as well.
///
/// A rule weakens nothing that is asked for. [`Level::Eventual`] and [`Level::Bounded`] are for reads that leave the level to the
/// rule, with [`read_default`](crate::Session::read_default).
///
/// A path includes everything below it: `/admin` matches `/admin`, `/admin/` and `/admin/users`, but
/// not `/administrator`. Segments may be parameters, written as in `axum`: `/users/{id}/orders`. Of
/// several paths that match, the most specific applies; of two rules for one path, the one for the method.
/// Paths are compared as the layer receives them, still percent-encoded.
///
/// ```
/// use diesel_routing::{Level, edge::Rule};
/// use http::Method;
///
/// let rules = [
///     Rule::new("/admin", Level::Strong),
///     Rule::new("/public", Level::Eventual).on(Method::GET), // and HEAD
///     Rule::class("/checkout", "payments"),
/// ];
/// # let _ = rules;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Rule {
    path: String,
    method: Option<Method>,
    treatment: Treatment,
}

/// The level or class that a rule sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Treatment {
    Level(Level),
    /// The class with this name.
    Class(Arc<str>),
}

impl Rule {
    /// Sets this level for everything under `path`; [`Level::Write`] counts as [`Level::Strong`].
    pub fn new(path: impl Into<String>, level: Level) -> Self {
        Self::of(path.into(), Treatment::Level(level))
    }

    /// Puts everything under `path` in this [class](crate::RouterBuilder::class).
    pub fn class(path: impl Into<String>, class: impl Into<Arc<str>>) -> Self {
        Self::of(path.into(), Treatment::Class(class.into()))
    }

    fn of(mut path: String, treatment: Treatment) -> Self {
        path.truncate(path.trim_end_matches('/').len());
        Self {
            path,
            method: None,
            treatment,
        }
    }

    /// Returns the path, and the class that it names, if it names one.
    pub(crate) fn named(&self) -> Option<(&str, &str)> {
        match &self.treatment {
            Treatment::Class(class) => Some((&self.path, class)),
            Treatment::Level(_) => None,
        }
    }

    /// Returns the rule as a configuration has it.
    #[cfg(feature = "inventory")]
    pub(crate) fn as_config(&self) -> crate::config::RuleConfig {
        let mut config = crate::config::RuleConfig::new(&self.path, Level::Eventual);
        config.method = self.method.as_ref().map(Method::to_string);
        match &self.treatment {
            Treatment::Level(level) => config.level = Some((*level).into()),
            Treatment::Class(class) => {
                config.level = None;
                config.class = Some(class.to_string());
            }
        }
        config
    }

    /// Restricts the rule to this method; `GET` includes `HEAD`.
    pub fn on(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }
}

/// The rules of a configuration, for edges that have none by code.
#[cfg(feature = "config")]
#[derive(Debug, Clone)]
pub(crate) struct ConfiguredRules {
    listed: Vec<Rule>,
    compiled: Rules,
}

#[cfg(feature = "config")]
impl ConfiguredRules {
    /// Compiles the rules of a configuration.
    pub(crate) fn new(rules: &[crate::config::RuleConfig]) -> Result<Self, ConfigError> {
        let listed: Result<Vec<_>, _> = rules.iter().enumerate().map(listed).collect();
        let listed = listed?;
        let compiled = Rules::new(&listed)
            .map_err(|error| ConfigError::setting("edge.rules", error.to_string()))?;
        Ok(Self { listed, compiled })
    }

    /// Returns the rules, compiled.
    pub(crate) fn compiled(&self) -> &Rules {
        &self.compiled
    }
}

#[cfg(feature = "config")]
impl PartialEq for ConfiguredRules {
    fn eq(&self, other: &Self) -> bool {
        self.listed == other.listed
    }
}

/// Returns a rule of a configuration.
#[cfg(feature = "config")]
fn listed((index, rule): (usize, &crate::config::RuleConfig)) -> Result<Rule, ConfigError> {
    let listed = match (&rule.level, &rule.class) {
        (_, Some(class)) => Rule::class(&rule.path, class.as_str()),
        (Some(level), None) => Rule::new(&rule.path, level.get()),
        (None, None) => {
            return Err(ConfigError::setting(
                format!("edge.rules[{index}]"),
                "it has neither `level` nor `class`: give one",
            ));
        }
    };
    let Some(method) = &rule.method else {
        return Ok(listed);
    };
    let is_method = |method: &Method| {
        method
            .as_str()
            .bytes()
            .all(|byte| byte.is_ascii_uppercase())
    };
    match Method::from_bytes(method.as_bytes()) {
        Ok(method) if is_method(&method) => Ok(listed.on(method)),
        _ => Err(ConfigError::setting(
            format!("edge.rules[{index}].method"),
            format!(
                "it is `{method}`, which is no method: write one such as `GET`, in capital letters"
            ),
        )),
    }
}

/// Rules, compiled for lookup.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    any: Router<Treatment>,
    /// Matchers by method; each includes the rules for all methods.
    methods: Vec<(Method, Router<Treatment>)>,
}

impl Rules {
    pub(crate) fn new(rules: &[Rule]) -> Result<Self, EdgeError> {
        let any: Vec<&Rule> = rules.iter().filter(|rule| rule.method.is_none()).collect();
        let mut found = Self {
            any: lookup(&any)?,
            methods: Vec::new(),
        };
        for method in rules.iter().filter_map(|rule| rule.method.as_ref()) {
            if found.methods.iter().any(|(known, _)| known == method) {
                continue;
            }
            let own: Vec<&Rule> = rules
                .iter()
                .filter(|rule| rule.method.as_ref() == Some(method))
                .collect();
            let others = any
                .iter()
                .filter(|any| own.iter().all(|own| own.path != any.path));
            let rules: Vec<&Rule> = own.iter().chain(others).copied().collect();
            found.methods.push((method.clone(), lookup(&rules)?));
        }
        Ok(found)
    }

    /// Returns what is said of requests with this method and path.
    pub(crate) fn of(&self, method: &Method, path: &str) -> Option<&Treatment> {
        // axum and others answer HEAD as they answer GET.
        let own = |method: &Method| self.methods.iter().find(|(known, _)| known == method);
        let rules = own(method).or_else(|| own(&Method::GET).filter(|_| method == Method::HEAD));
        let rules = rules.map_or(&self.any, |(_, rules)| rules);
        rules.at(path).ok().map(|found| found.value)
    }
}

fn lookup(rules: &[&Rule]) -> Result<Router<Treatment>, EdgeError> {
    let mut router = Router::new();
    for rule in rules {
        let path = rule.path.as_str();
        let mut insert = |path: String| {
            router
                .insert(path, rule.treatment.clone())
                .map_err(|error| EdgeError::Rule {
                    path: rule.path.clone(),
                    why: error.to_string(),
                })
        };
        if !path.is_empty() {
            if !path.starts_with('/') {
                return Err(EdgeError::Rule {
                    path: rule.path.clone(),
                    why: "it does not start with `/`".to_owned(),
                });
            }
            insert(path.to_owned())?;
        }
        insert(format!("{path}/"))?;
        insert(format!("{path}/{{*below}}"))?;
    }
    Ok(router)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules::new(&[
            Rule::new("/admin", Level::Strong),
            Rule::new("/admin/help/", Level::Eventual).on(Method::GET),
            Rule::new("/public", Level::Session),
            Rule::new("/public", Level::Eventual).on(Method::GET),
            Rule::new("/users/{id}/orders", Level::Strong),
        ])
        .unwrap()
    }

    fn level(rules: &Rules, method: &Method, path: &str) -> Option<Level> {
        match rules.of(method, path)? {
            Treatment::Level(level) => Some(*level),
            Treatment::Class(class) => panic!("{class}"),
        }
    }

    #[test]
    fn a_path_stands_for_what_is_below_it_and_for_nothing_else() {
        let rules = rules();
        let level = |path| level(&rules, &Method::POST, path);
        for path in [
            "/admin",
            "/admin/",
            "/admin/a",
            "/admin/a/b/",
            "/admin/help",
        ] {
            assert_eq!(level(path), Some(Level::Strong), "{path}");
        }
        for path in [
            "/administrator",
            "/",
            "",
            "*",
            "/Admin",
            "//admin",
            "/a/admin",
        ] {
            assert_eq!(level(path), None, "{path}");
        }
        assert_eq!(level("/users/7/orders/8"), Some(Level::Strong));
        assert_eq!(level("/users/7"), None);
    }

    #[test]
    fn the_most_specific_path_counts_then_the_method() {
        let rules = rules();
        let get = |path| level(&rules, &Method::GET, path);
        assert_eq!(get("/admin/help/me"), Some(Level::Eventual));
        assert_eq!(get("/admin/users"), Some(Level::Strong));
        assert_eq!(get("/public/a"), Some(Level::Eventual));
        assert_eq!(
            level(&rules, &Method::HEAD, "/public/a"),
            Some(Level::Eventual)
        );
        assert_eq!(
            level(&rules, &Method::POST, "/public/a"),
            Some(Level::Session)
        );
    }

    #[test]
    fn the_root_stands_for_everything() {
        let rules = Rules::new(&[Rule::new("/", Level::Strong)]).unwrap();
        for path in ["/", "/a/b"] {
            assert_eq!(level(&rules, &Method::GET, path), Some(Level::Strong));
        }
    }

    #[test]
    fn a_path_that_is_no_pattern_is_named() {
        for rule in [
            Rule::new("admin", Level::Strong),
            Rule::new("/a/{b", Level::Strong),
            Rule::new("/a/{*b}", Level::Strong),
        ] {
            let error = Rules::new(std::slice::from_ref(&rule)).unwrap_err();
            assert!(error.to_string().contains(&rule.path), "{error}");
        }
        let twice = [
            Rule::new("/a", Level::Strong),
            Rule::new("/a/", Level::Eventual),
        ];
        assert!(Rules::new(&twice).is_err());
    }
}
