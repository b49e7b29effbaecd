//! Addresses for the servers and programs of one cluster.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicU8, Ordering};

/// The number of addresses in a block.
const SIZE: u8 = 8;

/// Addresses of the loopback interface that no other cluster has, of this run or another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    network: [u8; 3],
    first: u8,
}

impl Block {
    /// Returns the next one; after 31, those of this process begin again.
    pub(super) fn next() -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        let [.., high, low] = std::process::id().to_be_bytes();
        let number = NEXT.fetch_add(1, Ordering::Relaxed) % (u8::MAX / SIZE);
        Self {
            network: [127, 64 | (high & 0x3f), low],
            first: number * SIZE,
        }
    }

    /// Returns an address, by its number from 1 on.
    pub(super) fn host(self, number: u8) -> Ipv4Addr {
        let [a, b, c] = self.network;
        Ipv4Addr::new(a, b, c, self.first + number % SIZE)
    }

    pub(super) fn place(self, number: u8, port: u16) -> SocketAddr {
        SocketAddrV4::new(self.host(number), port).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_loopback_interfaces_and_of_one_block_alone() {
        let (block, other) = (Block::next(), Block::next());
        let hosts = |block: Block| (1..SIZE).map(move |number| block.host(number));
        let mut all: Vec<_> = hosts(block).chain(hosts(other)).collect();
        all.push(Ipv4Addr::LOCALHOST);
        assert!(all.iter().all(Ipv4Addr::is_loopback));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
