use super::Endpoint;

/// The language of a kind of server, and of the URLs that its clients take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Protocol {
    /// For people.
    pub(crate) name: &'static str,
    /// From a user, a place and a database to the URL.
    pub(crate) url: fn(&str, &Endpoint, &str) -> String,
}
