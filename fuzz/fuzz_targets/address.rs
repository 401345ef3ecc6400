#![no_main]

use libfuzzer_sys::fuzz_target;
use sourcekeep::address::{MAX_ADDRESS_BYTES, canonical, parse, redacted, same_site, surt};
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let base = Url::parse("https://blog.example/posts/1?x=y").expect("an address");
    for base in [None, Some(&base)] {
        let Ok(url) = parse(&text, base) else {
            continue;
        };
        assert!(matches!(url.scheme(), "http" | "https"));
        assert!(url.as_str().len() <= MAX_ADDRESS_BYTES);
        assert!(url.username().is_empty() && url.password().is_none());
        assert_eq!(parse(url.as_str(), None).as_ref(), Ok(&url));
        assert!(same_site(&url, &url));
        redacted(&url);
        sourcekeep_fuzz::same_twice(&url);
        // A key is made of what an address says, so that the address that says just this has the same key.
        let key = surt(&url);
        let (_, rest) = key.split_once(')').expect("a key has a host");
        // (Where the host has what ends a host in a key, or an escape hides what parts an address, there is no way back.
        // A backslash stands plain in a key, as archives have it, but means a slash in an address: on the way back it has
        // to be escaped.)
        if let (Some(host), Ok(again)) = (url.host_str(), url.join("/"))
            && !host.contains(')')
            && !url.path().contains('%')
            && let Ok(again) = again.join(&rest.replace('\\', "%5C"))
            && again.host_str() == Some(host)
        {
            assert_eq!(surt(&again), key, "{url} and {again}");
        }
        surt(canonical(&url).url());
    }
});
