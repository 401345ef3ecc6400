//! Which addresses are public: our table against Python's, where Python is there. Where they differ, it is said why.

use std::io::Write as _;
use std::process::{Command, Stdio};

use ipnet::IpNet;
use sourcekeep::fetch::is_public;

use super::*;

const ADDRESSES: u32 = 6000;

/// Python calls these global, and they are refused all the same.
const STRICTER: &[(&str, &str)] = &[
    (
        "192.0.0.0/24",
        "two anycast addresses for a network's own equipment (PCP, TURN)",
    ),
    ("192.88.99.0/24", "relays of 6to4, given up by RFC 7526"),
    (
        "224.0.0.0/4",
        "multicast: no page is there, and Python goes by reach only",
    ),
    ("::/3", "not given out, but for NAT64"),
    ("64:ff9b::/96", "NAT64 that leads to a private IPv4 address"),
    (
        "2001::/23",
        "protocol assignments: tunnels, relays, identifiers that are no addresses",
    ),
    ("2002::/16", "6to4 that leads to a private IPv4 address"),
    (
        "3fff::/20",
        "documentation; older versions of Python do not know it yet",
    ),
    ("4000::/2", "not given out"),
    ("8000::/1", "not given out, or multicast"),
];

/// Python does not call these global, and they are asked all the same, if the IPv4 address inside is public.
const LAXER: &[(&str, &str)] = &[
    (
        "::ffff:0:0/96",
        "IPv4 by another spelling; older versions of Python refuse all of it",
    ),
    (
        "2002::/16",
        "6to4 that leads to a public IPv4 address; newer versions of Python refuse all of it",
    ),
];

fn explained(list: &[(&str, &str)], ip: IpAddr) -> bool {
    list.iter()
        .any(|(net, _)| net.parse::<IpNet>().unwrap().contains(&ip))
        || is_isatap(ip)
}

/// RFC 5214: the tunnel's end in it is private. Python does not look for it.
fn is_isatap(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if matches!(v6.segments(), [_, _, _, _, 0 | 0x0200, 0x5efe, ..]))
}

/// Addresses of which many lie near the borders of the registries' networks.
fn addresses() -> Vec<IpAddr> {
    let mut state = 0x1234_5678_9abc_def1_u128;
    let mut random = || {
        state = state
            .wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645)
            .wrapping_add(0x5851_f42d_4c95_7f2d_1405_7b7e_f767_814f);
        state >> 20 ^ state << 64
    };
    let borders: Vec<IpNet> = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.0.8/30",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "255.255.255.255/32",
        "::/96",
        "::1/128",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "100:0:0:1::/64",
        "2001::/23",
        "2001::/32",
        "2001:1::/126",
        "2001:2::/48",
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:10::/28",
        "2001:20::/28",
        "2001:30::/28",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
        "2000::/3",
    ]
    .map(|net| net.parse().unwrap())
    .into();
    let mut list = Vec::new();
    for net in &borders {
        let (first, last) = (net.network(), net.broadcast());
        for ip in [first, last] {
            list.push(ip);
            match ip {
                IpAddr::V4(ip) => list.extend([
                    IpAddr::from(u32::from(ip).wrapping_sub(1).to_be_bytes()),
                    IpAddr::from(u32::from(ip).wrapping_add(1).to_be_bytes()),
                ]),
                IpAddr::V6(ip) => list.extend([
                    IpAddr::from(u128::from(ip).wrapping_sub(1).to_be_bytes()),
                    IpAddr::from(u128::from(ip).wrapping_add(1).to_be_bytes()),
                ]),
            }
        }
    }
    for round in 0..ADDRESSES {
        let bits = random();
        match (&borders[bits as usize % borders.len()], round % 3) {
            (_, 0) => list.push(IpAddr::from((bits as u32).to_be_bytes())),
            (_, 1) => list.push(IpAddr::from((bits >> 3 | 1 << 125).to_be_bytes())),
            (IpNet::V4(net), _) => {
                let ip = u32::from(net.network()) | u32::from(net.hostmask()) & (bits as u32);
                list.push(IpAddr::from(ip.to_be_bytes()));
            }
            (IpNet::V6(net), _) => {
                let ip = u128::from(net.network()) | u128::from(net.hostmask()) & bits;
                list.push(IpAddr::from(ip.to_be_bytes()));
            }
        }
    }
    list
}

#[test]
fn public_is_what_python_calls_global() {
    const PROGRAM: &str = "import ipaddress, sys\n\
        for line in sys.stdin: print(int(ipaddress.ip_address(line.strip()).is_global))";
    let list = addresses();
    let text: Vec<_> = list.iter().map(ToString::to_string).collect();
    let child = Command::new("python3")
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
        assert!(!required, "python3 is not there");
        let _ = std::io::stderr().write_all(b"skipped: python3 is not there\n");
        return;
    };
    let mut input = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || input.write_all((text.join("\n") + "\n").as_bytes()));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), list.len());
    let mut both = [0, 0];
    for (ip, answer) in list.iter().zip(answers.lines()) {
        match (is_public(*ip), answer == "1") {
            (true, false) => assert!(explained(LAXER, *ip), "asked, and Python says no: {ip}"),
            (false, true) => assert!(
                explained(STRICTER, *ip),
                "refused, and Python says yes: {ip}"
            ),
            (ours, _) => both[usize::from(ours)] += 1,
        }
    }
    assert!(both[0] > 500 && both[1] > 2000, "{both:?} of one mind");
}
