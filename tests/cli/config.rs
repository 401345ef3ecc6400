//! The configuration: what is in force, what is wrong with it, what is never shown, and the inputs that it names.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Desk, Done};
use crate::web::Page;

fn config(desk: &Desk, words: &str) -> Done {
    desk.finish(&mut desk.bare(&format!("config {words}")))
}

#[test]
fn everything_wrong_is_told_with_its_line() {
    let desk = Desk::new();
    desk.file("posts/a.md", "# A\n");
    desk.file("open.secret", "");
    desk.file(
        "sourcekeep.toml",
        "[fetch]
concurency = 3
host_concurrency = 0
ca_cert = \"ca.pem\"
proxy = [\"http://me:hidden@proxy.example\"]

[[input]]
address = \"posts\"
as = \"markdwn\"

[[input]]
address = \"drafts\"

[[input]]
address = \"./posts/\"

[schedul]
young_days = 1

[schedule]
heartbeat_file = \"open.secret\"
canaries = [
    \"https://example.com/\",
    \"example.org\",
]
",
    );
    assert_snapshot!(config(&desk, "check"), @r#"
    exit code 2
    --- stderr
    error: sourcekeep.toml:2: unknown field `concurency`, expected one of `user_agent`, `contact`, `concurrency`, `host_concurrency`, `host_delay_ms`, `proxy`, `proxy_file`, `second_vantage`, `second_vantage_file`, `ca_cert`, `allow_private`, `resolve`, `robots`; did you mean `concurrency`?
    sourcekeep.toml:3: fetch.host_concurrency = 0: expected 1 to 64
    sourcekeep.toml:4: fetch.ca_cert: ca.pem: No such file or directory (os error 2)
    sourcekeep.toml:5: invalid type: sequence, expected a string
    sourcekeep.toml:9: unknown kind `markdwn`, expected one of `html`, `markdown`, `text`, `feed`, `pdf`, `wikitext`, `wxr`, `csv`, `bookmarks`, `opml`, `sitemap`, `list`, `pages`, `site`; did you mean `markdown`?
    sourcekeep.toml:12: input[1].address: drafts: No such file or directory (os error 2)
    sourcekeep.toml:15: input[2].address = "posts": this input is there already, in line 8
    sourcekeep.toml:17: unknown field `schedul`, expected one of `fetch`, `gather`, `input`, `schedule`, `capture`, `browser`, `store`, `judge`, `backup`, `serve`, `token`, `host`, `source`, `limits`; did you mean `schedule`?
    sourcekeep.toml:21: schedule.heartbeat_file: open.secret: it is empty
    sourcekeep.toml:24: not an address: relative URL without a base
    "#);
    let told = config(&desk, "check --format json").exits(2).out;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["settings"], 11);
    assert_eq!(told["problems"][0]["line"], 2);
    assert_eq!(told["problems"][0]["meant"], "concurrency");

    // Other commands tell the first, and where to find the rest.
    let told = desk.run("run").exits(2).to_string();
    assert!(told.contains("sourcekeep.toml:2: unknown field"), "{told}");
    assert!(told.contains("`sourcekeep config check`"), "{told}");
}

#[test]
fn what_is_right_is_said_in_a_line() {
    let desk = Desk::new();
    assert_snapshot!(config(&desk, "check"), @r"
    exit code 2
    --- stderr
    error: sourcekeep.toml: No such file or directory (os error 2)

    hint: `sourcekeep config init` writes one to begin with
    ");
    assert_snapshot!(config(&desk, "init"), @r"
    exit code 0
    --- stdout
    sourcekeep.toml: written; every key is in it, in a comment
    ");
    assert_snapshot!(config(&desk, "check"), @r"
    exit code 0
    --- stdout
    sourcekeep.toml: 0 settings, all right
    ");
    assert_snapshot!(config(&desk, "init"), @r"
    exit code 2
    --- stderr
    error: sourcekeep.toml: is there already

    hint: name another file, or move that one away
    ");
    desk.file("there/posts/a.md", "# A\n");
    desk.file(
        "there/mine.toml",
        "[[input]]\naddress = \"posts\"\nbase = \"https://blog.test/\"\n[host.\"a.test\"]\ninterval_days = 3\n",
    );
    assert_snapshot!(config(&desk, "check there/mine.toml"), @r"
    exit code 0
    --- stdout
    there/mine.toml: 3 settings, all right
    ");
    let broken = "[fetch]\nproxy = hidden\n[fetch]\n";
    desk.file("broken.toml", broken);
    let told = config(&desk, "check broken.toml").exits(2).to_string();
    assert!(told.contains("broken.toml:2: "), "{told}");
    assert!(!told.contains("hidden"), "{told}");
}

#[test]
fn values_out_of_range_name_the_flag() {
    let desk = Desk::new();
    desk.file("sourcekeep.toml", "[fetch]\nconcurrency = 5\n");
    assert_snapshot!(desk.finish(&mut desk.bare("inputs --concurrency 0")), @r"
    exit code 2
    --- stderr
    error: --concurrency 0: expected 1 to 1024
    ");
    desk.file("sourcekeep.toml", "[fetch]\nca_cert = \"none.pem\"\n");
    let told = desk.finish(&mut desk.bare("inputs")).exits(2).err;
    let expected = "error: sourcekeep.toml:2: fetch.ca_cert: none.pem: ";
    assert!(told.starts_with(expected), "{told}");
    desk.file("sourcekeep.toml", "[fetch]\n\nconcurrency = 0\n");
    assert_snapshot!(desk.finish(&mut desk.bare("inputs")), @r"
    exit code 2
    --- stderr
    error: sourcekeep.toml:3: fetch.concurrency = 0: expected 1 to 1024
    ");
}

const MINE: &str = "[fetch]
concurrency = 8
proxy = \"http://me:hidden@proxy.test:3128\"
second_vantage = \"socks5h://me:hidden@vantage.test:1080\"
resolve = [\"*=[::1]:80\"]

[[input]]
address = \"posts\"
as = \"markdown\"
exclude_hosts = [\"b.test\"]
interval_days = 3

[schedule]
heartbeat_file = \"ping\"

[host.\"A.test\"]
delay_ms = 5
interval_days = 2

[source.\"https://A.test/x?utm_source=y\"]
interval_days = 1
";

#[test]
#[expect(clippy::too_many_lines, reason = "all of the configuration is shown")]
fn what_is_in_force_is_shown_with_where_it_comes_from() {
    let desk = Desk::new();
    desk.file("conf/posts/a.md", "# A\n");
    desk.file("conf/ping", "https://hc.test/hidden\n");
    desk.file("conf/mine.toml", MINE);
    let told = config(&desk, "show --config conf/mine.toml --host-delay 7").exits(0);
    assert_snapshot!(told.out, @r#"
    [fetch]
    # user_agent = "Mozilla/5.0 (compatible; sourcekeep/[version]; +https://crates.io/crates/sourcekeep)"  # default
    contact = "https://crates.io/crates/sourcekeep"  # default
    concurrency = 8  # conf/mine.toml:2
    host_concurrency = 2  # default
    host_delay_ms = 7  # flag --host-delay
    # proxy = "(hidden)"  # conf/mine.toml:3
    # proxy_file is not set
    # second_vantage = "(hidden)"  # conf/mine.toml:4
    # second_vantage_file is not set
    # ca_cert is not set
    allow_private = []  # default
    resolve = ["*=[::1]:80"]  # conf/mine.toml:5
    robots = "obey"  # default

    [gather]
    include = []  # default
    exclude_hosts = []  # default
    exclude_patterns = []  # default
    exclude_posts = []  # default
    exclude_selectors = []  # default

    [[input]]
    address = "[desk]/conf/posts"  # conf/mine.toml:8
    as = "markdown"  # conf/mine.toml:9
    exclude_hosts = ["b.test"]  # conf/mine.toml:10
    interval_days = 3  # conf/mine.toml:11

    [schedule]
    input_refresh_hours = 20  # default
    first_interval_hours = 24  # default
    longest_interval_days = 30  # default
    young_days = 7  # default
    young_interval_hours = 24  # default
    # visits_per_day is not set
    canaries = []  # default
    # heartbeat = "(hidden)"  # conf/mine.toml:14
    heartbeat_file = "[desk]/conf/ping"  # conf/mine.toml:14

    [capture]
    requisites = true  # default
    downloads = false  # default
    # max_bytes is not set
    min_free = 268435456  # default

    [browser]
    when = "shells"  # default
    # path is not set
    timeout_ms = 60000  # default
    memory = 2147483648  # default
    height = 16000  # default
    pdf = false  # default

    [store]
    compact = "auto"  # default

    [judge]
    # rules is not set

    [backup]
    # folder is not set
    keep = 7  # default

    [serve]
    # listen is not set
    # replay_listen is not set
    # url is not set
    # replay_url is not set
    # password is not set
    read_only = false  # default
    # access_log is not set

    [host."a.test"]
    delay_ms = 5  # conf/mine.toml:17
    interval_days = 2  # conf/mine.toml:18

    [source."https://a.test/x"]
    interval_days = 1  # conf/mine.toml:21

    [limits]
    connect_ms = 10000  # default
    first_byte_ms = 20000  # default
    idle_ms = 15000  # default
    total_ms = 60000  # default
    redirects = 10  # default
    body_bytes = 33554432  # default
    input_bytes = 268435456  # default
    requisites = 1000  # default
    requisite_bytes = 16777216  # default
    capture_bytes = 268435456  # default
    capture_ms = 120000  # default
    "#);
    assert!(!told.to_string().contains("hidden@"), "{told}");

    // What is shown is configuration that says the same from elsewhere.
    let folder = desk.path("").to_string_lossy().into_owned();
    desk.file("again.toml", told.out.replace("[desk]/", &folder));
    let told = config(&desk, "check again.toml").exits(0).out;
    assert!(told.contains("all right"), "{told}");
    let told = config(&desk, "show --config again.toml fetch").exits(0).out;
    assert!(told.contains("host_delay_ms = 7  # again.toml:"), "{told}");

    for (key, expected) in [
        ("fetch.concurrency", "concurrency = 8  # conf/mine.toml:2"),
        ("host.a.test", "delay_ms = 5  # conf/mine.toml:17"),
        (
            "schedule.heartbeat",
            "# heartbeat = \"(hidden)\"  # conf/mine.toml:14",
        ),
    ] {
        let told = config(&desk, &format!("show --config conf/mine.toml {key}"))
            .exits(0)
            .out;
        assert!(told.contains(expected), "{key}: {told}");
    }
    let told = config(&desk, "show fetch.concurency").exits(2).to_string();
    assert!(told.contains("did you mean `fetch.concurrency`?"), "{told}");
    let told = config(
        &desk,
        "show --config conf/mine.toml fetch.proxy --format json",
    )
    .exits(0)
    .out;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        told[0],
        serde_json::json!({
            "key": "fetch.proxy", "value": "(hidden)", "from": "file", "file": "conf/mine.toml", "line": 3
        })
    );
}

#[test]
fn secrets_are_never_printed() {
    let desk = Desk::new();
    desk.post("posts/a.md", &["https://a.test/1"]);
    desk.file("px", "http://me:hidden@proxy.invalid:1\n");
    desk.file("hc", "https://hc.invalid/hidden\n");
    let file = "[fetch]\nproxy_file = \"px\"\n[schedule]\nheartbeat_file = \"hc\"\n";
    desk.file("sourcekeep.toml", file);
    for words in [
        "run posts --verbose",
        "config check",
        "config show",
        "config show --format json",
    ] {
        let told = desk.run(words).to_string();
        assert!(
            !told.contains("hidden@") && !told.contains("/hidden"),
            "{words}: {told}"
        );
    }
    for (variable, value, expected) in [
        (
            "SOURCEKEEP_PROXY",
            "ftp://me:hiddenword@a",
            "SOURCEKEEP_PROXY: not a proxy's address",
        ),
        (
            "SOURCEKEEP_HEARTBEAT",
            "hiddenword",
            "SOURCEKEEP_HEARTBEAT: not an address",
        ),
    ] {
        let told = desk
            .finish(desk.command("config show").env(variable, value))
            .exits(2)
            .to_string();
        assert!(
            told.contains(expected) && !told.contains("hiddenword"),
            "{told}"
        );
    }
    let mut asked = desk.command("config show");
    asked.env("SOURCEKEEP_PROXY", "http://me:hiddenword@a");
    asked.env("SOURCEKEEP_HEARTBEAT", "https://a/hiddenword");
    let told = desk.finish(&mut asked).exits(0).to_string();
    assert!(!told.contains("hiddenword"), "{told}");
    assert!(
        told.contains("# proxy = \"(hidden)\"  # environment SOURCEKEEP_PROXY"),
        "{told}"
    );
    assert!(told.contains("# heartbeat_file is not set"), "{told}");
    // Help shows values of variables, unless it is kept from it.
    let told = desk.finish(
        desk.bare("run --help")
            .env("SOURCEKEEP_PROXY", "http://hiddenword"),
    );
    assert!(!told.to_string().contains("hiddenword"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_secret_that_everybody_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    desk.file("hc", "https://hc.invalid/hidden\n");
    desk.file("sourcekeep.toml", "[schedule]\nheartbeat_file = \"hc\"\n");
    for (mode, is_told) in [(0o644, true), (0o600, false), (0o640, false)] {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(desk.path("hc"), mode).unwrap();
        let told = config(&desk, "check").exits(0).err;
        assert_eq!(
            told.contains("every user of this machine can read hc"),
            is_told,
            "{told}"
        );
    }
    std::fs::remove_file(desk.path("hc")).unwrap();
    let told = config(&desk, "check").exits(2).err;
    assert!(
        told.contains("sourcekeep.toml:2: schedule.heartbeat_file: hc: "),
        "{told}"
    );
}

const INPUTS: &str =
    "select address, kind, format, base, json_extract(options, '$.gather.exclude.hosts'),
    json_extract(options, '$.refresh_hours'), json_extract(options, '$.interval_days')
    from input where removed_at is null order by id";

#[test]
fn a_run_registers_the_inputs_of_the_configuration() {
    let desk = Desk::new();
    desk.page("a.test", "/1", "One").page("b.test", "/2", "Two");
    desk.post("conf/posts/a.md", &["https://a.test/1", "https://b.test/2"]);
    let one = "[[input]]\naddress = \"posts\"\nexclude_hosts = [\"b.test\"]\n";
    desk.file("conf/sourcekeep.toml", one);
    let run = "run --config conf/sourcekeep.toml";
    let told = desk.run(&format!("{run} --dry-run")).exits(0).out;
    assert!(told.contains("would visit  1 source on 1 host"), "{told}");
    assert!(!desk.path("sourcekeep.db").exists());
    desk.run(run).exits(0);
    assert_snapshot!(desk.rows(INPUTS), @r#"[desk]/conf/posts | folder | - | - | ["b.test"] | - | -"#);
    assert_eq!(desk.number("select count(*) from source"), 1);

    // A changed option is taken over, and the input read again with it.
    desk.file(
        "conf/sourcekeep.toml",
        "[[input]]\naddress = \"posts\"\ninterval_days = 3\n",
    );
    let told = desk.day(1).run(&format!("{run} --dry-run")).exits(0).out;
    assert!(told.contains("would read   1 input\n"), "{told}");
    desk.run(run).exits(0);
    assert_snapshot!(desk.rows(INPUTS), @r"[desk]/conf/posts | folder | - | - | [] | - | 3");
    assert_eq!(desk.number("select count(*) from source"), 2);

    // Flags beside the name are stronger for that run; without flags, the file says how it is read.
    desk.run(&format!("{run} conf/posts --exclude-host a.test"))
        .exits(0);
    assert_snapshot!(desk.rows(INPUTS), @r#"[desk]/conf/posts | folder | - | - | ["a.test"] | - | -"#);
    desk.run(&format!("{run} conf/posts")).exits(0);
    assert_snapshot!(desk.rows(INPUTS), @r"[desk]/conf/posts | folder | - | - | [] | - | 3");

    // Taken out of the file it stays; taken off the list, and still in the file, it comes back.
    desk.file("empty.toml", "");
    desk.day(2).run("run --config empty.toml").exits(0);
    assert_eq!(
        desk.number("select count(*) from input where removed_at is null"),
        1
    );
    let remove = "remove conf/posts --config conf/sourcekeep.toml";
    assert_snapshot!(desk.run(remove), @r"
    exit code 0
    --- stdout
    conf/posts: removed; what was gathered and kept stays
    --- stderr
    conf/posts: stands in the configuration, so the next run registers it again; take it out there too
    ");
    assert_eq!(
        desk.number("select count(*) from input where removed_at is null"),
        0
    );
    desk.day(3).run(run).exits(0);
    assert_eq!(
        desk.number("select count(*) from input where removed_at is null"),
        1
    );
}

#[test]
fn an_unchanged_input_is_read_when_it_is_due() {
    let desk = Desk::new();
    desk.page("a.test", "/1", "One");
    let feed = "<rss><channel><item><link>https://blog.test/p</link><description>\
                &lt;a href='https://a.test/1'>one&lt;/a></description></item></channel></rss>";
    desk.web.page(
        "blog.test",
        "/feed",
        Page::bytes("application/rss+xml", feed),
    );
    desk.file(
        "sourcekeep.toml",
        "[[input]]\naddress = \"https://blog.test/feed\"\nrefresh_hours = 40\n",
    );
    desk.run("run").exits(0);
    let read = |desk: &Desk| desk.number("select refreshed_at from input");
    let first = read(&desk);
    desk.day(1).run("run").exits(0);
    assert_eq!(read(&desk), first, "it is not due");
    desk.day(2).run("run").exits(0);
    assert!(read(&desk) > first, "it was due");
}

#[test]
fn an_input_that_is_not_there_keeps_nothing_else_from_being_done() {
    let desk = Desk::new();
    desk.page("a.test", "/1", "One");
    desk.post("posts/a.md", &["https://a.test/1"]);
    desk.file(
        "sourcekeep.toml",
        "[[input]]\naddress = \"drafts\"\n[[input]]\naddress = \"posts\"\n",
    );
    let told = desk.run("run").exits(3);
    assert_snapshot!(told.err, @r"warning: drafts: No such file or directory (os error 2)");
    assert_eq!(desk.number("select count(*) from visit"), 1);
    // Once it is registered, the run itself says it, and once.
    desk.file("drafts/b.md", "# B\n");
    desk.day(1).run("run").exits(0);
    std::fs::remove_dir_all(desk.path("drafts")).unwrap();
    let told = desk.day(2).run("run").exits(3);
    assert_eq!(told.err.matches("drafts").count(), 1, "{told}");
}

#[cfg(unix)]
#[test]
fn a_configuration_that_is_no_file_is_refused_and_not_waited_for() {
    let desk = Desk::new();
    std::os::unix::fs::symlink(desk.path("nowhere"), desk.path("sourcekeep.toml")).unwrap();
    let done = desk.run("config show").exits(2);
    assert!(
        done.err.contains("sourcekeep.toml: No such file"),
        "{}",
        done.err
    );
    let pipe = desk.path("pipe.toml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for words in ["config check pipe.toml", "--config pipe.toml config show"] {
        let done = desk.run(words).exits(2);
        assert!(done.err.contains("pipe.toml: not a file"), "{}", done.err);
    }
}
