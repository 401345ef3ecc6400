//! How many connections one peer has open: nobody takes the room of all others.
//!
//! Peers on this machine are not counted: a proxy may stand here, behind which everybody is, and whoever is on this machine could take
//! its memory anyway. A proxy on another machine needs as many as it has requests under way, which the cap leaves room for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::access::network;

/// Who is there, and how often.
#[derive(Debug)]
pub(super) struct Peers {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// That a peer is there once more, until it is dropped.
#[derive(Debug)]
pub(super) struct Present {
    /// Among whom, unless it is not counted.
    counted: Option<(Arc<Peers>, IpAddr)>,
}

impl Peers {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            open: Mutex::default(),
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A peer comes in once more; none where it may not.
    pub(super) fn comes(self: &Arc<Self>, peer: IpAddr) -> Option<Present> {
        if peer.to_canonical().is_loopback() {
            return Some(Present { counted: None });
        }
        let network = network(peer);
        let mut open = self.open();
        let many = open.entry(network).or_default();
        if *many >= self.most {
            return None;
        }
        *many += 1;
        Some(Present {
            counted: Some((Arc::clone(self), network)),
        })
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let Some((peers, network)) = &self.counted else {
            return;
        };
        let mut open = peers.open();
        if let Some(many) = open.get_mut(network) {
            *many -= 1;
            if *many == 0 {
                open.remove(network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(written: &str) -> IpAddr {
        written.parse().unwrap()
    }

    #[test]
    fn one_has_so_many_and_leaves_the_others_theirs() {
        let peers = Peers::new(2);
        let first = peers.comes(ip("192.0.2.1")).unwrap();
        let second = peers.comes(ip("::ffff:192.0.2.1")).unwrap();
        assert!(peers.comes(ip("192.0.2.1")).is_none());
        assert!(peers.comes(ip("192.0.2.2")).is_some());
        drop(first);
        assert!(peers.comes(ip("192.0.2.1")).is_some());
        drop(second);
        assert!(peers.open().is_empty());
    }

    #[test]
    fn who_has_one_new_address_has_all_of_its_network() {
        let peers = Peers::new(1);
        let _one = peers.comes(ip("2001:db8::1")).unwrap();
        assert!(peers.comes(ip("2001:db8::ffff:2")).is_none());
        assert!(peers.comes(ip("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn this_machine_is_not_counted() {
        let peers = Peers::new(0);
        for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(peers.comes(ip(own)).is_some(), "{own}");
        }
        assert!(peers.comes(ip("192.0.2.1")).is_none());
    }
}
