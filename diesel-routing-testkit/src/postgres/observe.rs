use super::PgNode;
use crate::ServerError;

/// Length of a WAL page's header (`SizeOfXLogShortPHD`), and of a segment's first page.
const PAGE_HEADER: u64 = 24;
const SEGMENT_HEADER: u64 = 40;

/// Questions to a node.
impl PgNode {
    /// Returns whether the server is in recovery: true for a standby, false for a primary.
    ///
    /// # Errors
    ///
    /// [`ServerError::Sql`] or [`ServerError::Timeout`] when the server does not answer.
    pub fn is_in_recovery(&self) -> Result<bool, ServerError> {
        let answer = self.value("SELECT pg_is_in_recovery()", "asking for its role")?;
        Ok(answer.as_deref() == Some("t"))
    }

    /// Returns whether replay is paused, and not just asked to pause. False on a primary.
    ///
    /// # Errors
    ///
    /// As [`is_in_recovery`](Self::is_in_recovery).
    pub fn is_replay_paused(&self) -> Result<bool, ServerError> {
        let answer = self.value(
            "SELECT pg_is_in_recovery() AND pg_get_wal_replay_pause_state() = 'paused'",
            "asking for its replay state",
        )?;
        Ok(answer.as_deref() == Some("t"))
    }

    /// Returns the node's position in the write-ahead log, as a byte number: `0/16B3748` is `0x16B3748`.
    ///
    /// On a primary, where the next record goes, minus the header of a page that is still empty; a
    /// standby that has replayed everything is exactly there. On a standby, the end of what it has
    /// replayed.
    ///
    /// # Errors
    ///
    /// As [`is_in_recovery`](Self::is_in_recovery); [`ServerError::Refused`] for a standby that has not
    /// replayed anything yet.
    pub fn position(&self) -> Result<u64, ServerError> {
        const STEP: &str = "tell its position";
        let answer = self.value(
            "SELECT concat_ws(' ', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
             ELSE pg_current_wal_insert_lsn() END - '0/0', pg_is_in_recovery()::int, \
             current_setting('wal_block_size'), \
             pg_size_bytes(current_setting('wal_segment_size')))",
            STEP,
        )?;
        let numbers: Vec<u64> = answer
            .iter()
            .flat_map(|text| text.split(' '))
            .filter_map(|number| number.parse().ok())
            .collect();
        match numbers[..] {
            [replayed, 1, ..] => Ok(replayed),
            [inserted, 0, page, segment] => Ok(without_header(inserted, page, segment)),
            _ => Err(self.server.refused(STEP, format!("it answered {answer:?}"))),
        }
    }

    /// Returns the timeline that the node writes (primary) or receives (standby); 1 at first, one more
    /// after each promotion.
    ///
    /// # Errors
    ///
    /// As [`is_in_recovery`](Self::is_in_recovery).
    pub fn timeline(&self) -> Result<u32, ServerError> {
        const STEP: &str = "tell its timeline";
        // The control file comes last: it shows the old timeline until the next checkpoint.
        let hex = self.value(
            "SELECT CASE WHEN pg_is_in_recovery() THEN lpad(to_hex(coalesce(
                 (SELECT received_tli FROM pg_stat_wal_receiver),
                 (SELECT timeline_id FROM pg_control_checkpoint()))), 8, '0')
             ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END",
            STEP,
        )?;
        hex.as_deref()
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .ok_or_else(|| self.server.refused(STEP, format!("it answered {hex:?}")))
    }

    /// Returns the database system identifier; equal for all nodes of a cluster.
    ///
    /// # Errors
    ///
    /// As [`is_in_recovery`](Self::is_in_recovery).
    pub fn system_identifier(&self) -> Result<u64, ServerError> {
        const STEP: &str = "tell its system identifier";
        let answer = self.value("SELECT system_identifier FROM pg_control_system()", STEP)?;
        answer
            .as_deref()
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| self.server.refused(STEP, format!("it answered {answer:?}")))
    }
}

/// Takes the header of an empty page off an insert position, which steps over it as soon as a record
/// ends exactly with its page; replay stops at the end of a record.
fn without_header(inserted: u64, page: u64, segment: u64) -> u64 {
    if inserted.checked_rem(segment) == Some(SEGMENT_HEADER) {
        inserted - SEGMENT_HEADER
    } else if inserted.checked_rem(page) == Some(PAGE_HEADER) {
        inserted - PAGE_HEADER
    } else {
        inserted
    }
}

/// Returns a position in PostgreSQL's notation.
pub(super) fn lsn(position: u64) -> String {
    format!("{:X}/{:X}", position >> 32, position & 0xFFFF_FFFF)
}

#[cfg(test)]
mod tests {
    use super::{lsn, without_header};

    #[test]
    fn the_header_of_an_empty_page_is_no_progress() {
        let (page, segment) = (8192, 16 << 20);
        assert_eq!(without_header(3 * page + 24, page, segment), 3 * page);
        assert_eq!(without_header(2 * segment + 40, page, segment), 2 * segment);
        assert_eq!(without_header(3 * page + 40, page, segment), 3 * page + 40);
    }

    #[test]
    fn positions_print_as_postgresql_prints_them() {
        assert_eq!(lsn(0x1_0200_00AB), "1/20000AB");
    }
}
