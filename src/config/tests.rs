//! What is read, refused, and laid over what.

use std::path::{Path, PathBuf};

use super::*;

fn parse(text: &str) -> Result<File, ConfigError> {
    File::parse(text, Path::new("conf/sourcekeep.toml"))
}

fn complaint(text: &str) -> String {
    let settings = parse(text).and_then(|file| Settings::resolve(Overrides::default(), Some(file)));
    settings.unwrap_err().to_string()
}

#[track_caller]
fn complain(texts: &[(&str, &str)]) {
    for (text, expected) in texts {
        let complaint = complaint(text);
        assert!(complaint.contains(expected), "{text}: {complaint}");
        assert!(!complaint.contains("secret"), "{complaint}");
    }
}

#[test]
fn flags_over_file_over_default() {
    let defaults = Settings::resolve(Overrides::default(), None).unwrap();
    assert_eq!(
        (defaults.fetch.concurrency, defaults.fetch.host_delay_ms),
        (64, 1000)
    );
    assert_eq!(defaults.fetch.robots, Robots::Obey);
    let file = parse(
        "[fetch]\ncontact = \"me@example.com\"\nconcurrency = 8\nhost_delay_ms = 5\n\
         ca_cert = \"ca.pem\"\nresolve = [\"*=[::1]:80\"]\n[gather]\n\
         include = [\"footer\"]\nexclude_hosts = [\"Example.com\"]\n",
    )
    .unwrap();
    let flags = Overrides {
        concurrency: Some(4),
        ..Overrides::default()
    };
    let settings = Settings::resolve(flags, Some(file)).unwrap();
    assert_eq!(
        (settings.fetch.concurrency, settings.fetch.host_delay_ms),
        (4, 5)
    );
    assert!(settings.fetch.user_agent.ends_with("; +me@example.com)"));
    assert_eq!(settings.fetch.ca_cert, Some(PathBuf::from("conf/ca.pem")));
    assert!(settings.gather.include.footer && !settings.gather.include.aside);
}

#[test]
fn complaints_name_the_line_and_what_was_meant() {
    complain(&[
        (
            "[fetch]\n\nconcurency = 1\n",
            "conf/sourcekeep.toml:3: unknown field `concurency`",
        ),
        ("[fetch]\nconcurency = 1\n", "; did you mean `concurrency`?"),
        ("[fetchh]\n", "did you mean `fetch`?"),
        (
            "[fetch]\nhost-delay-ms = 1\n",
            "did you mean `host_delay_ms`?",
        ),
        ("[fetch]\nrobots = \"obay\"\n", "did you mean `obey`?"),
        (
            "[gather]\ninclude = [\"footer\", \"side\"]\n",
            ":2: unknown variant `side`",
        ),
        ("[fetch]\nx = \n", "conf/sourcekeep.toml:2: "),
        (
            "[fetch]\nconcurrency = 0\n",
            "conf/sourcekeep.toml:2: fetch.concurrency = 0: expected 1 to 1024",
        ),
        ("[fetch]\nconcurrency = -1\n", ":2: "),
        (
            "[fetch]\nallow_private = [\n\"10.0.0.0/8\",\n\"10.0.0.0/99\"]\n",
            ":4: 10.0.0.0/99",
        ),
        ("[fetch]\nresolve = [\"a\"]\n", "expected HOST=ADDR"),
        ("[fetch]\nuser_agent = \"a\\nb\"\n", "fetch.user_agent"),
        (
            "[host.\"https://a.org\"]\ndelay_ms = 1\n",
            ":1: https://a.org: expected a host name",
        ),
        (
            "[host.\"a.org\"]\nconcurrency = 0\n",
            ":2: host.\"a.org\".concurrency = 0: expected 1 to 64",
        ),
        (
            "[capture]\nmax_bytes = \"lots\"\n",
            ":2: lots: expected a size",
        ),
        (
            "[gather]\nexclude_hosts = [\"http://a/b\"]\n",
            ":2: gather.exclude_hosts: excluded host",
        ),
        (
            "[gather]\nexclude_patterns = [\"(\"]\n",
            "is no regular expression",
        ),
        (
            "\n[host.\"https://a.org\"]\ndelay_ms = 1\n",
            ":2: https://a.org: expected a host name",
        ),
        (
            "[limits]\n\nconnect_ms = 9\n",
            ":3: limits.connect_ms = 9: expected 10",
        ),
        (
            "[gather]\nexclude_hosts = [\n\"a.org\",\n\"http://a/b\"]\n",
            ":4: gather.exclude_hosts: excluded host",
        ),
        (
            "[fetch]\nproxy = \"http://u:secret@\"\n",
            ":2: not a proxy's address",
        ),
    ]);
    let far = complaint("[fetch]\nzebra = 1\n");
    assert!(!far.contains("did you mean"), "{far}");
}

/// The structs refuse unknown keys and name the known ones; what they name is what the list has.
#[test]
fn the_list_of_keys_is_complete() {
    let mut known = Vec::new();
    for (table, name) in [
        ("[fetch]", "fetch"),
        ("[gather]", "gather"),
        ("[[input]]", "input"),
        ("[schedule]", "schedule"),
        ("[capture]", "capture"),
        ("[browser]", "browser"),
        ("[store]", "store"),
        ("[judge]", "judge"),
        ("[backup]", "backup"),
        ("[serve]", "serve"),
        ("[token.\"a\"]", "token.NAME"),
        ("[host.\"a.org\"]", "host.NAME"),
        ("[source.\"https://a.org/\"]", "source.ADDRESS"),
        ("[limits]", "limits"),
    ] {
        let text = format!("{table}\nzebra_key = 1\n");
        let message = toml::from_str::<File>(&text)
            .unwrap_err()
            .message()
            .to_owned();
        known.extend(
            known_words(&message)
                .into_iter()
                .map(|word| format!("{name}.{word}")),
        );
    }
    assert_eq!(known, KEYS);
}

/// The words that an error names, without the one that is wrong.
fn known_words(message: &str) -> Vec<&str> {
    message.split('`').skip(3).step_by(2).collect()
}

#[test]
fn the_new_tables_are_read() {
    let file = parse(
        "[[input]]\naddress = \"posts\"\nas = \"markdown\"\nbase = \"https://blog.example/\"\n\
         include = [\"author\"]\nexclude_hosts = [\"a.org\"]\nrefresh_hours = 5\ninterval_days = 3\n\
         [[input]]\naddress = \"https://blog.example/feed\"\n\
         [schedule]\nyoung_days = 3\nvisits_per_day = 1000\ncanaries = [\"https://example.com\"]\n\
         heartbeat = \"https://hc.example/hidden\"\n[backup]\nfolder = \"backups\"\nkeep = 2\n\
         [host.\"A.org\"]\ninterval_days = 2\n\
         [source.\"https://b.org/?utm_source=x#part\"]\ninterval_days = 1\n",
    )
    .unwrap();
    let settings = Settings::resolve(Overrides::default(), Some(file)).unwrap();
    let [posts, feed] = &settings.inputs[..] else {
        panic!("{:?}", settings.inputs)
    };
    assert_eq!(posts.address.to_string(), "conf/posts");
    assert_eq!(posts.read_as.map(ReadAs::as_str), Some("markdown"));
    assert!(posts.gather.include.author && !feed.gather.include.author);
    assert_eq!(posts.gather.exclude.hosts, ["a.org"]);
    assert_eq!(
        (posts.refresh_hours, posts.interval_days),
        (Some(5), Some(3))
    );
    assert_eq!((feed.refresh_hours, feed.interval_days), (None, None));
    let schedule = &settings.schedule;
    assert_eq!(
        (
            schedule.first_interval_hours,
            schedule.longest_interval_days,
            schedule.young_days,
            schedule.young_interval_hours,
            schedule.visits_per_day
        ),
        (24, 30, 3, 24, Some(1000))
    );
    assert_eq!(schedule.canaries[0].as_str(), "https://example.com/");
    assert_eq!(schedule.by_host.get("a.org"), Some(&2));
    assert_eq!(schedule.by_source.get("https://b.org/"), Some(&1));
    let backup = &settings.backup;
    assert_eq!(
        (backup.folder.as_deref(), backup.keep),
        (Some(Path::new("conf/backups")), 2)
    );
    assert!(!format!("{settings:?}").contains("hidden"));
    let heartbeat = schedule.heartbeat.as_ref().unwrap();
    assert_eq!(heartbeat.url().as_str(), "https://hc.example/hidden");
}

#[test]
fn everything_wrong_is_told_in_one_go() {
    let text = "[fetch]\nconcurency = 1\nproxy = 5\nhost_concurrency = 0\n\
                allow_private = [\"x\", \"::1\", \"y\"]\n\
                [zebra]\na = 1\n[[input]]\naddress = \"a\"\nzebra = 1\n[schedule]\nyoung_days = 91\n";
    let (file, mut problems) = File::parse_all(text, Path::new("a.toml"));
    problems.extend(Resolved::new(Overrides::default(), Some(file)).problems);
    problems.sort_by_key(ConfigError::line);
    let lines: Vec<_> = problems.iter().map(ConfigError::line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 5, 6, 10, 12], "{problems:#?}");
}

#[test]
fn flags_and_variables_are_named() {
    let flags = Overrides {
        concurrency: Some(0),
        ..Overrides::default()
    };
    let file = parse("[fetch]\nconcurrency = 8\nproxy_file = \"none\"\n").unwrap();
    let flags = Overrides {
        proxy_variable: "http://me:hidden@proxy.example".parse().ok(),
        ..flags
    };
    let resolved = Resolved::new(flags, Some(file));
    let [problem] = &resolved.problems[..] else {
        panic!("{:?}", resolved.problems)
    };
    assert_eq!(problem.to_string(), "--concurrency 0: expected 1 to 1024");
    assert_eq!(
        resolved.origins.of("fetch.proxy").to_string(),
        "environment SOURCEKEEP_PROXY"
    );
    assert!(!format!("{resolved:?}").contains("hidden"));
}

#[test]
fn secrets_are_read_from_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hc"), "https://hc.example/hidden\n").unwrap();
    std::fs::write(folder.path().join("px"), "http://me:hidden@proxy.example\n").unwrap();
    let vantage = "socks5h://me:hidden@vantage.example:1080";
    std::fs::write(folder.path().join("sv"), vantage).unwrap();
    let text = "[schedule]\nheartbeat_file = \"hc\"\n\
                [fetch]\nproxy_file = \"px\"\nsecond_vantage_file = \"sv\"\n";
    let read = |flags| {
        let file = File::parse(text, &folder.path().join("sourcekeep.toml")).unwrap();
        Resolved::new(flags, Some(file))
    };
    let resolved = read(Overrides::default());
    assert!(!format!("{resolved:?}").contains("hidden"));
    let settings = resolved.into_settings().unwrap();
    let heartbeat = |settings: &Settings| settings.schedule.heartbeat.clone().unwrap();
    assert_eq!(heartbeat(&settings).url().path(), "/hidden");
    assert_eq!(settings.fetch.proxy.unwrap().0.password(), Some("hidden"));
    let second = settings.fetch.second_vantage.unwrap();
    assert_eq!(second.0.as_str(), vantage);

    // What takes its place leaves the file unread.
    std::fs::write(folder.path().join("hc"), "").unwrap();
    let flags = Overrides {
        heartbeat_variable: "https://other.example/hidden".parse().ok(),
        ..Overrides::default()
    };
    let settings = read(flags).into_settings().unwrap();
    assert_eq!(heartbeat(&settings).url().host_str(), Some("other.example"));
    let problem = read(Overrides::default()).into_settings().unwrap_err();
    assert!(problem.to_string().ends_with("it is empty"), "{problem}");
}

#[test]
fn complaints_about_inputs_and_the_schedule() {
    complain(&[
        ("[[input]]\nadress = \"a\"\n", "did you mean `address`?"),
        ("[[inputs]]\naddress = \"a\"\n", "did you mean `input`?"),
        (
            "[[input]]\naddress = \"a\"\n[[input]]\naddress = \"b\"\nexclude_host = []\n",
            ":5: unknown field `exclude_host`",
        ),
        (
            "\n[[input]]\nas = \"html\"\n",
            ":2: input[0]: expected an address",
        ),
        ("[[input]]\naddress = \"-\"\n", ":2: standard input cannot"),
        (
            "[[input]]\naddress = \"a\"\nas = \"markdwn\"\n",
            ":3: unknown kind `markdwn`, expected one of",
        ),
        (
            "[[input]]\naddress = \"a\"\nas = \"markdwn\"\n",
            "did you mean `markdown`?",
        ),
        (
            "[[input]]\naddress = \"https://a.org/\"\nas = \"pages\"\n",
            ":3: input[0].as = \"pages\": expected a file",
        ),
        (
            "[[input]]\naddress = \"a\"\nrefresh_hours = 8761\n",
            ":3: input[0].refresh_hours = 8761: expected at most a year",
        ),
        (
            "[[input]]\naddress = \"a\"\nexclude_patterns = [\"(\"]\n",
            ":3: input[0].exclude_patterns: excluded pattern",
        ),
        (
            "[[input]]\naddress = \"posts\"\n[[input]]\naddress = \"./posts/\"\n",
            ":4: input[1].address = \"conf/posts\": this input is there already, in line 2",
        ),
        ("input = 1\n", ":1: "),
        (
            "[schedule]\nfirst_interval_hours = 0\n",
            ":2: schedule.first_interval_hours = 0: expected 1 to 720",
        ),
        (
            "[schedule]\nfirst_interval_hours = 48\nlongest_interval_days = 1\n",
            ":2: schedule.first_interval_hours = 48: expected at most 24",
        ),
        (
            "[schedule]\nvisits_per_day = 0\n",
            ":2: schedule.visits_per_day = 0",
        ),
        (
            "[schedule]\ncanaries = [\n\"https://a.org/\",\n\"a\"]\n",
            ":4: not an address",
        ),
    ]);
}

#[test]
fn complaints_about_secrets_backups_hosts_and_sources() {
    complain(&[
        ("[schedule]\nheartbeat = \"secret\"\n", ":2: not an address"),
        ("[schedule]\nheartbeat = secret\n", ":2: "),
        (
            "[schedule]\nheartbeat = \"https://a/secret\"\nheartbeat_file = \"b\"\n",
            ":3: schedule.heartbeat_file: schedule.heartbeat is set too",
        ),
        (
            "[schedule]\nheartbeat_file = \"none\"\n",
            ":2: schedule.heartbeat_file: conf/none: ",
        ),
        (
            "[fetch]\nproxy = \"http://secret@a\"\nproxy_file = \"b\"\n",
            ":3: fetch.proxy_file: fetch.proxy is set too",
        ),
        (
            "[fetch]\nsecond_vantage = \"socks5://secret@a\"\nsecond_vantage_file = \"b\"\n",
            ":3: fetch.second_vantage_file: fetch.second_vantage is set too",
        ),
        (
            "[fetch]\nsecond_vantage_file = \"none\"\n",
            ":2: fetch.second_vantage_file: conf/none: ",
        ),
        (
            "[fetch]\nsecond_vantage = \"ftp://u:secret@a\"\n",
            ":2: not a proxy's address: expected http, https, socks5 or socks5h",
        ),
        (
            "[judge]\n\nrules = \"none.toml\"\n",
            ":3: judge.rules: conf/none.toml: ",
        ),
        (
            "[backup]\nkeep = 0\n",
            ":2: backup.keep = 0: expected 1 to 1000",
        ),
        (
            "[host.\"a.org\"]\ninterval_days = 366\n",
            ":2: host.\"a.org\".interval_days = 366: expected 1 to 365",
        ),
        (
            "[host.\"a.org\"]\ndelay_ms = 1\n[host.\"A.org\"]\ndelay_ms = 2\n",
            ":3: host.\"a.org\" is there already, in line 1",
        ),
        (
            "[source.\"https://A.org/?utm_source=a\"]\ninterval_days = 0\n",
            ":2: source.\"https://a.org/\".interval_days = 0: expected 1 to 365",
        ),
        (
            "[source.\"a.org\"]\ninterval_days = 1\n",
            ":1: not an address",
        ),
        (
            "[source.\"https://a.org\"]\ninterval_day = 1\n",
            "did you mean `interval_days`?",
        ),
    ]);
}
