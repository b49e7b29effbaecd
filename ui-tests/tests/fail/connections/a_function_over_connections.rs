//! A function over any connection could do anything with it: it takes a `WriteConn`, and no read handle.

mod asynchronous {
    use diesel_async::{AsyncConnection, AsyncConnectionCore};
    use diesel_routing::{Primary, Replica, pg};

    async fn anything<C: AsyncConnectionCore>(_: &mut C) {}
    async fn begin<C: AsyncConnection>(_: &mut C) {}

    async fn run(
        write: &mut pg::WriteConn,
        replica: &mut pg::ReadConn<Replica>,
        primary: &mut pg::ReadConn<Primary>,
    ) {
        anything(write).await;
        anything(replica).await;
        anything(primary).await;
        begin(write).await;
        begin(replica).await;
    }
}

mod blocking {
    use diesel::Connection;
    use diesel::connection::LoadConnection;
    use diesel_routing::{Primary, Replica, sync::pg};

    fn anything<C: Connection>(_: &mut C) {}
    fn load<C: LoadConnection>(_: &mut C) {}

    fn run(
        write: &mut pg::WriteConn,
        replica: &mut pg::ReadConn<Replica>,
        primary: &mut pg::ReadConn<Primary>,
    ) {
        anything(write);
        anything(replica);
        anything(primary);
        load(write);
        load(replica);
    }
}

fn main() {}
