use std::env;

use super::ServerError;

/// The environment variable that chooses.
const VARIABLE: &str = "DIESEL_ROUTING_TESTKIT";

/// The programs that a cluster's servers are run from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backing {
    /// Installed programs.
    Installed,
    /// Images, in containers.
    #[cfg(feature = "docker")]
    Docker,
}

impl Backing {
    /// Returns what the environment says.
    pub(crate) fn of_environment() -> Result<Self, ServerError> {
        Self::called(&env::var(VARIABLE).unwrap_or_default())
    }

    fn called(name: &str) -> Result<Self, ServerError> {
        let refuse = |reason: &str| {
            Err(ServerError::Backing {
                reason: format!("{VARIABLE} is `{name}`, {reason}"),
            })
        };
        match name {
            "" | "local" => Ok(Self::Installed),
            #[cfg(feature = "docker")]
            "docker" => Ok(Self::Docker),
            #[cfg(not(feature = "docker"))]
            "docker" => refuse("which needs the feature `docker` of diesel-routing-testkit"),
            _ => refuse("which is neither `docker` nor `local`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Backing;

    #[test]
    fn what_is_not_known_is_refused_and_not_ignored() {
        assert_eq!(Backing::called("").unwrap(), Backing::Installed);
        let error = Backing::called("podman").unwrap_err().to_string();
        assert!(
            error.contains("DIESEL_ROUTING_TESTKIT is `podman`"),
            "{error}"
        );
    }
}
