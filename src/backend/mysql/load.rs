//! How loaded a server is.

use super::Variable;

/// Asks how many clients are connected. Needs no privilege.
pub(crate) const CONNECTED: &str = "SHOW GLOBAL STATUS LIKE 'Threads_connected'";

/// Asks how many may be.
pub(crate) const ADMITTED: &str = "SHOW GLOBAL VARIABLES LIKE 'max_connections'";

/// Returns the share of the connections that are in use.
pub(crate) fn share_in_use(connected: &[Variable], admitted: &[Variable]) -> Option<f64> {
    let number = |variables: &[Variable]| variables.first()?.value.parse::<f64>().ok();
    let (connected, admitted) = (number(connected)?, number(admitted)?);
    (admitted > 0.0).then(|| connected / admitted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_those_that_the_server_admits() {
        let one = |value: &str| {
            [Variable {
                name: String::new(),
                value: value.to_owned(),
            }]
        };
        assert_eq!(share_in_use(&one("30"), &one("120")), Some(0.25));
        assert_eq!(share_in_use(&one("30"), &one("0")), None);
        assert_eq!(share_in_use(&[], &one("120")), None);
    }
}
