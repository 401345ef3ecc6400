//! Which addresses may be asked at all: only public ones, so that a link in somebody's post cannot make us knock on
//! the machines around us (server-side request forgery).
//!
//! The guard stands in three places: on IP literals before each hop (a resolver is never asked for those), in the
//! resolver (what it returns is exactly what is connected to, so an answer cannot change in between), and on the
//! connected peer. The list is IANA's special-purpose registries (RFC 6890 and its successors); addresses that carry
//! an IPv4 address inside (mapped, NAT64, 6to4, ISATAP) are judged by each one that they carry.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};
use url::{Host, Url};

/// Ports that no browser asks, for other services listen there and might take a request for an order: "bad ports" of
/// the Fetch Standard, section 2.9.
const BAD_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
];

/// Names that mean the machine on which they are looked up, by RFC 6761 or by the hosts files of the usual systems.
/// `localhost` and `localdomain` stand for every name below them too.
const LOOPBACK_NAMES: &[&str] = &["ip6-localhost", "ip6-loopback", "localhost6"];
const LOOPBACK_DOMAINS: &[&str] = &["localhost", "localdomain", "localdomain6"];

/// Whether a name means the machine on which it is looked up. A proxy would look it up on its own machine, so such a
/// name is no name but a spelling of loopback.
pub(crate) fn is_loopback_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let top = name.rsplit('.').next().unwrap_or_default();
    LOOPBACK_DOMAINS.contains(&top) || LOOPBACK_NAMES.contains(&name.as_str())
}

/// Whether a port is one that a page can be on.
pub(crate) fn is_web_port(url: &Url) -> bool {
    url.port()
        .is_none_or(|port| BAD_PORTS.binary_search(&port).is_err())
}

/// The ranges that may be asked although they are not public, and the judgement on every other address.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allowed: Vec<IpNet>,
}

impl Guard {
    /// A guard that lets public addresses and these ranges pass.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self {
            allowed: allowed.into_iter().map(plain_range).collect(),
        }
    }

    /// Whether an address may be asked.
    pub fn allows(&self, ip: IpAddr) -> bool {
        // An IPv4-mapped address is an IPv4 address, so only ranges of IPv4 open it: `::/0` does not open 127.0.0.1.
        let plain = ip.to_canonical();
        is_public(plain) || self.allowed.iter().any(|net| net.contains(&plain))
    }

    /// Whether the host of an address may be asked as far as it can be known without a resolver: a name passes,
    /// unless it means this machine by definition.
    pub fn allows_literal(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(ip)) => self.allows(ip.into()),
            Some(Host::Ipv6(ip)) => self.allows(ip.into()),
            Some(Host::Domain(name)) if is_loopback_name(name) => {
                self.allows(Ipv4Addr::LOCALHOST.into()) || self.allows(Ipv6Addr::LOCALHOST.into())
            }
            Some(Host::Domain(_)) => true,
            None => false,
        }
    }
}

/// A range of IPv4-mapped addresses as the range of IPv4 that it means.
fn plain_range(net: IpNet) -> IpNet {
    const MAPPED_BITS: u8 = 96;
    if let IpNet::V6(v6) = net
        && let Some(ip) = v6.addr().to_ipv4_mapped()
        && let Some(bits) = v6.prefix_len().checked_sub(MAPPED_BITS)
        && let Ok(v4) = Ipv4Net::new(ip, bits)
    {
        return v4.into();
    }
    net
}

/// Whether an address belongs to the public internet.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

#[expect(
    clippy::match_same_arms,
    reason = "a table: each row is one registry entry with its reason"
)]
fn is_public_v4(ip: Ipv4Addr) -> bool {
    match ip.octets() {
        // this network, private, loopback
        [0 | 10 | 127, ..] => false,
        // shared address space (RFC 6598), where a cloud keeps its metadata too
        [100, 64..=127, ..] => false,
        // link-local, the usual place of cloud metadata
        [169, 254, ..] => false,
        // private
        [172, 16..=31, ..] | [192, 168, ..] => false,
        // protocol assignments, 6to4 relays (RFC 7526)
        [192, 0, 0, _] | [192, 88, 99, _] => false,
        // documentation
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => false,
        // benchmarking
        [198, 18..=19, ..] => false,
        // multicast, reserved, broadcast
        [224..=255, ..] => false,
        _ => true,
    }
}

#[expect(
    clippy::match_same_arms,
    reason = "a table: each row is one registry entry with its reason"
)]
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    match segments {
        // IPv4-mapped, ::ffff:0:0/96
        [0, 0, 0, 0, 0, 0xffff, high, low] => is_public_v4(carried(high, low)),
        // NAT64's well-known prefix, 64:ff9b::/96 (RFC 6052); the local-use one, 64:ff9b:1::/48, is refused below
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(carried(high, low)),
        // IETF protocol assignments, 2001::/23: Teredo, benchmarking, ORCHID
        [0x2001, 0..=0x01ff, ..] => false,
        // documentation: 2001:db8::/32 and 3fff::/20
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Everything outside global unicast is unspecified, loopback, IPv4-compatible, discard-only, site-local,
        // unique local, link-local, multicast, or not yet given out.
        [first, ..] => is_global_unicast(first) && leads_to_public_v4(segments),
    }
}

/// Whether the IPv4 addresses that tunnels would take out of an address are public. There may be two of them: an
/// ISATAP interface below a 6to4 prefix.
fn leads_to_public_v4(segments: [u16; 8]) -> bool {
    let router = match segments {
        // 6to4, 2002::/16: the router's IPv4 address comes right after the prefix
        [0x2002, high, low, ..] => is_public_v4(carried(high, low)),
        _ => true,
    };
    let interface = match segments {
        // ISATAP (RFC 5214): the tunnel's end is the IPv4 address in the last 32 bits
        [_, _, _, _, 0 | 0x0200, 0x5efe, high, low] => is_public_v4(carried(high, low)),
        _ => true,
    };
    router && interface
}

fn carried(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

/// `2000::/3`, all that IANA has given out so far.
fn is_global_unicast(first_segment: u16) -> bool {
    first_segment & 0xe000 == 0x2000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn refused() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "100:0:0:1::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "3fff::1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "2002:c0a8:101::1",
            "2a00:1450::5efe:10.0.0.1",
            "2a00:1450::200:5efe:127.0.0.1",
            "2002:808:808::5efe:10.0.0.1",
            "2002:a00:1::5efe:8.8.8.8",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(text), "{text}");
        }
    }

    #[test]
    fn names_of_loopback() {
        for name in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.b.localhost",
            "localhost.localdomain",
            "localhost6.localdomain6",
            "localhost6",
            "ip6-localhost",
            "ip6-loopback",
        ] {
            assert!(is_loopback_name(name), "{name}");
        }
        for name in ["localhost.example.com", "mylocalhost", "local", "a.local"] {
            assert!(!is_loopback_name(name), "{name}");
        }
        let url = Url::parse("http://localhost/").unwrap();
        assert!(!Guard::default().allows_literal(&url));
        for range in ["127.0.0.0/8", "::1/128"] {
            assert!(Guard::new(vec![range.parse().unwrap()]).allows_literal(&url));
        }
    }

    #[test]
    fn ports() {
        assert!(BAD_PORTS.is_sorted());
        for (address, expected) in [
            ("http://a.test/", true),
            ("https://a.test:8443/", true),
            ("http://a.test:25/", false),
            ("http://a.test:6379/", true),
            ("https://a.test:10080/", false),
        ] {
            assert_eq!(
                is_web_port(&Url::parse(address).unwrap()),
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn taken() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "128.0.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2002:808:808::5efe:8.8.8.8",
            "2a00:1450::5efe:8.8.8.8",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450:4001::1",
        ] {
            assert!(public(text), "{text}");
        }
    }

    #[test]
    fn ranges_open_and_spellings_do_not_matter() {
        let guard = Guard::new(vec![
            "127.0.0.0/8".parse().unwrap(),
            "fd00::/8".parse().unwrap(),
        ]);
        assert!(guard.allows("127.0.0.1".parse().unwrap()));
        assert!(guard.allows("::ffff:127.0.0.1".parse().unwrap()));
        assert!(guard.allows("fd12::1".parse().unwrap()));
        assert!(!guard.allows("10.0.0.1".parse().unwrap()));
        let mapped = Guard::new(vec!["::ffff:127.0.0.0/104".parse().unwrap()]);
        assert!(mapped.allows("127.0.0.1".parse().unwrap()));
        assert!(!mapped.allows("10.0.0.1".parse().unwrap()));
        let all_of_ipv6 = Guard::new(vec!["::/0".parse().unwrap()]);
        assert!(all_of_ipv6.allows("::1".parse().unwrap()));
        assert!(!all_of_ipv6.allows("::ffff:127.0.0.1".parse().unwrap()));

        let strict = Guard::default();
        for text in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://0/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "http://①②⑦.0.0.1/",
            "http://127.0.0.1./",
        ] {
            let url = Url::parse(text).unwrap();
            assert!(!strict.allows_literal(&url), "{text} = {url}");
        }
        assert!(strict.allows_literal(&Url::parse("http://example.com/").unwrap()));
    }
}
