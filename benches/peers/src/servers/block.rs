//! Addresses for the servers and programs of one run.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// 256 addresses of the loopback interface that no other run has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block([u8; 3]);

impl Block {
    pub(super) fn of_this_process() -> Self {
        let [.., high, low] = std::process::id().to_be_bytes();
        Self([127, 64 | (high & 0x3f), low])
    }

    pub(super) fn host(self, number: u8) -> Ipv4Addr {
        let [a, b, c] = self.0;
        Ipv4Addr::new(a, b, c, number)
    }

    pub(super) fn place(self, number: u8, port: u16) -> SocketAddr {
        SocketAddrV4::new(self.host(number), port).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_block_are_the_loopback_interfaces() {
        let block = Block::of_this_process();
        assert!(block.host(1).is_loopback());
        assert_ne!(block.host(1), block.host(2));
        assert_ne!(block.host(1), Ipv4Addr::LOCALHOST);
    }
}
