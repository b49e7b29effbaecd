//! The methods of a `WriteConn` are not those of a read handle.

use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::{Primary, sync};

fn escape(write: &mut WriteConn, primary: &mut ReadConn<Primary>) {
    let _ = write.raw_counts_as_write();
    let _ = primary.raw_counts_as_write();
    let _ = primary.build_transaction();
    let _ = primary.begin_test_transaction();
    let _ = primary.notifications_stream();
}

fn escape_blocking(primary: &mut sync::pg::ReadConn<Primary>) {
    let _ = primary.raw_counts_as_write();
    let _ = primary.build_transaction();
    let _ = primary.begin_test_transaction();
    let _ = primary.notifications_iter();
    let _ = primary.copy_to(|_| Ok(()));
}

fn main() {}
