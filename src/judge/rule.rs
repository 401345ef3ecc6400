//! The rules that a judge can name in its evidence: stable names, documented one by one in `docs/VERDICTS.md`.
//!
//! A rule's name is what programs filter by; the words beside it in a [`super::Sign`] are for people and may change.

/// One table for the enum, its names and descriptions, so that none can be forgotten.
macro_rules! rules {
    ($($variant:ident, $name:literal, $description:literal;)*) => {
        /// One thing that a judge looks at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $description] $variant,)*
        }

        impl Rule {
            /// Every rule, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name, in kebab-case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What the rule says, in one line.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }
        }
    };
}

rules! {
    Status, "status", "The status of the last answer.";
    NotModified, "not-modified", "304: the body we hold is still the one.";
    SameAsBefore, "same-as-before", "The visit saw what an earlier one saw, to the byte: its verdict stands.";
    NoContent, "no-content", "204 or 205: the server says that there is nothing to show.";
    EmptyBody, "empty-body", "A fine status with a body of no bytes.";
    ChallengeHeader, "challenge-header", "A header says that a bot wall answered in the server's stead.";
    CaptivePortal, "captive-portal", "511: a network between us and the server asks for a login.";
    RedirectWithoutLocation, "redirect-without-location", "A redirect that names no address to go to.";
    RedirectNotFollowed, "redirect-not-followed", "A redirect that was not followed.";
    UnexpectedStatus, "unexpected-status", "A status that means nothing to a visit (RFC 9110).";
    NoSuchHost, "no-such-host", "The name servers say that the host does not exist.";
    NoAddress, "no-address", "The host exists, but has no address.";
    RedirectToNoSuchHost, "redirect-to-no-such-host", "The source's own host answers, and redirects to a host that does not exist.";
    DnsTrouble, "dns-trouble", "The name servers did not answer, or with an error of theirs.";
    ConnectionFailed, "connection-failed", "Refused, reset or unreachable.";
    TimedOut, "timed-out", "Too slow in connecting, answering or sending.";
    CertificateExpired, "certificate-expired", "The certificate is no longer, or not yet, valid.";
    CertificateName, "certificate-name", "The certificate is for another name.";
    CertificateIssuer, "certificate-issuer", "The certificate's issuer is not trusted, or the chain is incomplete.";
    HandshakeFailed, "handshake-failed", "The TLS handshake failed for another reason.";
    BrokenHttp, "broken-http", "The answer is not proper HTTP.";
    RedirectCircle, "redirect-circle", "More redirects than are followed, or a circle.";
    BadRedirect, "bad-redirect", "A redirect to an address that cannot be taken.";
    TooManyBytes, "too-many-bytes", "More bytes than are taken.";
    NotPublic, "not-public", "The address is not public, and was not asked.";
    ProxyFailed, "proxy-failed", "The proxy failed; the source was not asked.";
    NoAnswer, "no-answer", "Nothing is known of an answer.";
    BodyCutShort, "body-cut-short", "The body broke off before its end.";
    FailedAfterRedirect, "failed-after-redirect", "It was not the source itself that failed, but where it redirects to.";
    RobotsDisallowed, "robots-disallowed", "robots.txt does not allow the visit.";
    RobotsUnreachable, "robots-unreachable", "robots.txt could not be had, and counts as a refusal for now.";
    RedirectedPermanently, "redirected-permanently", "A permanent redirect (301, 308), and where it leads.";
    RedirectedTemporarily, "redirected-temporarily", "A temporary redirect (302, 303, 307), and where it leads.";
    RedirectToNotFoundPage, "redirect-to-not-found-page", "The redirects end at an address that calls itself \"not found\".";
    RedirectToFrontPage, "redirect-to-front-page", "A deep address ends at a front page.";
    RedirectToRegionalFrontPage, "redirect-to-regional-front-page", "A deep address ends at the front page for another region or language.";
    RedirectThroughConsent, "redirect-through-consent", "A front page was reached by way of a cookie or consent step, which may have lost the way.";
    RedirectToConsent, "redirect-to-consent", "The redirects end at a consent page.";
    RedirectToLogin, "redirect-to-login", "The redirects end at a login page.";
    SameTitle, "same-title", "The page has the title that the baseline has.";
    CanonicalNamesSource, "canonical-names-source", "The page names the source as its canonical address.";
    EmptyPage, "empty-page", "An HTML page without visible text, images or anything else to see.";
    ParkedMark, "parked-mark", "The page bears what a parking service, a seller of domains or a registrar leaves in such pages.";
    ParkedWords, "parked-words", "The page says that its domain is for sale, parked, reserved or expired.";
    NamesOwnDomain, "names-own-domain", "A page with signs of parking has its own domain, or one that its address does not name, for a title or heading.";
    HardlyAnyText, "hardly-any-text", "A page with signs of parking has hardly any text beside its links.";
    ParkingNames, "parking-names", "The domain's name servers, or the host's alias, serve parked domains only.";
    RedirectToMarket, "redirect-to-market", "The visit ended, or is sent on by the page, where domains are sold.";
    SentToLander, "sent-to-lander", "A script on a page without text sends the reader to the page of a parking service.";
    AnotherDomain, "another-domain", "The redirects led to another registrable domain.";
    NothingShared, "nothing-shared", "Title and text share nothing with what the page said before.";
    SpamWords, "spam-words", "The title speaks of gambling, drugs or the like, and did not before.";
    NoSuchSite, "no-such-site", "A hosting service says that it has no site for the host.";
    StillTheSame, "still-the-same", "The page still has the text or the title of the baseline.";
    OfTheTrade, "of-the-trade", "The source is itself on the site of a seller of domains.";
    SendsReaderOn, "sends-reader-on", "The page itself sends the reader to another address.";
    BotChallenge, "bot-challenge", "A mark of a bot wall that tries the visitor, and whose it is.";
    Captcha, "captcha", "A mark of a captcha, and whose it is.";
    AccessRefused, "access-refused", "The page says that it refuses us, or bears the mark of a firewall that does.";
    RobotCheck, "robot-check", "The page says that it wants to know whether we are a robot.";
    RefusedByRegion, "refused-by-region", "The page says that it is not for our country.";
    AsksForLogin, "asks-for-login", "The page asks for a login.";
    AsksForConsent, "asks-for-consent", "The page asks for consent, mostly to cookies, before it shows anything.";
    AsksForPayment, "asks-for-payment", "The page asks for a subscription or a payment.";
    DeclaredNotFree, "declared-not-free", "The page declares that it is not free of charge (`isAccessibleForFree`).";
    TextBreaksOff, "text-breaks-off", "Only the beginning of a text is there.";
    LittleText, "little-text", "The page has hardly any text, as a wall has.";
    TextOfItsOwn, "text-of-its-own", "The page has a text of its own, or the baseline's: it speaks against a wall.";
    BaselineTextGone, "baseline-text-gone", "The text that the baseline has is gone.";
    PageInSpiteOfStatus, "page-in-spite-of-status", "The status refuses, but the page came with it.";
    KeptDespiteStatus, "kept-despite-status", "The server says that the page is gone, and sends it all the same: the text that the earlier capture has is in it.";
    NotFoundTitle, "not-found-title", "The title says \"not found\".";
    NotFoundHeading, "not-found-heading", "A heading says \"not found\".";
    NotFoundText, "not-found-text", "The text says \"not found\".";
    NotFoundData, "not-found-data", "Data (JSON, XML) that says \"not found\".";
    NotFoundManner, "not-found-manner", "The page says what \"not found\" pages also say.";
    PlaceholderPage, "placeholder-page", "The title is that of a page that servers show where there is no site.";
    FewWords, "few-words", "The page has few words.";
    OwnText, "own-text", "The page has a text of its own, as articles have.";
    AddressSaysSo, "address-says-so", "The source's own address has the words: they are what its page is about.";
    SignedText, "signed-text", "The page names who wrote it, or when.";
    BaselineKept, "baseline-kept", "What the earlier capture says is in the page.";
    BaselineGone, "baseline-gone", "Nothing that the earlier capture says is in the page.";
    TitleGone, "title-gone", "The page has another title than the earlier capture.";
    SiblingAlike, "sibling-alike", "A made-up address beside the source is answered with the same page.";
    SiblingDiffers, "sibling-differs", "A made-up address beside the source is answered with another page.";
    SiblingMissing, "sibling-missing", "A made-up address beside the source is answered with 404 or 410.";
    RedirectSink, "redirect-sink", "The redirects of other sources end at the same address.";
    RedirectToSection, "redirect-to-section", "The redirects end at a folder that the source was in.";
    EmptyShell, "empty-shell", "A page with hardly any text, that waits for a script to fill it.";
    Rendered, "rendered", "What was sent is an empty shell; the page is judged by what a browser made of it.";
    LoadingPage, "loading-page", "A page that only says that it is loading.";
    RedirectStub, "redirect-stub", "A page that only sends the reader on.";
    MovedNotice, "moved-notice", "A page that only says that its content is elsewhere, or only links to it.";
    SoftServerError, "soft-server-error", "A page that only says that the server failed, or is being worked on.";
    ErrorPage, "error-page", "A mark of an error page that a server or a proxy comes with.";
    ConsentLeftover, "consent-leftover", "A page of which only the question for consent came.";
    HeadingOnly, "heading-only", "Hardly more than a heading, where the earlier capture has a text.";
    Drifted, "drifted", "The text differs in substance from the capture that stands for what was cited, or from our first one.";
    DriftedPassage, "drifted-passage", "A passage that is gone, new or altered since then.";
    ContentReplaced, "content-replaced", "A page that has nothing in common with the earlier capture, at the same address, and is small or has only the site's name for a title.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut names: Vec<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Rule::ALL.len());
        for name in names {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
        }
    }
}
