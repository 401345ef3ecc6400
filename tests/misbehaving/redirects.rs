//! Circles, chains, walls, and where redirects may not lead.

use crate::stage::SOURCE;
use crate::web::{Act, Page};

const FINE: &str = "<!doctype html><title>A page</title><p>It has words.</p>";

behaviours! {
    "Redirects";

    redirects_to_itself: "redirects to itself" =>
    RedirectLoop, RedirectCircle, "at once", |stage| {
        stage.answers(Page::redirect(302, "/source")).tells("in a circle")
    };

    redirects_in_a_circle: "redirects to an address that redirects back" =>
    RedirectLoop, RedirectCircle, "at once", |stage| {
        stage.web.page("b.test", "/", Page::redirect(301, SOURCE));
        stage.answers(Page::redirect(301, "http://b.test/")).tells("in a circle")
    };

    redirects_for_ever: "redirects to a new address each time" =>
    RedirectLoop, RedirectCircle, "`limits.redirects`", |stage| {
        stage.web.made("a.test", "*", |asked| Page::redirect(302, format!("{}x", asked.path)));
        let seen = stage.visit("http://a.test/x").tells("more redirects than are followed");
        assert_eq!(stage.web.requests().len(), 11);
        seen
    };

    redirects_eleven_times: "redirects eleven times, then answers" =>
    RedirectLoop, RedirectCircle, "`limits.redirects`, which is 10", |stage| {
        for n in 0..11 {
            stage.web.page("a.test", &format!("/{n}"), Page::redirect(302, format!("/{}", n + 1)));
        }
        stage.web.page("a.test", "/11", Page::html(FINE));
        stage.visit("http://a.test/0").tells("more redirects than are followed")
    };

    redirects_eleven_times_and_may: "redirects eleven times, then answers, where the user allows 20" =>
    Alive, Status, "at once", |stage| {
        let stage = stage.limit("redirects", 20);
        for n in 0..11 {
            stage.web.page("a.test", &format!("/{n}"), Page::redirect(302, format!("/{}", n + 1)));
        }
        stage.web.page("a.test", "/11", Page::html(FINE));
        stage.visit("http://a.test/0")
    };

    redirects_without_an_address: "redirects without a `Location`" =>
    ProtocolError, RedirectWithoutLocation, "at once", |stage| {
        stage.answers(Page::empty(302))
    };

    redirects_to_an_empty_address: "redirects to an empty `Location`" =>
    RedirectLoop, RedirectCircle, "at once: an empty reference is the address itself", |stage| {
        stage.answers(Page::redirect(302, ""))
    };

    redirects_to_a_file: "redirects to `file:///etc/passwd`" =>
    ProtocolError, BadRedirect, "at once", |stage| {
        stage.answers(Page::redirect(302, "file:///etc/passwd"))
    };

    redirects_to_a_script: "redirects to `javascript:`" =>
    ProtocolError, BadRedirect, "at once", |stage| {
        stage.answers(Page::redirect(302, "javascript:alert(1)"))
    };

    redirects_to_what_cannot_be_read: "redirects to an address that cannot be read" =>
    ProtocolError, BadRedirect, "at once", |stage| {
        stage.answers(Page::redirect(302, "http://[::1"))
    };

    redirects_to_a_very_long_address: "redirects to an address of 9,000 characters" =>
    ProtocolError, BadRedirect, "8 KB for an address", |stage| {
        stage.answers(Page::redirect(302, format!("/{}", "x".repeat(9000))))
    };

    redirects_to_a_private_network: "redirects to `http://10.0.0.1/`" =>
    Unsupported, NotPublic, "at once; it is not asked", |stage| {
        stage.answers(Page::redirect(302, "http://10.0.0.1/"))
    };

    redirects_to_this_machine: "redirects to `http://127.0.0.1/`" =>
    Unsupported, NotPublic, "at once; it is not asked", |stage| {
        let port = stage.web.port();
        stage.web.page("a.test", "/source", Page::redirect(302, format!("http://127.0.0.1:{port}/inside")));
        let seen = stage.visit(SOURCE);
        assert_eq!(stage.web.requests().len(), 1);
        seen
    };

    redirects_to_this_machine_in_disguise: "redirects to `http://2130706433/`, which is 127.0.0.1" =>
    Unsupported, NotPublic, "at once; it is not asked", |stage| {
        stage.answers(Page::redirect(302, "http://2130706433/"))
    };

    redirects_to_this_machine_by_ipv6: "redirects to `http://[::ffff:127.0.0.1]/`" =>
    Unsupported, NotPublic, "at once; it is not asked", |stage| {
        stage.answers(Page::redirect(302, "http://[::ffff:127.0.0.1]/"))
    };

    redirects_to_the_cloud_s_secrets: "redirects to `http://169.254.169.254/`" =>
    Unsupported, NotPublic, "at once; it is not asked", |stage| {
        stage.answers(Page::redirect(307, "http://169.254.169.254/latest/meta-data/"))
    };

    redirects_to_a_name_of_this_machine: "redirects to a name that leads to this machine" =>
    Unsupported, NotPublic, "at once; it is not asked", |stage| {
        let port = stage.web.port();
        let stage = stage.unresolved();
        stage.web.page("a.test", "/source", Page::redirect(302, format!("http://localhost:{port}/inside")));
        let own = format!("a.test={}", stage.web.addr());
        let seen = stage.visit_at(SOURCE, &["--resolve", &own]);
        assert_eq!(stage.web.requests().len(), 1);
        seen
    };

    redirects_to_a_port_of_mail: "redirects to port 25" =>
    Unsupported, NotPublic, "at once; it is not asked", |stage| {
        stage.answers(Page::redirect(302, "http://b.test:25/"))
    };

    redirects_with_a_password: "redirects to an address with a password in it" =>
    Alive, Status, "at once; the password is not sent", |stage| {
        stage.web.page("b.test", "/source", Page::html(FINE));
        stage.web.page("a.test", "/source", Page::redirect(302, "http://user:secret@b.test/source"));
        let seen = stage.visit(SOURCE);
        assert!(!seen.said.to_string().contains("secret"), "{seen:#?}");
        let asked = stage.web.requests_to("b.test");
        assert!(asked.iter().all(|asked| asked.header("authorization").is_none()));
        seen
    };

    redirects_with_a_body_without_end: "redirects, with a body without end" =>
    Alive, Status, "at once; the body of a redirect is not read", |stage| {
        let head = "HTTP/1.1 302 Found\r\nLocation: http://b.test/source\r\n\r\n";
        stage.web.page("b.test", "/source", Page::html(FINE));
        stage.does([Act::Send(head.into()), Act::Endless(vec![b'x'; 65_536])])
    };

    wants_a_cookie: "redirects to itself until its cookie comes back" =>
    Alive, Status, "at once; cookies live for one chain", |stage| {
        stage.web.made("a.test", "/source", |asked| match asked.header("cookie") {
            Some(cookies) if cookies.contains("seen=1") => Page::html(FINE),
            _ => Page::redirect(302, "/source").header("set-cookie", "seen=1; Path=/"),
        });
        stage.visit(SOURCE)
    };

    wants_a_cookie_for_ever: "redirects to itself, whatever cookie comes back" =>
    RedirectLoop, RedirectCircle, "at once", |stage| {
        let seen = stage.answers(Page::redirect(302, "/source").header("set-cookie", "seen=1; Path=/"));
        seen.tells("in a circle")
    };

    wants_another_cookie_each_time: "redirects to itself with a new cookie each time" =>
    RedirectLoop, RedirectCircle, "`limits.redirects`", |stage| {
        let count = std::sync::atomic::AtomicUsize::new(0);
        stage.web.made("a.test", "/source", move |_| {
            let n = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Page::redirect(302, "/source").header("set-cookie", format!("n={n}; Path=/"))
        });
        stage.visit(SOURCE).tells("more redirects than are followed")
    };

    sets_cookies_without_end: "sets 25 cookies of 4 KB and redirects to itself" =>
    Alive, Status, "at once; at most 8 KB of cookies are sent", |stage| {
        stage.web.made("a.test", "/source", |asked| match asked.header("cookie") {
            Some(cookies) => {
                assert!(cookies.len() <= 8192);
                Page::html(FINE)
            }
            None => (0..25).fold(Page::redirect(302, "/source"), |page, n| {
                page.header("set-cookie", format!("c{n}={}", "x".repeat(4000)))
            }),
        });
        stage.visit(SOURCE)
    };
}
