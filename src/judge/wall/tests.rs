//! Walls as they come, and pages that only look like them.

use url::Url;

use crate::fetch::{BodyFacts, Facts, Hop, Way};
use crate::judge::{Case, Code, Features, Rule, Rules, Verdict, features, judge};

const SOURCE: &str = "https://example.com/posts/a-page";

/// A visit that a page came of.
struct Visit {
    url: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    rules: Rules,
}

impl Visit {
    fn new(status: u16, body: &str) -> Self {
        Self {
            url: SOURCE.to_owned(),
            status,
            headers: Vec::new(),
            body: body.to_owned(),
            rules: Rules::extended("").unwrap(),
        }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn at(mut self, url: &str) -> Self {
        self.url = url.to_owned();
        self
    }

    fn features(&self) -> Features {
        let url = Url::parse(&self.url).unwrap();
        features(&self.body, Some("text/html"), &url, &self.rules)
    }

    fn judged(&self, baseline: Option<&Features>) -> Verdict {
        let facts = Facts {
            way: Way::Plain,
            vantage: None,
            hops: vec![Hop {
                url: self.url.clone(),
                status: self.status,
                protocol: "HTTP/1.1".to_owned(),
                headers: self.headers.clone(),
                certificate: None,
            }],
            failure: None,
            body: Some(BodyFacts {
                sha256: String::new(),
                size: self.body.len() as u64,
                served_sha256: String::new(),
                served_sha1: String::new(),
                served_size: self.body.len() as u64,
                truncated: None,
            }),
            robots: None,
            rendered: None,
        };
        let (source, features) = (Url::parse(SOURCE).unwrap(), self.features());
        let mut case = Case::new(&source, &facts);
        case.features = Some(&features);
        case.baseline = baseline;
        case.rules = &self.rules;
        judge(&case)
    }
}

fn page(title: &str, body: &str) -> String {
    format!("<!doctype html><title>{title}</title><body>{body}")
}

fn says(verdict: &Verdict, word: &str) -> bool {
    verdict.evidence.iter().any(|sign| sign.says.contains(word))
}

/// Sentences of a page that is about something.
fn prose(sentences: usize) -> String {
    const WORDS: &[&str] = &[
        "harbour", "winter", "library", "signal", "orchard", "bridge", "letter", "market", "river",
        "copper", "garden", "window", "mountain", "paper", "castle", "island",
    ];
    let mut text = String::from("<article>");
    for n in 0..sentences {
        let word = |by: usize| WORDS[(n * by + by) % WORDS.len()];
        let sentence = format!(
            "<p>In the year {} the {} near the {} was sold with its {}, and the {} that had stood beside it since the \
             war was taken down by the people of the town.</p>",
            1800 + n,
            word(3),
            word(5),
            word(7),
            word(11)
        );
        text.push_str(&sentence);
    }
    text + "</article>"
}

#[test]
fn walls_and_whose_they_are() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "Just a moment...",
            "<noscript>Enable JavaScript and cookies to continue</noscript><script>window._cf_chl_opt={}</script>",
            "Cloudflare",
        ),
        (
            "Access Denied",
            "<H1>Access Denied</H1>You don't have permission to access \"http&#58;&#47;&#47;example&#46;com&#47;\" on this server.<P>Reference&#32;&#35;18&#46;2d351ab8&#46;1557333295&#46;a4e16ab</P>",
            "Akamai",
        ),
        (
            "example.com",
            "<p id=cmsg>Please enable JS and disable any ad blocker</p><script>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script>",
            "DataDome",
        ),
        (
            "Access to this page has been denied",
            "<div id=px-captcha></div>Press &amp; Hold to confirm you are a human (and not a bot).",
            "PerimeterX",
        ),
        (
            "Request Rejected",
            "The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 1234567890<br><a href='javascript:history.back();'>[Go Back]</a>",
            "F5",
        ),
        (
            "Amazon.com",
            "<h4>Enter the characters you see below</h4><p>Sorry, we just need to make sure you're not a robot. For best results, please make sure your browser is accepting cookies.</p><form action=/errors/validateCaptcha><input name=field-keywords></form>",
            "Amazon",
        ),
        (
            "https://example.com/",
            "<p>Our systems have detected unusual traffic from your computer network. This page checks to see if it's really you sending the requests, and not a robot.</p><div class=g-recaptcha></div>",
            "Google",
        ),
        (
            "Making sure you&#39;re not a bot!",
            "<h1>Making sure you're not a bot!</h1><p>Loading...</p><script id=\"anubis_challenge\">{}</script>",
            "Anubis",
        ),
        (
            "百度安全验证",
            "<div class=timeout>网络不给力，请稍后重试</div>",
            "Baidu",
        ),
        (
            "Robot Challenge Screen",
            "<meta http-equiv=refresh content='0;/.well-known/sgcaptcha/?r=%2F'>",
            "SiteGround",
        ),
        ("", "<pre>error code: 1020</pre>", "Cloudflare"),
        (
            "",
            "<script>var arg1='0A1B2C3D4E';document.cookie='acw_sc__v2='+x;</script><noscript>x</noscript><p>.</p>",
            "Aliyun",
        ),
        (
            "Attention Required! | Cloudflare",
            "<h1>Sorry, you have been blocked</h1><h2>You are unable to access example.com</h2><p>This website is using a security service to protect itself from online attacks.</p>",
            "Cloudflare",
        ),
        (
            "Blocked",
            "<p>whoa there, pardner!</p><p>Your request has been blocked due to a network policy.</p><p>You've been blocked by network security.</p>",
            "Reddit",
        ),
        (
            "Вы не робот?",
            "<p>Подтвердите, что запросы отправляли вы, а не робот</p>",
            "Yandex",
        ),
    ];
    for (title, body, provider) in cases {
        for status in [200, 202, 403, 405, 429] {
            let verdict = Visit::new(status, &page(title, body)).judged(None);
            assert_eq!(
                verdict.code,
                Code::Blocked,
                "{title} at {status}: {verdict:?}"
            );
            assert!(says(&verdict, provider), "{title} at {status}: {verdict:?}");
        }
    }
}

#[test]
fn refusals_and_checks_in_many_languages() {
    for (title, text) in [
        (
            "Zugriff verweigert",
            "Sie haben keine Berechtigung, diese Seite aufzurufen.",
        ),
        (
            "Accès refusé",
            "Vous n'êtes pas autorisé à accéder à cette page.",
        ),
        (
            "Доступ запрещён",
            "У вас нет прав на просмотр этой страницы.",
        ),
        (
            "アクセスが拒否されました",
            "このページを表示する権限がありません。",
        ),
        ("접근이 거부되었습니다", "이 페이지를 볼 수 없습니다."),
        ("拒绝访问", "您没有权限查看此页面。"),
        ("تم رفض الوصول", "ليس لديك إذن لعرض هذه الصفحة."),
        ("Erişim engellendi", "Bu sayfayı görüntüleyemezsiniz."),
        ("Odmowa dostępu", "Nie masz uprawnień do tej strony."),
        ("Pääsy estetty", "Et voi katsoa tätä sivua."),
        ("403 Forbidden", "nginx"),
        ("Sind Sie ein Mensch?", "Bitte lösen Sie die Aufgabe."),
        ("安全验证", "请完成验证后继续"),
    ] {
        let html = page(title, &format!("<h1>{title}</h1><p>{text}</p>"));
        let verdict = Visit::new(200, &html).judged(None);
        assert_eq!(verdict.code, Code::Blocked, "{title}: {verdict:?}");
    }
}

#[test]
fn refusals_of_a_few_words() {
    for text in [
        "Access denied",
        "You have been blocked.",
        "You have been banned from this site. If you think there has been a mistake, please contact the administrator.",
        "Your request has been blocked due to suspicious activity. If you feel this is in error please write to us.",
        "Suspicious activity detected, your IP address 192.0.2.1 has been blocked.",
        "Visitors from your country are not permitted to browse this site.",
        "We're sorry but your query looks similar to automated requests from a computer virus or spyware application. To \
         protect our users, we can't process your request right now.",
    ] {
        let verdict = Visit::new(200, &page("", text)).judged(None);
        assert_eq!(verdict.code, Code::Blocked, "{text}: {verdict:?}");
    }
    // Who writes a few words about it does not refuse anybody.
    for (title, text) in [
        (
            "A note",
            "I was told by the porter that I had no business there, and that was that: access denied, once more.",
        ),
        (
            "Blocked",
            "A short film about two neighbours, a lorry and a street of eleven houses. 12 minutes, 2019.",
        ),
        (
            "Captcha",
            "A poem in four lines. From the collection of the same name, out in May.",
        ),
        (
            "Sign in the window",
            "Photograph, 1931. Gift of the artist's family.",
        ),
    ] {
        let verdict = Visit::new(200, &page(title, text)).judged(None);
        assert_eq!(verdict.code, Code::Alive, "{title}: {verdict:?}");
    }
}

#[test]
fn an_article_about_a_wall_is_none() {
    let loads = "<script src=/_Incapsula_Resource?SWJIYLWA=1></script><script src=/cdn-cgi/challenge-platform/scripts/jsd/main.js></script>\
                 <div class=g-recaptcha></div><script>window._pxAppId='x'</script><form><input type=password></form>";
    let about = "<p>Just a moment... Access denied. Checking your browser before accessing the site. Please log in. \
                 We value your privacy. Subscribe to continue reading. Not available in your country.</p>";
    for title in [
        "Access denied",
        "Just a moment...",
        "Log in",
        "Cookie consent",
        "The sale of the harbour",
    ] {
        let html = page(
            title,
            &format!("<h1>{title}</h1>{}{about}{loads}", prose(20)),
        );
        for status in [200, 203] {
            let verdict = Visit::new(status, &html).judged(None);
            assert_eq!(verdict.code, Code::Alive, "{title}: {verdict:?}");
        }
    }
}

#[test]
fn a_page_that_comes_with_a_refusing_status_is_the_page() {
    let html = page(
        "The sale of the harbour",
        &format!("<h1>The sale</h1>{}", prose(20)),
    );
    for status in [401, 402, 403, 429, 503] {
        let verdict = Visit::new(status, &html).judged(None);
        assert_eq!(verdict.code, Code::Alive, "{status}: {verdict:?}");
        assert!(verdict.evidence[0].is(Rule::PageInSpiteOfStatus));
    }
    for (status, code) in [
        (404, Code::NotFound),
        (410, Code::Gone),
        (500, Code::ServerError),
        (451, Code::Legal),
    ] {
        assert_eq!(Visit::new(status, &html).judged(None).code, code);
    }
    let refuses = page("403 Forbidden", &prose(20));
    assert_eq!(Visit::new(403, &refuses).judged(None).code, Code::Blocked);
    let is_down = page("Service unavailable", &prose(20));
    assert_eq!(
        Visit::new(503, &is_down).judged(None).code,
        Code::ServerError
    );
}

#[test]
fn words_alone_do_not_excuse_what_is_gone_or_fails() {
    let html = page("Access denied", "<h1>Access denied</h1>");
    for (status, code) in [
        (404, Code::NotFound),
        (410, Code::Gone),
        (503, Code::ServerError),
    ] {
        assert_eq!(Visit::new(status, &html).judged(None).code, code);
    }
    let challenge = page("Just a moment...", "<script>window._cf_chl_opt={}</script>");
    for status in [404, 410, 503] {
        assert_eq!(
            Visit::new(status, &challenge).judged(None).code,
            Code::Blocked
        );
    }
}

#[test]
fn a_refusal_names_its_provider() {
    let visit = Visit::new(403, &page("", "no")).header("server", "cloudflare");
    assert!(says(&visit.judged(None), "Cloudflare"));
    let visit = Visit::new(403, "").header("set-cookie", "datadome");
    let verdict = visit.judged(None);
    assert!(
        verdict.code == Code::Blocked && says(&verdict, "DataDome"),
        "{verdict:?}"
    );
    let visit = Visit::new(404, "").header("x-vercel-mitigated", "challenge");
    assert!(visit.judged(None).evidence[0].is(Rule::ChallengeHeader));
}

#[test]
fn logins() {
    let form = "<form><input name=user><input type=password><button>OK</button></form>";
    for title in [
        "Log in",
        "Anmelden",
        "Connexion",
        "Вход",
        "ログイン",
        "登录",
        "Iniciar sesión",
    ] {
        let html = page(
            &format!("{title} | Example"),
            &format!("<h1>{title}</h1>{form}"),
        );
        let verdict = Visit::new(200, &html).judged(None);
        assert_eq!(verdict.code, Code::LoginWall, "{title}: {verdict:?}");
        // One that always was a login page is what it was.
        let same = Visit::new(200, &html).features();
        assert_eq!(Visit::new(200, &html).judged(Some(&same)).code, Code::Alive);
    }
    let verdict = Visit::new(
        200,
        &page("Log into Facebook", "You must log in to continue."),
    )
    .at("https://www.facebook.com/login/?next=x")
    .judged(None);
    assert_eq!(verdict.code, Code::LoginWall, "{verdict:?}");
    assert!(says(&verdict, "Facebook"));
}

#[test]
fn consent() {
    for (title, text) in [
        (
            "Before you continue to Google",
            "<form action='https://consent.google.com/save'><button>I agree</button></form>",
        ),
        (
            "Cookie consent",
            "<p>We and our partners store information on your device.</p><button>Accept all</button>",
        ),
        (
            "Datenschutzeinstellungen",
            "<h1>Wir verwenden Cookies</h1><button>Alle akzeptieren</button>",
        ),
        (
            "We value your privacy",
            "<h1>We value your privacy</h1><script src=https://cdn.cookielaw.org/x.js></script>",
        ),
    ] {
        let verdict = Visit::new(200, &page(title, text)).judged(None);
        assert_eq!(verdict.code, Code::Collapsed, "{title}: {verdict:?}");
        assert!(
            verdict
                .evidence
                .iter()
                .any(|sign| sign.is(Rule::AsksForConsent))
        );
    }
}

/// A page with little text may have a notice of cookies on it.
#[test]
fn a_notice_of_cookies_on_a_short_page_is_no_wall() {
    let notice = "<div><h2>We value your privacy</h2><p>We use cookies. We and our partners store information.</p>\
                  <button>Accept all</button></div>";
    let pictures = "<img src=1.jpg><img src=2.jpg><img src=3.jpg><img src=4.jpg>";
    for body in [
        format!("<h1>Harbour</h1>{pictures}{notice}"),
        format!("<h1>Harbour</h1>{}{notice}", prose(3)),
        "<h1>Harbour</h1><p>Opens in May.</p><p>This website uses cookies. <button>Accept all</button>".to_owned(),
    ] {
        let verdict = Visit::new(200, &page("Harbour", &body)).judged(None);
        assert_eq!(verdict.code, Code::Alive, "{body}: {verdict:?}");
    }
}

#[test]
fn regions() {
    for (title, text) in [
        (
            "Not available",
            "<p>This content is not available in your region.</p>",
        ),
        (
            "Example",
            "<p>Unfortunately, our website is currently unavailable in most European countries.</p>",
        ),
        (
            "Beispiel",
            "<p>Dieses Video ist in Ihrem Land nicht verfügbar.</p>",
        ),
        (
            "Example",
            "<p>403 ERROR The Amazon CloudFront distribution is configured to block access from your country.</p>",
        ),
    ] {
        let verdict = Visit::new(200, &page(title, text)).judged(None);
        assert_eq!(verdict.code, Code::Blocked, "{text}: {verdict:?}");
        assert!(
            verdict
                .evidence
                .iter()
                .any(|sign| sign.is(Rule::RefusedByRegion))
        );
    }
}

#[test]
fn a_declaration_alone_is_no_paywall() {
    let declared = "<script type=application/ld+json>{\"isAccessibleForFree\": false}</script>";
    let whole = page("A sale", &format!("<h1>A sale</h1>{}{declared}", prose(20)));
    let short = page("A sale", &format!("<h1>A sale</h1>{}{declared}", prose(2)));
    let asks = format!("{short}<p>Subscribe to continue reading.</p>");
    assert_eq!(Visit::new(200, &whole).judged(None).code, Code::Alive);
    assert_eq!(Visit::new(200, &short).judged(None).code, Code::Alive);
    let verdict = Visit::new(200, &asks).judged(None);
    assert_eq!(verdict.code, Code::Paywall, "{verdict:?}");
}

#[test]
fn rules_of_the_user() {
    let own = "[[mark]]\nname = \"own/gate\"\nlabel = \"Own Gate\"\nkind = \"challenge\"\nbody = [\"/gate/x.js\"]\nweight = 100\n\
               [words.access-denied]\ncy = [\"mynediad wedi'i wrthod\"]\n";
    let gate = page("Gate", "<script src=/gate/x.js></script><p>One moment.</p>");
    let welsh = page("Mynediad wedi’i wrthod", "<h1>Mynediad wedi’i wrthod</h1>");
    for html in [&gate, &welsh] {
        let mut visit = Visit::new(200, html);
        assert_eq!(visit.judged(None).code, Code::Alive);
        visit.rules = Rules::extended(own).unwrap();
        assert_eq!(visit.judged(None).code, Code::Blocked);
    }
}

#[test]
fn rules_that_cannot_be_used() {
    for (text, line, why) in [
        ("[[mark]]\nname = \"a\"\n", 1, "missing field `label`"),
        ("x = 1\n", 1, "unknown field `x`"),
        (
            "\n[[mark]]\nname = \"A b\"\nlabel = \"x\"\nkind = \"login\"\nbody = [\"abcd\"]\nweight = 1\n",
            2,
            "expected 1 to 64 of",
        ),
        (
            "[[mark]]\nname = \"a\"\nlabel = \"x\"\nkind = \"door\"\nweight = 1\n",
            4,
            "unknown variant `door`",
        ),
        (
            "[[mark]]\nname = \"a\"\nlabel = \"x\"\nkind = \"login\"\nbody = [\"a\"]\nweight = 1\n",
            1,
            "expected 4 characters",
        ),
        (
            "[[mark]]\nname = \"a\"\nlabel = \"x\"\nkind = \"login\"\nweight = 1\n",
            1,
            "expected a pattern",
        ),
        (
            "[[mark]]\nname = \"a\"\nlabel = \"x\"\nkind = \"login\"\nstatus = [200]\nweight = 1000\n",
            1,
            "expected -200 to 200",
        ),
        (
            "\n[words.zebra]\nen = [\"abc\"]\n",
            2,
            "unknown words `zebra`, expected one of access-denied",
        ),
        (
            "[words.login]\nen = [\n\"a\"]\n",
            3,
            "at least two characters",
        ),
    ] {
        let error = Rules::extended(text).unwrap_err();
        assert!(error.why.contains(why), "{text}: {error}");
        assert_eq!(error.line, Some(line), "{text}: {error}");
    }
    let many = format!("[words.login]\nen = [{}]\n", "\"abc\",".repeat(5001));
    assert!(
        Rules::extended(&many)
            .unwrap_err()
            .why
            .contains("at most 5000")
    );
    assert!(Rules::extended(&"#".repeat(300_000)).is_err());
}

#[test]
fn logins_of_well_known_systems_and_help_about_them() {
    let form = "<form>Username or Email Address <input name=log> Password <input type=password> Remember Me <button>Log In</button></form>";
    for title in [
        "Log In ‹ A Magazine on Wells and Pumps — WordPress",
        "Log in | Wells and Pumps",
        "Log in - Wells Wiki",
    ] {
        let verdict = Visit::new(200, &page(title, form)).judged(None);
        assert_eq!(verdict.code, Code::LoginWall, "{title}: {verdict:?}");
    }
    let text = "<p>Use the number on your library card as the name. Your password is the day and month of your birth, \
        until you choose another one. Ask at the desk if it does not work, and bring the card with you, please. \
        We are there from nine to five on all days but Sunday.</p>";
    for title in [
        "How do I log in?",
        "How to sign in",
        "Wie kann ich mich anmelden?",
        "Comment se connecter",
    ] {
        let html = page(
            title,
            &format!("<h1>{title}</h1>{text}<h2>My password</h2>{form}"),
        );
        let verdict = Visit::new(200, &html).judged(None);
        assert_eq!(verdict.code, Code::Alive, "{title}: {verdict:?}");
    }
}

#[test]
fn waiting_rooms() {
    let html = page(
        "Wells Tickets",
        "<h1>You are now in line</h1><p>When it is your turn, you will have ten minutes to enter the website.</p><script src='https://static.queue-it.net/images/x.js'></script>",
    );
    let verdict = Visit::new(200, &html).judged(None);
    assert_eq!(verdict.code, Code::Blocked, "{verdict:?}");
    let amazon = page(
        "Robot Check",
        "<h4>Enter the characters you see below</h4><p>Sorry, we just need to make sure you're not a robot.</p>",
    );
    let verdict = Visit::new(503, &amazon).judged(None);
    assert_eq!(verdict.code, Code::Blocked, "{verdict:?}");
    let theatre = page(
        "The Waiting Room",
        "<h1>The Waiting Room</h1><p>A play in two acts.</p>",
    );
    assert_eq!(Visit::new(200, &theatre).judged(None).code, Code::Alive);
}
