//! Every notation of a number: those that people write, and random ones.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use proptest::prelude::*;
use sourcekeep::address;

use super::*;

/// Loopback, and what stands for it, in the notations that a browser understands.
const LOOPBACK: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "127.8.8.8",
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "0177.0x0.1",
    "00000177.1",
    "017700000001",
    "0x00000000007f000001",
    "127.0.0.1.",
    "127.0.0.0x1",
    "１２７.0.0.1",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127.0.0.1｡",
    "𝟙𝟚𝟟.𝟘.𝟘.𝟙",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "127.0.0.1%2e",
    "%30x7f.1",
    "12\t7.0.0\n.1",
    "0",
    "0.0.0.0",
    "0x0",
    "00",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000::0001]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:7f00:1::1]",
    "[2001:0:7f00:1::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "[2a00:1450::5efe:127.0.0.1]",
    "[2a00:1450::200:5efe:127.0.0.1]",
    "[2002:808:808::5efe:127.0.0.1]",
    "user@127.0.0.1",
    "example.com@127.0.0.1",
    "example.com:80@127.0.0.1",
    "example.com%2f@127.0.0.1",
    "a@b@127.0.0.1",
    "@127.0.0.1",
    ":@[::1]",
];

#[tokio::test]
async fn loopback_in_every_spelling_is_refused() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let port = trap.port();
    let settings = settings(&web);
    for host in LOOPBACK {
        for scheme in ["http", "https"] {
            let address = format!("{scheme}://{host}:{port}/");
            assert_refused(&visit(&settings, &address).await, &[], &address);
        }
    }
    trap.assert_untouched();
}

/// Addresses in which something else than the host looks like one of ours; they lead to `a.test`.
#[tokio::test]
async fn what_only_looks_like_the_inside_is_asked() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let port = trap.port();
    web.page("a.test", "*", Page::html("a"));
    for address in [
        "http://127.0.0.1@a.test/".to_owned(),
        format!("http://127.0.0.1:{port}@a.test/"),
        format!("http://[::1]:{port}@a.test/").replace(['[', ']'], ""),
        format!("http://a.test#@127.0.0.1:{port}/"),
        format!("http://a.test?@127.0.0.1:{port}/"),
        format!("http://a.test/@127.0.0.1:{port}/"),
        format!("http://a.test\\@127.0.0.1:{port}/"),
        format!("http://a.test/http://127.0.0.1:{port}/"),
        format!("http://a.test//127.0.0.1:{port}/"),
    ] {
        let fetched = visit(&settings(&web), &address).await;
        assert_eq!(statuses(&fetched), [200], "{address}");
        assert_eq!(fetched.exchanges[0].url.host_str(), Some("a.test"));
    }
    trap.assert_untouched();
}

#[test]
fn what_is_no_address_is_not_taken() {
    for address in [
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1]x/",
        "http://[::1/",
        "http://::1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.256/",
        "http://1.2.3.4.5/",
        "http://0x7f.0.0.0.1/",
        "http://127.0.0.1%00/",
        "http://a%20b/",
        "http://a%2fb/",
        "http://127.0.0.1%0d%0a/",
        "http://%/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/",
        "data:text/html,x",
    ] {
        assert!(address::parse(address, None).is_err(), "{address}");
    }
}

/// What is not public, told apart from the guard's own table: IANA's registries as networks.
const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

const NOT_PUBLIC_V6: &[&str] = &[
    "::/96",
    "::ffff:0:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// An address of a network, by random bits.
fn within(net: &str, bits: u128) -> IpAddr {
    match net.parse().unwrap() {
        IpNet::V4(net) => {
            let host = u32::from(net.hostmask()) & (bits as u32);
            Ipv4Addr::from(u32::from(net.network()) | host).into()
        }
        IpNet::V6(net) => {
            let host = u128::from(net.hostmask()) & bits;
            Ipv6Addr::from(u128::from(net.network()) | host).into()
        }
    }
}

/// Writes an IPv4 address in one of the notations of the URL Standard's parser; `style` decides which.
fn spelled(ip: Ipv4Addr, parts: usize, style: [u8; 8]) -> String {
    let number = u32::from(ip);
    let last_bits = 8 * (5 - parts as u32);
    let mut numbers: Vec<u32> = (1..parts)
        .map(|part| (number >> (32 - 8 * part as u32)) & 0xff)
        .collect();
    let mask = u32::try_from((1_u64 << last_bits) - 1).unwrap();
    numbers.push(number & mask);
    let mut text = String::new();
    for (part, number) in numbers.iter().enumerate() {
        if part > 0 {
            text.push_str([".", "。", "%2e", "．"][usize::from(style[part] >> 6)]);
        }
        let zeros = "0".repeat(usize::from(style[part] >> 3 & 3));
        let written = match style[part] % 4 {
            0 => format!("{number}"),
            1 => format!("0x{zeros}{number:x}"),
            2 => format!("0X{zeros}{number:X}"),
            _ => format!("0{zeros}{number:o}"),
        };
        for (at, letter) in written.chars().enumerate() {
            let way = style[5].rotate_left(at as u32 % 8).wrapping_add(style[6]) % 5;
            match (way, letter.to_digit(10)) {
                (0, _) => write!(text, "%{:02x}", letter as u32).unwrap(),
                (1, Some(digit)) => text.push(char::from_u32(0xff10 + digit).unwrap()),
                (2, Some(digit)) => text.push(char::from_u32(0x1d7d8 + digit).unwrap()),
                (3, _) if at > 0 => {
                    text.push('\t');
                    text.push(letter);
                }
                _ => text.push(letter),
            }
        }
    }
    if style[7].is_multiple_of(3) {
        text.push('.');
    }
    text
}

/// Writes an IPv6 address without compression, with leading zeros, or with its end as IPv4.
fn spelled_v6(ip: Ipv6Addr, style: u8) -> String {
    let groups = ip.segments();
    let [.., a, b, c, d] = ip.octets();
    match style % 5 {
        0 => ip.to_string(),
        1 => groups.map(|group| format!("{group:04X}")).join(":"),
        2 => groups.map(|group| format!("{group:x}")).join(":"),
        3 => {
            let head: Vec<_> = groups[..6]
                .iter()
                .map(|group| format!("{group:x}"))
                .collect();
            format!("{}:{a}.{b}.{c}.{d}", head.join(":"))
        }
        _ => ip.to_string().to_uppercase(),
    }
}

/// The ways of IPv6 to carry an IPv4 address.
fn carrying(ip: Ipv4Addr, way: u8, bits: u128) -> Ipv6Addr {
    let number = u128::from(u32::from(ip));
    let global = (0x2a00_u128 << 112)
        | (bits >> 16 & !(0xffff_ffff_ffff_u128 << 64)) & !(u128::from(u64::MAX));
    Ipv6Addr::from(match way % 6 {
        0 => 0xffff << 32 | number,
        1 => (0x0064_ff9b_u128 << 96) | number,
        2 => (0x2002_u128 << 112) | (number << 80) | (bits & u128::from(u64::MAX)),
        3 => global | (0x5efe << 32) | number,
        4 => global | (0x0200_5efe << 32) | number,
        _ => number,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_spelling_of_a_private_address_passes(
        net in 0..NOT_PUBLIC.len(),
        bits: u128,
        parts in 1..5_usize,
        style: [u8; 8],
        carried: u8,
    ) {
        let guard = Guard::default();
        let IpAddr::V4(ip) = within(NOT_PUBLIC[net], bits) else { unreachable!() };
        let text = format!("http://{}/", spelled(ip, parts, style));
        let url = address::parse(&text, None).unwrap();
        let plain = ip.to_string();
        prop_assert_eq!(url.host_str(), Some(plain.as_str()), "{}", text);
        prop_assert!(!guard.allows_literal(&url), "{} = {}", text, url);
        let v6 = carrying(ip, carried, bits);
        let text = format!("http://[{}]/", spelled_v6(v6, style[0]));
        let url = address::parse(&text, None).unwrap();
        prop_assert!(!guard.allows_literal(&url), "{} = {}", text, url);
    }

    #[test]
    fn no_spelling_of_a_private_ipv6_address_passes(
        net in 0..NOT_PUBLIC_V6.len(),
        bits: u128,
        style: u8,
    ) {
        let IpAddr::V6(ip) = within(NOT_PUBLIC_V6[net], bits) else { unreachable!() };
        let text = format!("http://[{}]/", spelled_v6(ip, style));
        let url = address::parse(&text, None).unwrap();
        prop_assert!(!Guard::default().allows_literal(&url), "{} = {}", text, url);
    }
}
