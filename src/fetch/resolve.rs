//! From names to addresses that may be asked.
//!
//! The client connects to exactly what comes from here, so an answer cannot change between the look-up and the
//! connection (DNS rebinding). Private addresses are dropped from an answer; a name that has no others is refused.
//! The system's `getaddrinfo` says only "failed", so names are looked up by our own resolver: a name that does not
//! exist and name servers in trouble are different verdicts. Search domains of the machine never apply.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::guard::Guard;

/// Why a name gave no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name does not exist (NXDOMAIN, RFC 8020).
    #[error("the name does not exist")]
    NoSuchName,
    /// The name exists and has no address (NODATA, RFC 2308).
    #[error("the name has no address")]
    NoAddress,
    /// The name servers answered with an error (SERVFAIL, REFUSED), or not usefully.
    #[error("the name servers answered with an error")]
    ServerFailure,
    /// The name servers did not answer in time.
    #[error("the name servers did not answer")]
    Timeout,
    /// Every address of the name is one that may not be asked.
    #[error("the name leads to private addresses only")]
    Private,
    /// The name has IPv6 addresses only, and this machine has no way to IPv6.
    #[error("the name has IPv6 addresses only, and this machine has no IPv6 route")]
    NoIpv6,
    /// No name server is configured on this machine.
    #[error("no name server is configured on this machine")]
    NoServers,
    /// This machine could not ask: no file descriptors, no network.
    #[error("this machine could not ask its name servers")]
    Ours,
}

/// Looks names up. The guard stands behind it, so an implementation may return any address.
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of a name (lower case, punycode), in the order in which they should be tried.
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>>;

    /// Who serves a host's name: the name servers of its registrable domain, and its aliases. `None` where that is not
    /// known, which says nothing of the host.
    fn names<'a>(&'a self, host: &'a str, site: &'a str) -> BoxFuture<'a, Option<Names>> {
        let _ = (host, site);
        Box::pin(std::future::ready(None))
    }
}

/// Who serves a host's name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// The name servers of its registrable domain (NS), in lower case, without the last dot, sorted.
    pub name_servers: Vec<String>,
    /// The names that it is an alias of (CNAME), in lower case, without the last dot, in order.
    pub aliases: Vec<String>,
}

/// Name servers and aliases that are taken.
const MOST_NAMES: usize = 16;

/// `HOST=ADDR[:PORT]`: an answer given by hand. HOST may be `*`; an IPv6 address with a port stands in brackets.
///
/// Such an address may be asked even if it is private. It does not apply to IP literals, and a port that is written
/// in the address wins over the one given here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveOverride {
    /// The host name in lower case, or `*` for every name.
    pub host: String,
    /// The address.
    pub ip: IpAddr,
    /// The port, where it is not the scheme's.
    pub port: Option<u16>,
}

/// What is wrong with a text that should be a [`ResolveOverride`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected HOST=ADDR[:PORT], as in example.com=127.0.0.1:8080 or *=[::1]:8080")]
pub struct NotAnOverride;

impl FromStr for ResolveOverride {
    type Err = NotAnOverride;

    fn from_str(text: &str) -> Result<Self, NotAnOverride> {
        let (host, address) = text.split_once('=').ok_or(NotAnOverride)?;
        let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
        if host.is_empty() || host.parse::<IpAddr>().is_ok() {
            return Err(NotAnOverride);
        }
        let address = address.trim();
        if let Ok(address) = address.parse::<SocketAddr>() {
            return Ok(Self {
                host,
                ip: address.ip(),
                port: Some(address.port()),
            });
        }
        let bare = address
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(address);
        let ip = bare.parse().map_err(|_| NotAnOverride)?;
        Ok(Self {
            host,
            ip,
            port: None,
        })
    }
}

impl fmt::Display for ResolveOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}={}", self.host, SocketAddr::new(self.ip, port)),
            None => write!(f, "{}={}", self.host, self.ip),
        }
    }
}

/// The resolver that the client uses: overrides, then a look-up under the guard.
pub(crate) struct Guarded {
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) guard: Guard,
    pub(crate) overrides: Vec<ResolveOverride>,
    /// The proxy's own host: the user chose it, so neither the guard nor overrides with `*` are meant for it.
    pub(crate) proxy_host: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) at_most: usize,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("guard", &self.guard)
            .field("overrides", &self.overrides)
            .finish_non_exhaustive()
    }
}

impl Guarded {
    /// The address given by hand for a name; one given for this very name before one given for all.
    pub(crate) fn override_for(&self, name: &str) -> Option<&ResolveOverride> {
        let name = name.strip_suffix('.').unwrap_or(name);
        if self.proxy_host.as_deref() == Some(name) {
            return None;
        }
        let find = |host: &str| {
            self.overrides
                .iter()
                .find(|given| given.host.eq_ignore_ascii_case(host))
        };
        find(name).or_else(|| find("*"))
    }

    /// Who serves a name. Nothing is asked where its address was given by hand, or where it is a number.
    pub(crate) async fn names(&self, host: &str, site: &str) -> Option<Names> {
        let host = host.strip_suffix('.').unwrap_or(host);
        if literal(host).is_some() || self.override_for(host).is_some() {
            return None;
        }
        let asking = self.lookup.names(host, site);
        tokio::time::timeout(self.timeout, asking).await.ok()?
    }

    pub(crate) async fn addresses(&self, name: &str) -> Result<Vec<SocketAddr>, ResolveError> {
        if let Some(given) = self.override_for(name) {
            // Port 0 stands for the scheme's own.
            return Ok(vec![SocketAddr::new(given.ip, given.port.unwrap_or(0))]);
        }
        let mut found = match literal(name) {
            // A SOCKS proxy that wants addresses has numbers asked for here too.
            Some(ip) => vec![ip],
            None => tokio::time::timeout(self.timeout, self.lookup.lookup(name))
                .await
                .map_err(|_| ResolveError::Timeout)??,
        };
        if found.is_empty() {
            return Err(ResolveError::NoAddress);
        }
        if self.proxy_host.as_deref() != Some(name.strip_suffix('.').unwrap_or(name)) {
            found.retain(|ip| self.guard.allows(*ip));
        }
        if found.is_empty() {
            return Err(ResolveError::Private);
        }
        if found.iter().any(is_global_v6) && !ROUTES.to_ipv6() {
            found.retain(|ip| !is_global_v6(ip));
            if found.is_empty() {
                return Err(ResolveError::NoIpv6);
            }
        }
        found.truncate(self.at_most);
        Ok(found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect())
    }
}

fn literal(name: &str) -> Option<IpAddr> {
    let bare = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(name).parse().ok()
}

fn is_global_v6(ip: &IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.segments()[0] & 0xe000 == 0x2000)
}

/// [`Guarded`] as the client wants it.
pub(crate) struct ForClient(pub(crate) Arc<Guarded>);

impl reqwest::dns::Resolve for ForClient {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let guarded = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = guarded.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// The machine's own name servers and hosts file.
pub(crate) struct System {
    resolver: TokioResolver,
    has_servers: bool,
    /// Whether there is a way to any network.
    is_online: fn() -> bool,
    /// A look-up that takes longer makes us doubt the name servers themselves.
    doubtful_after: Duration,
    /// A look-up that takes longer has failed.
    given_up_after: Duration,
}

/// The name servers that this machine is set up with, each once.
pub fn name_servers() -> Vec<IpAddr> {
    let mut found = Vec::new();
    if let Ok((config, _)) = hickory_resolver::system_conf::read_system_conf() {
        for server in config.name_servers() {
            if !found.contains(&server.ip) {
                found.push(server.ip);
            }
        }
    }
    found
}

impl System {
    /// Reads the system's configuration; a machine without name servers still has its hosts file.
    pub(crate) fn new() -> Result<Self, NetError> {
        // Search domains are left out: a name in a post means the same everywhere.
        match hickory_resolver::system_conf::read_system_conf() {
            Ok((config, _)) => Self::with_config(ResolverConfig::from_parts(
                None,
                Vec::new(),
                config.name_servers().to_vec(),
            )),
            Err(_) => Self::with_config(ResolverConfig::from_parts(None, Vec::new(), Vec::new())),
        }
    }

    fn with_config(config: ResolverConfig) -> Result<Self, NetError> {
        let has_servers = !config.name_servers().is_empty();
        let runtime = TokioRuntimeProvider::default();
        let mut builder = TokioResolver::builder_with_config(config, runtime);
        let options = builder.options_mut();
        options.timeout = Duration::from_secs(3);
        options.attempts = 2;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.use_hosts_file = ResolveHosts::Always;
        // One name server answers for every host of a run; beyond this many at once it says "busy".
        options.max_active_requests = 1024;
        // A source that comes back within a run of hours must be found again.
        options.negative_max_ttl = Some(Duration::from_secs(300));
        Ok(Self {
            resolver: builder.build()?,
            has_servers,
            is_online: || ROUTES.to_ipv4() || ROUTES.to_ipv6(),
            doubtful_after: Duration::from_secs(2),
            given_up_after: Duration::from_secs(7),
        })
    }

    async fn ask(&self, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
        // A name that DNS cannot carry (a label over 63 bytes) does not exist.
        let mut name = Name::from_ascii(name).map_err(|_| ResolveError::NoSuchName)?;
        name.set_fqdn(true);
        let mut lookup = std::pin::pin!(tokio::time::timeout(self.given_up_after, async {
            self.resolver.lookup_ip(name).await
        }));
        let mut servers_answer = None;
        let found = tokio::select! {
            biased;
            found = &mut lookup => found,
            answer = self.doubt() => {
                servers_answer = Some(answer);
                lookup.await
            }
        };
        match found.unwrap_or(Err(NetError::Timeout)) {
            Ok(found) => Ok(found.iter().collect()),
            Err(_) if !self.has_servers => Err(ResolveError::NoServers),
            Err(error) => Err(match reason(&error) {
                // A name server on this very machine says "failed" of every name while there is no network.
                ResolveError::ServerFailure | ResolveError::Timeout if !(self.is_online)() => {
                    ResolveError::Ours
                }
                // Silence is the name's only if the same name servers answer something else.
                ResolveError::Timeout if servers_answer != Some(true) => ResolveError::Ours,
                why => why,
            }),
        }
    }

    /// The name servers of a domain and the aliases of a host, asked for side by side. Where one of them cannot be had,
    /// nothing is known: half an answer would be kept as a whole one.
    async fn ask_names(&self, host: &str, site: &str) -> Option<Names> {
        if !self.has_servers {
            return None;
        }
        let (servers, aliases) = tokio::join!(self.name_servers_of(site), self.aliases_of(host));
        Some(Names {
            name_servers: servers?,
            aliases: aliases?,
        })
    }

    async fn name_servers_of(&self, site: &str) -> Option<Vec<String>> {
        let answers = self.records(site, RecordType::NS).await?;
        let mut found: Vec<String> = answers
            .iter()
            .filter_map(|record| match &record.data {
                RData::NS(server) => Some(plain(&server.0)),
                _ => None,
            })
            .take(MOST_NAMES)
            .collect();
        found.sort();
        found.dedup();
        Some(found)
    }

    /// An answer for an address tells of the aliases on the way to it; their order is that of the chain.
    async fn aliases_of(&self, host: &str) -> Option<Vec<String>> {
        let answers = self.records(host, RecordType::A).await?;
        let (mut at, mut found) = (host.to_ascii_lowercase(), Vec::new());
        while found.len() < MOST_NAMES {
            let next = answers.iter().find_map(|record| match &record.data {
                RData::CNAME(to) if plain(&record.name) == at => Some(plain(&to.0)),
                _ => None,
            });
            match next {
                Some(next) if !found.contains(&next) => {
                    at.clone_from(&next);
                    found.push(next);
                }
                _ => break,
            }
        }
        Some(found)
    }

    /// Records of a name; none where there are none of this type, `None` where it cannot be known.
    async fn records(&self, name: &str, kind: RecordType) -> Option<Vec<Record>> {
        let mut name = Name::from_ascii(name).ok()?;
        name.set_fqdn(true);
        match self.resolver.lookup(name, kind).await {
            Ok(found) => Some(found.answers().to_vec()),
            Err(error) if reason(&error) == ResolveError::NoAddress => Some(Vec::new()),
            Err(_) => None,
        }
    }

    /// Whether the name servers answer anything at all, asked once a look-up takes long: for the root, which every
    /// name server knows. The answer is remembered as long as it says.
    async fn doubt(&self) -> bool {
        tokio::time::sleep(self.doubtful_after).await;
        let root = self.resolver.lookup(Name::root(), RecordType::NS).await;
        matches!(root, Ok(_) | Err(NetError::Dns(_)))
    }
}

impl Lookup for System {
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(self.ask(name))
    }

    fn names<'a>(&'a self, host: &'a str, site: &'a str) -> BoxFuture<'a, Option<Names>> {
        Box::pin(self.ask_names(host, site))
    }
}

/// A name as it is compared: in lower case, without the last dot.
fn plain(name: &Name) -> String {
    let mut text = name.to_ascii();
    text.make_ascii_lowercase();
    text.trim_end_matches('.').to_owned()
}

fn reason(error: &NetError) -> ResolveError {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => ResolveError::NoSuchName,
            ResponseCode::NoError => ResolveError::NoAddress,
            _ => ResolveError::ServerFailure,
        },
        NetError::Timeout => ResolveError::Timeout,
        // Only the name servers that this machine is set up with are ever asked: where they cannot be reached, nothing
        // is known of the name.
        NetError::Io(_) | NetError::NoConnections | NetError::Busy => ResolveError::Ours,
        _ => ResolveError::ServerFailure,
    }
}

/// Whether this machine has a route to the internet, per family. Asked of the kernel by connecting an UDP socket, which
/// sends nothing, and remembered for a while.
pub(crate) static ROUTES: Routes = Routes {
    ipv4: Mutex::new(None),
    ipv6: Mutex::new(None),
};

pub(crate) struct Routes {
    ipv4: Mutex<Option<(Instant, bool)>>,
    ipv6: Mutex<Option<(Instant, bool)>>,
}

impl Routes {
    const REMEMBERED: Duration = Duration::from_secs(30);

    pub(crate) fn to_ipv4(&self) -> bool {
        Self::remembered(&self.ipv4, || has_route(IpAddr::from([198, 41, 0, 4])))
    }

    pub(crate) fn to_ipv6(&self) -> bool {
        let root = Ipv6Addr::new(0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30);
        Self::remembered(&self.ipv6, || has_route(root.into()))
    }

    fn remembered(known: &Mutex<Option<(Instant, bool)>>, ask: impl Fn() -> bool) -> bool {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        match *known {
            Some((at, answer)) if at.elapsed() < Self::REMEMBERED => answer,
            _ => {
                let answer = ask();
                *known = Some((Instant::now(), answer));
                answer
            }
        }
    }
}

/// The address is a root name server's; nothing is sent to it.
fn has_route(to: IpAddr) -> bool {
    let any: SocketAddr = match to {
        IpAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    std::net::UdpSocket::bind(any)
        .and_then(|socket| socket.connect((to, 53)))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use hickory_resolver::config::NameServerConfig;

    use super::*;

    struct Fixed(Result<Vec<IpAddr>, ResolveError>);

    impl Lookup for Fixed {
        fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
            Box::pin(async { self.0.clone() })
        }
    }

    /// A name server that answers every question with one code and no records.
    async fn name_server(code: u8) -> System {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut config = NameServerConfig::udp([127, 0, 0, 1].into());
        config.connections[0].port = socket.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut message = [0; 512];
            while let Ok((len, from)) = socket.recv_from(&mut message).await {
                // RFC 1035, section 4.1.1: an answer, recursion available, the code; and no additional records.
                message[2] |= 0x80;
                message[3] = 0x80 | code;
                message[10..12].fill(0);
                let question = message[12..len].iter().position(|byte| *byte == 0).unwrap();
                let _ = socket.send_to(&message[..12 + question + 5], from).await;
            }
        });
        asking(config)
    }

    fn asking(config: NameServerConfig) -> System {
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![config]);
        let mut system = System::with_config(config).unwrap();
        system.is_online = || true;
        system
    }

    /// A name server that answers every question for A with an alias, the alias's alias, and this address at the end;
    /// there is no AAAA.
    async fn name_server_of_aliases(ip: [u8; 4]) -> System {
        const TYPE_A: u8 = 1;
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut config = NameServerConfig::udp([127, 0, 0, 1].into());
        config.connections[0].port = socket.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut message = [0; 512];
            while let Ok((len, from)) = socket.recv_from(&mut message).await {
                message[2] |= 0x80;
                message[3] = 0x80;
                message[6..12].fill(0);
                let name = message[12..len].iter().position(|byte| *byte == 0).unwrap();
                let end = 12 + name + 5;
                let mut answer = message[..end].to_vec();
                if message[end - 3] == TYPE_A {
                    answer[7] = 3;
                    // The name asked for is at offset 12; each record's own name is one more byte of text.
                    let record = |name: &[u8], kind: u8, data: &[u8]| {
                        let head = [name, &[0, kind, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]];
                        [&head.concat(), data].concat()
                    };
                    let (one, two) = (b"\x01b\x04test\0", b"\x01c\x04test\0");
                    answer.extend(record(&[0xc0, 12], 5, one));
                    answer.extend(record(one, 5, two));
                    answer.extend(record(two, TYPE_A, &ip));
                }
                let _ = socket.send_to(&answer, from).await;
            }
        });
        asking(config)
    }

    #[tokio::test]
    async fn an_alias_is_no_way_in() {
        for (ip, expected) in [
            ([10, 0, 0, 1], Err(ResolveError::Private)),
            ([127, 0, 0, 1], Err(ResolveError::Private)),
            ([1, 1, 1, 1], Ok(vec!["1.1.1.1:0".parse().unwrap()])),
        ] {
            let mut guarded = guarded(&[], &[]);
            guarded.lookup = Arc::new(name_server_of_aliases(ip).await);
            assert_eq!(guarded.addresses("a.test").await, expected, "{ip:?}");
        }
    }

    /// A name server that knows the name servers of a domain, and an alias of everything else.
    async fn name_server_of_parked_domains() -> System {
        const TYPE_NS: u8 = 2;
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut config = NameServerConfig::udp([127, 0, 0, 1].into());
        config.connections[0].port = socket.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut message = [0; 512];
            while let Ok((len, from)) = socket.recv_from(&mut message).await {
                message[2] |= 0x80;
                message[3] = 0x80;
                message[6..12].fill(0);
                let name = message[12..len].iter().position(|byte| *byte == 0).unwrap();
                let end = 12 + name + 5;
                let mut answer = message[..end].to_vec();
                let record = |name: &[u8], kind: u8, data: &[u8]| {
                    let head = [name, &[0, kind, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]];
                    [&head.concat(), data].concat()
                };
                let (one, two) = (b"\x03Ns2\x04park\x04test\0", b"\x03ns1\x04park\x04test\0");
                if message[end - 3] == TYPE_NS {
                    answer[7] = 2;
                    answer.extend(record(&[0xc0, 12], 2, one));
                    answer.extend(record(&[0xc0, 12], 2, two));
                } else {
                    answer[7] = 2;
                    answer.extend(record(&[0xc0, 12], 5, two));
                    answer.extend(record(two, 1, &[127, 0, 0, 1]));
                }
                let _ = socket.send_to(&answer, from).await;
            }
        });
        asking(config)
    }

    #[tokio::test]
    async fn who_serves_a_name_is_asked_where_it_may_be() {
        let mut guarded = guarded(&[], &["given.test=127.0.0.1"]);
        guarded.lookup = Arc::new(name_server_of_parked_domains().await);
        let names = guarded.names("www.gone.test", "gone.test").await.unwrap();
        assert_eq!(names.name_servers, ["ns1.park.test", "ns2.park.test"]);
        assert_eq!(names.aliases, ["ns1.park.test"]);
        assert_eq!(guarded.names("given.test", "given.test").await, None);
        assert_eq!(guarded.names("127.0.0.1", "127.0.0.1").await, None);
        for code in [2, 3, 5] {
            guarded.lookup = Arc::new(name_server(code).await);
            assert_eq!(guarded.names("a.test", "a.test").await, None, "code {code}");
        }
        guarded.lookup = Arc::new(name_server(0).await);
        assert_eq!(
            guarded.names("a.test", "a.test").await,
            Some(Names::default())
        );
        guarded.lookup = Arc::new(Fixed(Ok(vec![])));
        assert_eq!(guarded.names("a.test", "a.test").await, None);
    }

    #[tokio::test]
    async fn silence_is_the_names_only_where_others_are_answered() {
        for (answers_others, expected) in
            [(false, ResolveError::Ours), (true, ResolveError::Timeout)]
        {
            let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let mut config = NameServerConfig::udp([127, 0, 0, 1].into());
            config.connections[0].port = socket.local_addr().unwrap().port();
            let mut system = asking(config);
            system.doubtful_after = Duration::from_millis(20);
            system.given_up_after = Duration::from_millis(1500);
            tokio::spawn(async move {
                let mut message = [0; 512];
                while let Ok((len, from)) = socket.recv_from(&mut message).await {
                    // Of the root's name nothing is there but its end.
                    if answers_others && message[12] == 0 {
                        message[2] |= 0x80;
                        message[3] = 0x80;
                        message[10..12].fill(0);
                        let _ = socket.send_to(&message[..len.min(17)], from).await;
                    }
                }
            });
            assert_eq!(system.lookup("a.test").await, Err(expected));
        }
    }

    #[tokio::test]
    async fn what_keeps_us_from_asking_is_ours() {
        let mut offline = name_server(2).await;
        offline.is_online = || false;
        assert_eq!(offline.lookup("a.test").await, Err(ResolveError::Ours));
        let mut offline = name_server(3).await;
        offline.is_online = || false;
        assert_eq!(
            offline.lookup("a.test").await,
            Err(ResolveError::NoSuchName)
        );
    }

    #[tokio::test]
    async fn name_servers_say_why() {
        for (code, expected) in [
            (0, ResolveError::NoAddress),
            (2, ResolveError::ServerFailure),
            (3, ResolveError::NoSuchName),
            (5, ResolveError::ServerFailure),
        ] {
            let system = name_server(code).await;
            assert_eq!(
                system.lookup("gone.test").await,
                Err(expected),
                "code {code}"
            );
        }
        let none = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
        let system = System::with_config(none).unwrap();
        assert_eq!(system.lookup("a.test").await, Err(ResolveError::NoServers));
        // The hosts file is read all the same.
        assert!(system.lookup("localhost").await.is_ok());
        let long = "x".repeat(64);
        assert_eq!(system.lookup(&long).await, Err(ResolveError::NoSuchName));
    }

    fn guarded(answer: &[&str], overrides: &[&str]) -> Guarded {
        Guarded {
            lookup: Arc::new(Fixed(Ok(answer
                .iter()
                .map(|ip| ip.parse().unwrap())
                .collect()))),
            guard: Guard::default(),
            overrides: overrides.iter().map(|text| text.parse().unwrap()).collect(),
            proxy_host: None,
            timeout: Duration::from_secs(1),
            at_most: 8,
        }
    }

    #[test]
    fn overrides_are_read() {
        let read = |text: &str| text.parse::<ResolveOverride>();
        let given = read("Example.COM=127.0.0.1:8080").unwrap();
        assert_eq!(given.to_string(), "example.com=127.0.0.1:8080");
        assert_eq!(read("*=[::1]:80").unwrap().port, Some(80));
        assert_eq!(read("*=::1").unwrap().port, None);
        assert_eq!(
            read("a=[::1]").unwrap().ip,
            "::1".parse::<IpAddr>().unwrap()
        );
        for wrong in [
            "",
            "a",
            "a=",
            "=1.2.3.4",
            "a=b",
            "a=1.2.3.4:x",
            "1.2.3.4=5.6.7.8",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn private_answers_are_dropped() {
        let mixed = guarded(&["10.0.0.1", "1.1.1.1", "::1"], &[]);
        assert_eq!(
            mixed.addresses("a.test").await,
            Ok(vec!["1.1.1.1:0".parse().unwrap()])
        );
        let private = guarded(&["10.0.0.1", "169.254.169.254"], &[]);
        assert_eq!(
            private.addresses("a.test").await,
            Err(ResolveError::Private)
        );
        assert_eq!(
            guarded(&[], &[]).addresses("a.test").await,
            Err(ResolveError::NoAddress)
        );
    }

    #[tokio::test]
    async fn numbers_are_not_looked_up_and_a_proxy_is_the_users_choice() {
        let mut guarded = guarded(&["10.0.0.1"], &["*=127.0.0.2"]);
        guarded.overrides.clear();
        guarded.proxy_host = Some("proxy.lan".to_owned());
        for (name, expected) in [
            ("1.1.1.1", Ok(vec!["1.1.1.1:0".parse().unwrap()])),
            ("127.0.0.1", Err(ResolveError::Private)),
            ("[::1]", Err(ResolveError::Private)),
            ("::ffff:10.0.0.1", Err(ResolveError::Private)),
            ("proxy.lan", Ok(vec!["10.0.0.1:0".parse().unwrap()])),
            ("proxy.lan.", Ok(vec!["10.0.0.1:0".parse().unwrap()])),
            ("a.lan", Err(ResolveError::Private)),
        ] {
            assert_eq!(guarded.addresses(name).await, expected, "{name}");
        }
    }

    #[tokio::test]
    async fn overrides_come_first() {
        let given = guarded(&["10.0.0.1"], &["*=127.0.0.1:81", "b.test=127.0.0.2"]);
        assert_eq!(
            given.addresses("a.test").await,
            Ok(vec!["127.0.0.1:81".parse().unwrap()])
        );
        assert_eq!(
            given.addresses("B.test.").await,
            Ok(vec!["127.0.0.2:0".parse().unwrap()])
        );
    }
}
