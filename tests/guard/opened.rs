//! What `--allow-private`, `--resolve` and `--proxy` open, and what stays shut.

use std::io::{Read, Write};
use std::net::{Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;

use super::*;
use crate::web::Proxy;

#[tokio::test]
async fn a_range_opens_exactly_itself() {
    let web = Web::start();
    let beside = Trap::at(&format!("127.0.0.2:{}", web.port()));
    let v6 = Trap::at(&format!("[::1]:{}", web.port()));
    let port = web.port();
    web.page("127.0.0.1", "/", Page::html("in"));
    web.page("inside.test", "/", Page::html("in"));
    let open = |range: &str| Settings {
        resolve: Vec::new(),
        allow_private: vec![range.parse().unwrap()],
        ..settings(&web)
    };
    let exact = open("127.0.0.1/32");
    for host in ["127.0.0.1", "2130706433", "0x7f.1"] {
        let fetched = visit(&exact, &format!("http://{host}:{port}/")).await;
        assert_eq!(statuses(&fetched), [200], "{host}");
    }
    let address = format!("http://inside.test:{port}/");
    let fetched = with_lookup(&exact, answers(&["127.0.0.1"]), &address).await;
    assert_eq!(statuses(&fetched), [200]);
    for host in ["127.0.0.2", "[::1]", "0.0.0.0", "[64:ff9b::127.0.0.1]"] {
        let address = format!("http://{host}:{port}/");
        assert_refused(&visit(&exact, &address).await, &[], &address);
    }
    let address = format!("http://inside.test:{port}/");
    let fetched = with_lookup(&exact, answers(&["127.0.0.2", "::1"]), &address).await;
    assert_refused(&fetched, &[], "a name beside the range");
    // Ranges of IPv6 open no IPv4, in whatever clothes it comes.
    for host in ["127.0.0.2", "[::ffff:127.0.0.2]"] {
        let address = format!("http://{host}:{port}/");
        assert_refused(&visit(&open("::/0"), &address).await, &[], &address);
    }
    for host in ["[::1]", "localhost6"] {
        let address = format!("http://{host}:{port}/");
        assert_refused(&visit(&open("10.0.0.0/8"), &address).await, &[], &address);
    }
    beside.assert_untouched();
    v6.assert_untouched();
}

#[tokio::test]
async fn overrides_do_not_apply_to_literals_and_leave_written_ports_alone() {
    let (web, trap) = (Web::start(), Trap::start());
    web.page("a.test", "/", Page::html("a"));
    let settings = settings(&web);
    assert_eq!(statuses(&visit(&settings, "http://a.test/").await), [200]);
    let literal = visit(&settings, &format!("http://127.0.0.1:{}/", web.port())).await;
    assert_eq!(family(&literal), Some(Family::Forbidden));
    // A port in the address wins: this goes to the trap, which the user allowed by naming its address.
    let mut impatient = settings.clone();
    impatient.limits.first_byte = Duration::from_millis(200);
    let written = visit(&impatient, &format!("http://a.test:{}/", trap.port())).await;
    assert_eq!(family(&written), Some(Family::Timeout));
    assert_eq!(trap.connections(), 1);
}

#[tokio::test]
async fn an_override_opens_its_name_only() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    web.page("a.test", "/", Page::html("a"));
    let settings = Settings {
        resolve: vec![format!("a.test={}", web.addr()).parse().unwrap()],
        ..settings(&web)
    };
    let inside = answers(&["127.0.0.1"]);
    let fetched = with_lookup(&settings, Arc::clone(&inside) as _, "http://a.test/").await;
    assert_eq!(statuses(&fetched), [200]);
    for host in ["b.test", "a.test.b.test", "www.a.test", "localhost"] {
        let address = format!("http://{host}:{}/", trap.port());
        let fetched = with_lookup(&settings, Arc::clone(&inside) as _, &address).await;
        assert_refused(&fetched, &[], &address);
    }
    trap.assert_untouched();
}

#[tokio::test]
async fn ports_of_other_services_are_refused_even_where_the_range_is_open() {
    let web = Web::start();
    let settings = Settings {
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ..settings(&web)
    };
    for port in [
        1, 7, 21, 22, 23, 25, 53, 110, 111, 137, 139, 143, 179, 389, 465, 514, 587, 636, 993, 995,
        1720, 2049, 4190, 5060, 6000, 6667, 6697, 10080,
    ] {
        for host in ["b.test", "127.0.0.1"] {
            let address = format!("http://{host}:{port}/");
            assert_refused(&visit(&settings, &address).await, &[], &address);
            web.page("a.test", "/", Page::redirect(302, &address));
            let fetched = visit(&settings, "http://a.test/").await;
            assert_refused(&fetched, &[302], &address);
        }
    }
}

fn by(web: &Web, proxy: &str) -> Settings {
    Settings {
        proxy: Some(url(proxy)),
        resolve: Vec::new(),
        ..settings(web)
    }
}

#[tokio::test]
async fn a_proxy_is_not_asked_for_what_is_surely_inside() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let http = Proxy::to(web.addr());
    let socks = Socks::start(web.addr());
    for proxy in [
        http.url(),
        format!("socks5://{}", socks.at),
        format!("socks5h://{}", socks.at),
    ] {
        let settings = by(&web, &proxy);
        for host in [
            "127.0.0.1",
            "0x7f.1",
            "[::1]",
            "10.0.0.1",
            "169.254.169.254",
            "[fd00:ec2::254]",
            "localhost",
            "a.localhost",
            "ip6-localhost",
        ] {
            for scheme in ["http", "https"] {
                let address = format!("{scheme}://{host}:{}/", trap.port());
                assert_refused(&visit(&settings, &address).await, &[], &address);
            }
        }
    }
    assert_eq!((http.connections(), socks.asked()), (0, vec![]));
    trap.assert_untouched();
}

#[tokio::test]
async fn where_names_are_looked_up_here_for_a_proxy_they_are_guarded_here() {
    let web = Web::start();
    web.anywhere(|_| Page::html("there").close());
    let socks = Socks::start(web.addr());
    let settings = by(&web, &format!("socks5://{}", socks.at));
    for answer in [&["10.0.0.1"][..], &["127.0.0.1", "::1"]] {
        let fetched = with_lookup(&settings, answers(answer), "http://a.test/").await;
        assert_refused(&fetched, &[], &format!("{answer:?}"));
    }
    assert_eq!(socks.asked(), Vec::<String>::new());
    for (address, answer) in [
        ("http://a.test/", &["10.0.0.1", "1.1.1.1"][..]),
        // A number is not looked up: this name server would deny that it is there.
        ("http://1.1.1.1/", &[]),
    ] {
        let fetched = with_lookup(&settings, answers(answer), address).await;
        assert_eq!(
            statuses(&fetched),
            [200],
            "{address} {:?}",
            fetched.facts.failure
        );
    }
    assert_eq!(socks.asked(), ["1.1.1.1:80", "1.1.1.1:80"]);
    // The proxy's own name may lead inside. As a source it may not.
    let settings = by(&web, &format!("socks5://proxy.lan:{}", socks.at.port()));
    let home = answers(&["127.0.0.1"]);
    let fetched = with_lookup(&settings, Arc::clone(&home) as _, "http://proxy.lan/").await;
    assert_refused(&fetched, &[], "the proxy's own name");
    let fetched = with_lookup(&settings, home, "http://1.1.1.1/").await;
    assert_eq!(statuses(&fetched), [200]);
    assert_eq!(socks.asked().len(), 3);
}

#[tokio::test]
async fn names_that_the_proxy_looks_up_are_left_to_it() {
    let web = Web::start();
    web.page("a.test", "/", Page::html("there"));
    let socks = Socks::start(web.addr());
    let settings = by(&web, &format!("socks5h://{}", socks.at));
    let fetched = with_lookup(&settings, answers(&[]), "http://a.test/").await;
    assert_eq!(statuses(&fetched), [200]);
    assert_eq!(socks.asked(), ["a.test:80"]);
}

/// A SOCKS5 proxy (RFC 1928) without passwords that leads every request to one place and remembers what it was asked.
struct Socks {
    at: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Socks {
    fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let noted = Arc::clone(&noted);
                std::thread::spawn(move || {
                    // A client that goes away in between has seen enough.
                    let _ = serve(client?, target, &noted);
                    Ok::<_, std::io::Error>(())
                });
            }
        });
        Self { at, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(
    mut client: TcpStream,
    target: SocketAddr,
    noted: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let take = |client: &mut TcpStream, len: usize| {
        let mut bytes = vec![0; len];
        client.read_exact(&mut bytes).map(|()| bytes)
    };
    let methods = take(&mut client, 2)?[1];
    take(&mut client, methods.into())?;
    client.write_all(&[5, 0])?;
    let host = match take(&mut client, 4)?[3] {
        1 => IpAddr::from(<[u8; 4]>::try_from(take(&mut client, 4)?).unwrap()).to_string(),
        4 => Ipv6Addr::from(<[u8; 16]>::try_from(take(&mut client, 16)?).unwrap()).to_string(),
        _ => {
            let len = take(&mut client, 1)?[0];
            String::from_utf8(take(&mut client, len.into())?).unwrap()
        }
    };
    let port = take(&mut client, 2)?;
    let port = u16::from_be_bytes([port[0], port[1]]);
    noted.lock().unwrap().push(format!("{host}:{port}"));
    let mut onward = TcpStream::connect(target)?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let (mut from, mut to) = (client.try_clone()?, onward.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    std::io::copy(&mut onward, &mut client)?;
    client.shutdown(Shutdown::Both)
}
