//! The misbehaving web: what the built program makes of servers that do not play by the rules.
//!
//! Each behaviour is declared once, by `behaviours!`: what the server does, the verdict and the rule that must come of
//! it, and what ends the visit. The declaration is a test, and a row of the table in `docs/VERDICTS.md`. Whatever a
//! server does, some things hold (see [`stage::Stage::visit`]): the visit ends in its time, memory does not grow, only
//! GET was sent, nothing that would steer a terminal is printed, and what cannot be told is no strike.
//!
//! - `slow`: drips, hangs, and never comes to an end
//! - `connections`: closed, reset, refused
//! - `lengths`: cut short, and lied about
//! - `sizes`: too much, packed and unpacked
//! - `redirects`: circles, chains, walls, and where they may not lead
//! - `statuses`: answers that say no
//! - `heads`: what stands in the head of an answer, and should not
//! - `http2`: frames that nobody expects
//! - `tls`: certificates and handshakes
//! - `tastes`: servers that look at who asks
//! - `table`: the page in the documentation

#![expect(
    clippy::unwrap_used,
    reason = "tests: a panic is the report, also in their helpers"
)]

/// Declares behaviours: a row of the table and a test for each. A test is what makes the server behave so and visits
/// it; the visit holds what comes of it to the declaration.
macro_rules! behaviours {
    ($title:literal; $(
        $name:ident: $does:literal => $verdict:ident, $rule:ident, $ends:literal, |$stage:ident| $test:expr;
    )+) => {
        /// The rows of these behaviours in the table.
        pub(crate) const TOPIC: $crate::stage::Topic = $crate::stage::Topic {
            module: module_path!(),
            title: $title,
            rows: &[$($crate::stage::Row {
                name: stringify!($name),
                does: $does,
                verdict: sourcekeep::judge::Code::$verdict,
                rule: sourcekeep::judge::Rule::$rule,
                ends: $ends,
            }),+],
        };

        $(#[test]
        fn $name() {
            let row = TOPIC.rows.iter().find(|row| row.name == stringify!($name));
            let $stage = $crate::stage::Stage::new(row.unwrap());
            let _: $crate::stage::Seen = $test;
        })+
    };
}

#[path = "misbehaving/connections.rs"]
mod connections;
#[path = "misbehaving/heads.rs"]
mod heads;
#[path = "misbehaving/http2.rs"]
mod http2;
#[path = "misbehaving/lengths.rs"]
mod lengths;
#[path = "misbehaving/redirects.rs"]
mod redirects;
#[path = "misbehaving/sizes.rs"]
mod sizes;
#[path = "misbehaving/slow.rs"]
mod slow;
#[path = "misbehaving/stage.rs"]
mod stage;
#[path = "misbehaving/statuses.rs"]
mod statuses;
#[path = "misbehaving/table.rs"]
mod table;
#[path = "misbehaving/tastes.rs"]
mod tastes;
#[path = "misbehaving/tls.rs"]
mod tls;
mod web;
