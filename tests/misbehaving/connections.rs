//! Connections that are closed, reset or refused.

use crate::stage::{SECURE, SOURCE};
use crate::web::{Act, Page, Proxy, Tls, Web};

behaviours! {
    "Broken connections";

    refuses: "refuses the connection" =>
    ConnectionFailure, ConnectionFailed, "at once", |stage| {
        // Nobody listens on the port of a web that has ended.
        let port = Web::start().port();
        stage.visit(&format!("http://a.test:{port}/source")).tells("connection refused")
    };

    closes_without_an_answer: "closes the connection without an answer" =>
    ConnectionFailure, ConnectionFailed, "at once", |stage| {
        stage.sends("").tells("closed without an answer")
    };

    resets_without_an_answer: "resets the connection without an answer" =>
    ConnectionFailure, ConnectionFailed, "at once", |stage| {
        stage.does([Act::Reset])
    };

    closes_within_the_head: "closes the connection in the middle of the head" =>
    ConnectionFailure, ConnectionFailed, "at once", |stage| {
        stage.sends("HTTP/1.1 200 OK\r\nContent-Ty").tells("closed without an answer")
    };

    resets_within_the_body: "resets the connection in the middle of the body" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        let half = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<p>half".to_vec();
        let pause = Act::Wait(std::time::Duration::from_millis(500));
        stage.does([Act::Send(half), pause, Act::Reset]).tells("within the body")
    };

    closes_in_the_handshake: "closes the connection in the TLS handshake" =>
    ConnectionFailure, ConnectionFailed, "at once", |stage| {
        stage.web.tls("a.test", Tls::Closes);
        stage.visit(SECURE)
    };

    ends_without_farewell: "ends a body of no announced length without the farewell of TLS" =>
    Alive, Status, "at once, as in browsers", |stage| {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>a whole page</p>".to_vec();
        let page = Page::script([Act::Send(whole), Act::CloseRudely]);
        stage.web.tls("a.test", Tls::Http1).page("a.test", "/source", page);
        stage.visit(SECURE)
    };

    speaks_another_protocol: "answers as SSH" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.sends("SSH-2.0-OpenSSH_9.9\r\n")
    };

    sends_noise: "answers with noise" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.sends(vec![0xff; 4000])
    };

    sends_a_page_without_a_head: "answers with a page and no head (HTTP/0.9)" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.sends("<html><title>A page</title><p>From a time without heads.</p></html>")
    };

    is_behind_a_proxy_that_fails: "stands behind a proxy (`--proxy`) that answers 502 for itself" =>
    Unsupported, ProxyFailed, "at once; it says nothing of the source", |stage| {
        let proxy = Proxy::answering(
            "HTTP/1.1 502 Bad Gateway\r\nProxy-Status: p; error=dns_error\r\nContent-Length: 0\r\n\r\n",
        );
        stage.visit_at(SOURCE, &["--proxy", &proxy.url()])
    };

    is_behind_a_proxy_that_asks: "stands behind a proxy (`--proxy`) that wants a password" =>
    Unsupported, ProxyFailed, "at once; it says nothing of the source", |stage| {
        let proxy = Proxy::answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        stage.visit_at(SOURCE, &["--proxy", &proxy.url()])
    };

    is_behind_a_proxy_that_is_gone: "stands behind a proxy (`--proxy`) that is not there" =>
    Unsupported, ProxyFailed, "at once; it says nothing of the source", |stage| {
        let gone = format!("http://127.0.0.1:{}", Web::start().port());
        stage.visit_at(SOURCE, &["--proxy", &gone])
    };
}
