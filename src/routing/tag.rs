//! `Tag`: which replicas a read asks for.

use std::sync::Arc;

/// A [tag](crate::Node::tag) that a read asks for, and where it goes when no replica with the tag may serve it.
///
/// A tag says which replicas are preferred, never how fresh they must be: that stays the level's matter. By default,
/// another replica serves what no replica with the tag may, and the primary what none may: as with a
/// [zone](crate::RouterBuilder::zone), a wrong preference costs speed, and no answer.
///
/// # Example
///
/// ```no_run
/// # #[cfg(feature = "postgres")]
/// # async fn example(session: diesel_routing::pg::Session) -> Result<(), diesel_routing::Error> {
/// use diesel_routing::Tag;
///
/// // On a replica for reports; if there is none, on another; if there is none, on the primary.
/// let conn = session.on("reporting").read_eventual().await?;
/// // On a replica for reports, or not at all.
/// let conn = session.on(Tag::new("reporting").or_fail()).read_eventual().await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Tag {
    name: Arc<str>,
    otherwise: Otherwise,
}

/// The place of a read that no replica with its tag may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Otherwise {
    #[default]
    AnyReplica,
    Primary,
    Fail,
}

impl Tag {
    /// Creates a request for replicas with this tag. Defaults to [`or_any_replica`](Self::or_any_replica).
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            otherwise: Otherwise::default(),
        }
    }

    /// Lets another replica serve what no replica with the tag may, and the primary what no replica may.
    pub fn or_any_replica(mut self) -> Self {
        self.otherwise = Otherwise::AnyReplica;
        self
    }

    /// Lets the primary serve what no replica with the tag may, and no other replica: for reads whose tagged replicas
    /// differ from the others in more than their load.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn example(session: &diesel_routing::sync::sqlite::Session) -> Result<(), diesel_routing::Error> {
    /// use diesel_routing::Tag;
    ///
    /// // Without such a replica: any other one, which is the default; or the primary at once.
    /// let conn = session.on(Tag::new("reports").or_any_replica()).read()?;
    /// let conn = session.on(Tag::new("search").or_primary()).read()?;
    /// # Ok(()) }
    /// ```
    pub fn or_primary(mut self) -> Self {
        self.otherwise = Otherwise::Primary;
        self
    }

    /// Makes a read fail with [`Error::NoTaggedReplica`](crate::Error::NoTaggedReplica) that no replica with the tag may
    /// serve: for reads that are too heavy for any other node.
    pub fn or_fail(mut self) -> Self {
        self.otherwise = Otherwise::Fail;
        self
    }

    pub(crate) fn target(&self) -> Target<'_> {
        Target {
            name: &self.name,
            otherwise: self.otherwise,
        }
    }
}

impl From<&str> for Tag {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Tag {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// The tag that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) name: &'a str,
    pub(crate) otherwise: Otherwise,
}

/// The tags of a router's nodes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tags {
    /// The names, each with the nodes that have it, by node.
    known: Vec<(String, Vec<bool>)>,
    /// By node, set if it serves only reads that ask for one of its tags; `None` if there is no such node.
    reserved: Option<Vec<bool>>,
}

impl Tags {
    /// Returns the tags of nodes, each of which has some, and whether it is reserved for them.
    pub(crate) fn new<'n>(nodes: impl Iterator<Item = (&'n [String], bool)> + Clone) -> Self {
        let mut known: Vec<(String, Vec<bool>)> = Vec::new();
        for tag in nodes.clone().flat_map(|(tags, _)| tags) {
            if known.iter().all(|(name, _)| name != tag) {
                let has_it = nodes.clone().map(|(tags, _)| tags.contains(tag));
                known.push((tag.clone(), has_it.collect()));
            }
        }
        let reserved = nodes.map(|(_, is_reserved)| is_reserved);
        Self {
            known,
            reserved: reserved
                .clone()
                .any(|is_reserved| is_reserved)
                .then(|| reserved.collect()),
        }
    }

    /// Returns these and the names of others, which no node may have any more: what may be asked for does not depend on
    /// which nodes are there now.
    pub(crate) fn and_names_of(mut self, others: &Self) -> Self {
        for name in others.names() {
            if self.known.iter().all(|(known, _)| known != name) {
                self.known.push((name.to_owned(), Vec::new()));
            }
        }
        self
    }

    /// Returns what a request asks for; `None` if no node had that tag, ever.
    #[inline]
    pub(crate) fn wanted(&self, target: Target<'_>) -> Option<Wanted<'_>> {
        let tag = self.known.iter().find(|(name, _)| name == target.name);
        tag.map(|(_, members)| Wanted {
            members,
            otherwise: target.otherwise,
        })
    }

    /// Returns the names of all tags.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|(name, _)| name.as_str())
    }

    /// Returns whether a node serves only reads that ask for one of its tags, while it is a replica.
    #[inline]
    pub(crate) fn is_reserved(&self, node: usize) -> bool {
        let reserved = self.reserved.as_ref();
        reserved.is_some_and(|nodes| is_set(nodes, node))
    }

    /// Returns whether every node may serve a request as a replica, as far as tags are concerned.
    #[inline]
    pub(crate) fn admit_all(&self, wanted: Option<Wanted<'_>>) -> bool {
        wanted.is_none() && self.reserved.is_none()
    }

    /// Returns whether a node may serve a request as a replica, as far as tags are concerned.
    #[inline]
    pub(crate) fn admit(&self, wanted: Option<Wanted<'_>>, node: usize) -> bool {
        match (wanted, &self.reserved) {
            (None, None) => true,
            (wanted, _) => {
                let is_reserved = self.is_reserved(node);
                let may_be_any = wanted.is_none_or(|on| on.otherwise == Otherwise::AnyReplica);
                may_be_any && !is_reserved || wanted.is_some_and(|on| on.has(node))
            }
        }
    }
}

/// The replicas that a request asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// By node, set if it has the tag.
    members: &'a [bool],
    pub(crate) otherwise: Otherwise,
}

impl Wanted<'_> {
    /// Returns whether a node has the tag.
    #[inline]
    pub(crate) fn has(&self, node: usize) -> bool {
        is_set(self.members, node)
    }
}

fn is_set(nodes: &[bool], node: usize) -> bool {
    nodes.get(node).is_some_and(|&is_set| is_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags() -> Tags {
        let nodes: [(Vec<String>, bool); 4] = [
            (vec![], false),
            (vec!["reporting".into()], true),
            (vec!["search".into(), "reporting".into()], false),
            (vec!["search".into()], true),
        ];
        let nodes = nodes.iter();
        Tags::new(nodes.map(|(tags, is_reserved)| (tags.as_slice(), *is_reserved)))
    }

    #[test]
    fn a_reserved_node_serves_its_own_tags_alone() {
        let tags = tags();
        let admitted = |tag: Option<&Tag>| -> Vec<usize> {
            let wanted = tag.map(|tag| tags.wanted(tag.target()).expect("it is known"));
            (0..4).filter(|&node| tags.admit(wanted, node)).collect()
        };
        assert_eq!(admitted(None), [0, 2]);
        let reporting = Tag::new("reporting");
        assert_eq!(admitted(Some(&reporting)), [0, 1, 2]);
        assert_eq!(admitted(Some(&reporting.clone().or_primary())), [1, 2]);
        assert_eq!(admitted(Some(&reporting.or_fail())), [1, 2]);
    }

    #[test]
    fn each_tag_is_known_once_and_others_are_not() {
        let tags = tags();
        assert_eq!(tags.names().collect::<Vec<_>>(), ["reporting", "search"]);
        assert!(tags.wanted(Tag::new("reports").target()).is_none());
    }
}
