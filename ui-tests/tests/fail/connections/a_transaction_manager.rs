//! Diesel's transaction managers need a connection, and take no read handle.

// The async twin says the same, with a list of connections whose order depends on where the
// checkout lies; `a_function_over_connections` stands for it.

mod blocking {
    use diesel::QueryResult;
    use diesel::connection::{AnsiTransactionManager, TransactionManager};
    use diesel_routing::{Replica, sync::pg};

    fn begin(raw: &mut diesel::PgConnection, replica: &mut pg::ReadConn<Replica>) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction(raw)?;
        AnsiTransactionManager::begin_transaction(replica)
    }
}

fn main() {}
