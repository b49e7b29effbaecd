//! `pools!`: the pools of a flavour, one variant for each library.

/// Defines a flavour's `Library`, `Pool<C>` and `Guard<C>` from a list of pool libraries: a feature, a name, and
/// the module that has `Pool<C>` (`new`, `status`, `get`) and `Loan<C>`, which gives its connection back to the
/// pool when dropped.
macro_rules! pools {
    (async; $($feature:literal $name:ident = $module:ident;)+) => {
        crate::engine::pools!(@common $($feature $name = $module;)+);

        impl<C: RoutedConnection> Pool<C> {
            async fn get(&self, since: std::time::Instant) -> Result<Guard<C>, crate::error::Error> {
                match self {
                    $(#[cfg(feature = $feature)]
                    Self::$name(pool) => pool.get(since).await.map(Guard::$name),)+
                    #[cfg(not(any($(feature = $feature),+)))]
                    Self::Never(never) => {
                        let _ = since;
                        match *never.value() {}
                    }
                }
            }
        }

        impl<C: RoutedConnection> Pools<C> {
            /// Takes a connection; `limit` bounds the whole of it, which began at `since`.
            #[allow(irrefutable_let_patterns, reason = "where a test's is the only pool")]
            pub(crate) async fn get(
                &self,
                kind: crate::server::PoolKind,
                limit: std::time::Duration,
                node: &str,
                since: std::time::Instant,
            ) -> Result<Guard<C>, crate::error::Error> {
                // A test has its own patience, and says who holds the connection.
                #[cfg(feature = "test-util")]
                if let Pool::Testing(pool) = &**self.of(kind) {
                    let _pending = self.usage[kind.index()].wait();
                    return pool.lend(since).await.map(Guard::Testing);
                }
                // Pinned where it is: a future is copied whole wherever it is passed on.
                let mut get = std::pin::pin!(self.of(kind).get(since));
                // Mostly one is idle, and no timer is needed.
                if let Some(taken) = crate::asynchronous::io::at_once(get.as_mut()).await {
                    return taken;
                }
                let _pending = self.usage[kind.index()].wait();
                tokio::time::timeout(limit, get).await.unwrap_or_else(|elapsed| {
                    let (node, step) = (node.to_owned(), crate::error::Step::Wait);
                    Err(crate::error::Error::checkout(node, step, since, elapsed))
                })
            }
        }
    };
    (blocking; $($feature:literal $name:ident = $module:ident;)+) => {
        crate::engine::pools!(@common $($feature $name = $module;)+);

        impl<C: RoutedConnection> Pool<C> {
            fn get_idle(&self) -> Option<Guard<C>> {
                match self {
                    $(#[cfg(feature = $feature)]
                    Self::$name(pool) => pool.get_idle().map(Guard::$name),)+
                    #[cfg(not(any($(feature = $feature),+)))]
                    Self::Never(never) => match *never.value() {},
                }
            }

            fn get(
                &self,
                limit: std::time::Duration,
            ) -> Result<Guard<C>, crate::error::Error> {
                match self {
                    $(#[cfg(feature = $feature)]
                    Self::$name(pool) => pool.get(limit).map(Guard::$name),)+
                    #[cfg(not(any($(feature = $feature),+)))]
                    Self::Never(never) => {
                        let _ = limit;
                        match *never.value() {}
                    }
                }
            }
        }

        impl<C: RoutedConnection> Pools<C> {
            /// Takes a connection; `limit` bounds the wait.
            #[allow(irrefutable_let_patterns, reason = "where a test's is the only pool")]
            pub(crate) fn get(
                &self,
                kind: crate::server::PoolKind,
                limit: std::time::Duration,
                _node: &str,
                _since: std::time::Instant,
            ) -> Result<Guard<C>, crate::error::Error> {
                let pool = self.of(kind);
                // A test has its own patience, and says who holds the connection.
                #[cfg(feature = "test-util")]
                if let Pool::Testing(pool) = &**pool {
                    let _pending = self.usage[kind.index()].wait();
                    return pool.lend(_since).map(Guard::Testing);
                }
                // Mostly one is idle, and nobody waits.
                if let Some(taken) = pool.get_idle() {
                    return Ok(taken);
                }
                let _pending = self.usage[kind.index()].wait();
                pool.get(limit)
            }
        }
    };
    (@common $($feature:literal $name:ident = $module:ident;)+) => {
        /// The library that pools a router's connections.
        #[derive(Debug, Clone)]
        pub(crate) enum Library {
            $(#[cfg(feature = $feature)] $name($module::Settings),)+
            #[cfg(not(any($(feature = $feature),+)))]
            #[expect(dead_code, reason = "it has no value")]
            Never(crate::engine::NoPool<()>),
        }

        /// The connections of one node for one purpose.
        pub(crate) enum Pool<C: RoutedConnection> {
            $(#[cfg(feature = $feature)] $name($module::Pool<C>),)+
            #[cfg(not(any($(feature = $feature),+)))]
            #[expect(dead_code, reason = "it has no value")]
            Never(crate::engine::NoPool<C>),
        }

        impl<C: RoutedConnection> Pool<C> {
            pub(crate) fn new(
                library: &Library,
                manager: Manager<C>,
                size: u32,
                options: &crate::cluster::PoolOptions,
            ) -> Result<Self, crate::error::Error> {
                match library {
                    $(#[cfg(feature = $feature)]
                    Library::$name(settings) => {
                        $module::Pool::new(settings, manager, size, options).map(Self::$name)
                    })+
                    #[cfg(not(any($(feature = $feature),+)))]
                    Library::Never(never) => {
                        let _ = (manager, size, options);
                        match *never.value() {}
                    }
                }
            }

            pub(crate) fn status(&self, kind: crate::server::PoolKind) -> crate::engine::PoolStatus {
                match self {
                    $(#[cfg(feature = $feature)] Self::$name(pool) => pool.status(kind),)+
                    #[cfg(not(any($(feature = $feature),+)))]
                    Self::Never(never) => {
                        let _ = kind;
                        match *never.value() {}
                    }
                }
            }

        }

        /// The pools of one node. They open connections as they are needed: those of a replica's `write`
        /// are needed once it is promoted.
        pub(crate) struct Pools<C: RoutedConnection> {
            read: std::sync::Arc<Pool<C>>,
            write: std::sync::Arc<Pool<C>>,
            /// Of each kind, in the order of `PoolKind::ALL`.
            usage: [std::sync::Arc<crate::engine::Usage>; 3],
            /// A bulkhead: reads that fall back to the primary must not keep others from it.
            fallback: std::sync::Arc<Pool<C>>,
        }

        impl<C: RoutedConnection> Pools<C> {
            /// Makes the pools of a node, with the managers that `manager` makes for reads and for writes. Those that `kept`
            /// returns stay.
            pub(crate) fn new(
                library: &Library,
                node: &crate::cluster::Node,
                manager: impl Fn(crate::server::PoolKind) -> Manager<C>,
                kept: impl Fn(crate::server::PoolKind) -> Option<(std::sync::Arc<Pool<C>>, std::sync::Arc<crate::engine::Usage>)>,
            ) -> Result<Self, crate::error::Error> {
                let mut usage: [std::sync::Arc<crate::engine::Usage>; 3] = std::array::from_fn(|_| std::sync::Arc::default());
                let mut pool = |kind: crate::server::PoolKind| {
                    let usage = &mut usage[kind.index()];
                    if let Some((pool, known)) = kept(kind) {
                        *usage = known;
                        return Ok(pool);
                    }
                    let mut manager = manager(kind);
                    manager.usage = std::sync::Arc::clone(usage);
                    Pool::new(library, manager, node.pool_size(kind), node.options(kind)).map(std::sync::Arc::new)
                };
                let (read, write) = (pool(crate::server::PoolKind::Read)?, pool(crate::server::PoolKind::Write)?);
                let fallback = pool(crate::server::PoolKind::Fallback)?;
                Ok(Self {
                    read,
                    write,
                    fallback,
                    usage,
                })
            }

            /// Returns how much a pool's connections are in use.
            pub(crate) fn usage(&self, kind: crate::server::PoolKind) -> &crate::engine::Usage {
                &self.usage[kind.index()]
            }

            /// Returns whether a pool may open one more connection, or is opening it.
            pub(crate) fn has_room(&self, kind: crate::server::PoolKind) -> bool {
                let status = self.of(kind).status(kind);
                status.open < status.max_size
            }

            /// Returns a pool and its usage, to be kept when others change.
            pub(crate) fn share(&self, kind: crate::server::PoolKind) -> (std::sync::Arc<Pool<C>>, std::sync::Arc<crate::engine::Usage>) {
                (std::sync::Arc::clone(self.of(kind)), std::sync::Arc::clone(&self.usage[kind.index()]))
            }

            fn of(&self, kind: crate::server::PoolKind) -> &std::sync::Arc<Pool<C>> {
                match kind {
                    crate::server::PoolKind::Read => &self.read,
                    crate::server::PoolKind::Write => &self.write,
                    crate::server::PoolKind::Fallback => &self.fallback,
                }
            }
        }

        impl<C: RoutedConnection> crate::engine::NodePools for Pools<C> {
            fn status(&self) -> Vec<crate::engine::PoolStatus> {
                let kinds = crate::server::PoolKind::ALL;
                let status = kinds.map(|kind| {
                    let usage = &self.usage[kind.index()];
                    let (loans, time_in_use) = usage.total();
                    let (pending, timeouts) = usage.waits();
                    crate::engine::PoolStatus {
                        loans,
                        time_in_use,
                        pending,
                        timeouts,
                        ..self.of(kind).status(kind)
                    }
                });
                status.into()
            }

            #[cfg(feature = "metrics")]
            fn usage(&self) -> &[std::sync::Arc<crate::engine::Usage>; 3] {
                &self.usage
            }

            fn drain(&self) {
                for kind in crate::server::PoolKind::ALL {
                    match &**self.of(kind) {
                        $(#[cfg(feature = $feature)] Pool::$name(pool) => pool.drain(),)+
                        #[cfg(not(any($(feature = $feature),+)))]
                        Pool::Never(never) => match *never.value() {},
                    }
                }
            }
        }

        /// Gives a connection back to its pool when dropped.
        pub(crate) enum Guard<C: RoutedConnection> {
            $(#[cfg(feature = $feature)] $name($module::Loan<C>),)+
            #[cfg(not(any($(feature = $feature),+)))]
            #[expect(dead_code, reason = "it has no value")]
            Never(crate::engine::NoPool<C>),
        }

        impl<C: RoutedConnection> crate::engine::checkout::Loan for Guard<C> {
            fn known(&self) -> &crate::engine::Known {
                &self.known
            }

            fn known_mut(&mut self) -> &mut crate::engine::Known {
                &mut self.known
            }

            fn awaits_answer(&self) -> bool {
                self.marks.awaits_answer.is_set()
            }

            fn spoil(&mut self) {
                self.marks.is_spoilt.set();
            }

            fn number(&self) -> u64 {
                self.number
            }

            #[cfg(feature = "metrics")]
            fn waited(&self, time: std::time::Duration) {
                self.usage.waited(time);
            }

            fn node(&self) -> &str {
                &self.member.name
            }

            fn database(&self) -> Option<&str> {
                self.database.as_deref()
            }
        }

        impl<C: RoutedConnection> std::ops::Deref for Guard<C> {
            type Target = crate::engine::Pooled<C>;

            #[inline]
            fn deref(&self) -> &Self::Target {
                match self {
                    $(#[cfg(feature = $feature)] Self::$name(conn) => conn,)+
                    #[cfg(not(any($(feature = $feature),+)))]
                    Self::Never(never) => match *never.value() {},
                }
            }
        }

        impl<C: RoutedConnection> std::ops::DerefMut for Guard<C> {
            #[inline]
            fn deref_mut(&mut self) -> &mut Self::Target {
                match self {
                    $(#[cfg(feature = $feature)] Self::$name(conn) => conn,)+
                    #[cfg(not(any($(feature = $feature),+)))]
                    Self::Never(never) => match *never.value() {},
                }
            }
        }
    };
}

pub(crate) use pools;
