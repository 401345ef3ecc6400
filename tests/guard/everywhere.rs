//! A network of our own in which every address of the world is ours, so that the trap hears of every one of them.

use std::net::TcpStream;

use super::*;
use crate::apart::apart;

/// Every address leads to this machine. IPv6 may take a moment to be there after the interface is; without duplicate
/// address detection it is there at once.
const ALL_IS_OURS: &str = "echo 0 >/proc/sys/net/ipv6/conf/lo/accept_dad || true
    ip link set lo up
    ip route add local 0.0.0.0/0 dev lo
    ip -6 route add local ::/0 dev lo";

const NOT_PUBLIC: &[&str] = &[
    "0.0.0.1",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:0:a00:1::1",
    "2001:2::1",
    "2001:db8::1",
    "2002:a00:1::1",
    "2002:a9fe:a9fe::1",
    "2002:808:808::5efe:a00:1",
    "2a00:1450::5efe:a00:1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff0e::1",
];

#[test]
fn nothing_in_the_world_that_is_not_public_is_knocked_at() {
    if !apart(
        "everywhere::nothing_in_the_world_that_is_not_public_is_knocked_at",
        ALL_IS_OURS,
    ) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (web, trap) = (Web::start(), Trap::everywhere());
    let port = trap.port();
    let mut settings = settings(&web);
    settings.limits.connect = Duration::from_millis(500);
    settings.limits.first_byte = Duration::from_millis(500);
    for ip in NOT_PUBLIC {
        let host = if ip.contains(':') {
            format!("[{ip}]")
        } else {
            (*ip).to_owned()
        };
        let address = format!("http://{host}:{port}/");
        web.page("a.test", "/", Page::redirect(308, &address));
        runtime.block_on(async {
            assert_refused(&visit(&settings, &address).await, &[], &address);
            assert_refused(&visit(&settings, "http://a.test/").await, &[308], &address);
            let named = Settings {
                resolve: Vec::new(),
                ..settings.clone()
            };
            let inside = format!("http://inside.test:{port}/");
            let fetched = with_lookup(&named, answers(&[ip]), &inside).await;
            assert_refused(&fetched, &[], ip);
        });
    }
    trap.assert_untouched();
    // The trap would have heard of them: of a public one it does, and of a private one that is knocked at otherwise.
    let before = trap.connections();
    for ip in ["10.0.0.1", "169.254.169.254", "fd00:ec2::254"] {
        TcpStream::connect((ip.parse::<IpAddr>().unwrap(), port)).unwrap();
    }
    runtime.block_on(async {
        for host in ["1.1.1.1", "[2606:4700::1111]"] {
            let fetched = visit(&settings, &format!("http://{host}:{port}/")).await;
            assert_eq!(family(&fetched), Some(Family::Timeout), "{host}");
        }
    });
    assert_eq!(trap.connections(), before + 5);
}

#[test]
fn ports_of_other_services_are_not_knocked_at() {
    if !apart(
        "everywhere::ports_of_other_services_are_not_knocked_at",
        ALL_IS_OURS,
    ) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let web = Web::start();
    let traps: Vec<_> = [22, 25, 110, 143, 587, 2049, 6000, 6667, 10080]
        .iter()
        .map(|port| Trap::at(&format!("[::]:{port}")))
        .collect();
    for trap in &traps {
        for host in ["1.1.1.1", "127.0.0.1", "a.test"] {
            let address = format!("http://{host}:{}/", trap.port());
            let open = Settings {
                allow_private: vec!["127.0.0.0/8".parse().unwrap()],
                ..settings(&web)
            };
            let fetched = runtime.block_on(visit(&open, &address));
            assert_refused(&fetched, &[], &address);
        }
        trap.assert_untouched();
    }
}
