//! What a template call says of the addresses in it.

use std::ops::Range;

use super::address;
use super::names::{Role, Use, folded, role, says_dead, use_of};
use super::plain::plain;
use super::structure::{Structure, Template};
use crate::gather::days::day;
use crate::gather::sentence::cut;

/// The longest name of a parameter.
const MAX_NAME_BYTES: usize = 80;

/// A parameter, without the white space around it.
#[derive(Debug)]
pub(super) struct Parameter {
    /// Folded; empty where it has none.
    name: String,
    role: Role,
    /// As written, up to where the value ends.
    whole: Range<usize>,
    pub(super) value: Range<usize>,
}

impl Parameter {
    pub(super) fn of(text: &str, range: Range<usize>) -> Self {
        let head = cut(&text[range.clone()], MAX_NAME_BYTES);
        let end = head.find(['=', '{', '[', '<']);
        let end = end.filter(|end| head[*end..].starts_with('=') && !head[..*end].contains("://"));
        let (name, start) = match end {
            Some(end) => (folded(&head[..end]), range.start + end + 1),
            None => (String::new(), range.start),
        };
        let raw = &text[start..range.end];
        let start = start + (raw.len() - raw.trim_start().len());
        let value = start..(start + raw.trim().len()).max(start);
        Self {
            role: role(&name),
            name,
            whole: range,
            value,
        }
    }
}

/// An address that fills a parameter.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) href: String,
    pub(super) span: Range<usize>,
    pub(super) role: Role,
}

/// A template call.
#[derive(Debug)]
pub(super) struct Call<'t> {
    text: &'t str,
    pub(super) purpose: Use,
    parameters: Vec<Parameter>,
    pub(super) addresses: Vec<Found>,
    /// Where an address begins that only an expansion would complete.
    pub(super) unknown: Vec<Range<usize>>,
}

impl<'t> Call<'t> {
    pub(super) fn of(text: &'t str, structure: &Structure, template: &Template) -> Self {
        let name = folded(template.name(text));
        let purpose = use_of(&name);
        let parameters: Vec<Parameter> = template
            .parameters()
            .map(|range| Parameter::of(text, range))
            .collect();
        let mut call = Self {
            text,
            purpose,
            parameters: Vec::new(),
            addresses: Vec::new(),
            unknown: Vec::new(),
        };
        for (index, parameter) in parameters.iter().enumerate() {
            let is_first = index == 0 && (parameter.name.is_empty() || parameter.name == "1");
            call.address(structure, parameter, is_first && purpose == Use::Site);
        }
        call.parameters = parameters;
        call
    }

    /// The address that fills a parameter, if one does.
    fn address(&mut self, structure: &Structure, parameter: &Parameter, is_site: bool) {
        let mut value = parameter.value.clone();
        // Comments around it are none of it.
        for zone in structure.zones_in(&value) {
            if zone.whole.start == value.start {
                let rest = &self.text[zone.whole.end.min(value.end)..value.end];
                value.start = value.end - rest.trim_start().len();
            }
        }
        let written = &self.text[value.clone()];
        let is_address = address::scheme(written).is_some()
            || (parameter.role == Role::Address && address::begins(written));
        if !is_address {
            if is_site && is_host(written) {
                self.addresses.push(Found {
                    href: format!("http://{written}"),
                    span: value,
                    role: Role::Address,
                });
            }
            return;
        }
        let length = address::length(written);
        let span = value.start..value.start + length;
        let rest = &self.text[span.end..value.end];
        if is_completed(rest) {
            self.unknown.push(span);
            return;
        }
        let behind = structure.zones_in(&(span.end..value.end));
        let is_whole = rest.is_empty()
            || behind.first().is_some_and(|zone| {
                self.text[span.end..zone.whole.start.max(span.end)]
                    .trim()
                    .is_empty()
            });
        let role = match parameter.role {
            _ if is_site => Role::Address,
            role @ (Role::Address | Role::Archive) => role,
            _ if is_whole => Role::Other,
            _ => return,
        };
        self.addresses.push(Found {
            href: address::unescaped(&written[..length]).into_owned(),
            span,
            role,
        });
    }

    fn values(&self, role: Role) -> impl Iterator<Item = String> {
        self.parameters
            .iter()
            .filter(move |parameter| parameter.role == role)
            .map(|parameter| plain(&self.text[parameter.value.clone()]))
            .filter(|value| !value.is_empty())
    }

    /// What is cited is called.
    pub(super) fn title(&self) -> String {
        self.values(Role::Title).next().unwrap_or_default()
    }

    pub(super) fn quote(&self) -> String {
        self.values(Role::Quote).next().unwrap_or_default()
    }

    pub(super) fn accessed_at(&self) -> Option<i64> {
        self.values(Role::Accessed)
            .find_map(|written| day(&written))
    }

    /// Where it appeared, and when.
    pub(super) fn work(&self) -> String {
        let parts = self
            .values(Role::Work)
            .take(1)
            .chain(self.values(Role::Date).take(1));
        parts.fold(String::new(), |words, part| format!("{words}. {part}"))
    }

    /// The parameter that says that the address is dead, as written.
    pub(super) fn dead(&self) -> Option<String> {
        let status = self
            .parameters
            .iter()
            .filter(|parameter| parameter.role == Role::Status)
            .find(|parameter| says_dead(&plain(&self.text[parameter.value.clone()])))?;
        let written = self.text[status.whole.clone()].split_whitespace();
        Some(cut(&written.collect::<String>(), 200).to_owned())
    }

    /// The instant of a copy in the Wayback Machine, in its own digits.
    pub(super) fn wayback(&self) -> Option<&'t str> {
        let named = self.parameters.iter().find(|one| one.name == "wayback")?;
        let digits = &self.text[named.value.clone()];
        let is_instant =
            (4..=14).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_instant.then_some(digits)
    }

    /// What the template shows in running text.
    pub(super) fn shown(&self) -> String {
        let positional = || self.parameters.iter().filter(|one| one.name.is_empty());
        let shown = match self.purpose {
            Use::Shown => positional().next(),
            Use::ShownLast => positional().next_back(),
            _ => None,
        };
        shown.map_or_else(String::new, |one| plain(&self.text[one.value.clone()]))
    }
}

/// Whether what follows an address belongs to it, but only an expansion would say what it is.
pub(super) fn is_completed(rest: &str) -> bool {
    let Some(name) = rest.strip_prefix("{{") else {
        return false;
    };
    let name = cut(name, 60);
    let end = name.find(['|', '}']).unwrap_or(name.len());
    let name = &name[..end];
    // A parameter, a parser function or a magic word; other templates are marks behind an address.
    name.starts_with('{')
        || name.contains(':')
        || (name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// Whether this is an address without its scheme.
fn is_host(written: &str) -> bool {
    let host = written.split('/').next().unwrap_or(written);
    host.contains('.')
        && !host.starts_with('.')
        && written.len() < 2000
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | ':'))
        && !written.contains(|c: char| c.is_whitespace() || matches!(c, '{' | '[' | '<' | '|'))
}
