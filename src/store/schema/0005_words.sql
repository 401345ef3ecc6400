-- What stands around a citation, and what a post says of itself.

alter table citation add column headings text not null default '[]';
alter table citation add column position integer not null default 0;
alter table citation add column line_column integer not null default 1;
alter table citation add column quote_confidence integer;
alter table citation add column quote_tie text;
alter table citation add column written text;
alter table citation add column preserves text;
alter table citation add column comment_author text;
alter table citation add column comment_at integer;
alter table citation add column note text;
alter table citation add column accessed_at integer;
alter table citation add column marked_dead integer not null default 0 check (marked_dead in (0, 1));
-- Recorded only: what it leads to is not visited because of it.
alter table citation add column recorded_only integer not null default 0 check (recorded_only in (0, 1));
-- Since when it is there without a break; it may have been there before.
alter table citation add column there_since integer not null default 0;
update citation set there_since = first_seen_at;

alter table post add column canonical text;
alter table post add column is_excerpt integer not null default 0 check (is_excerpt in (0, 1));
-- When its citations last became other ones: those there since then are new, those that went then are gone.
alter table post add column citations_changed_at integer;

-- Every document is read again once, so that what was gathered before gains the words too.
update document set complete = 0;

drop view citations;
create view citations as
select c.id, p.address as post, p.title as post_title, s.address as source, c.url, c.kind, c.place, c.text, c.context,
       c.headings, c.quote, c.quote_confidence, c.quote_tie, c.rel, c.position, c.line, c.line_column, c.written,
       c.preserves, c.comment_author, strftime('%Y-%m-%dT%H:%M:%SZ', c.comment_at / 1000, 'unixepoch') as comment_at,
       c.note, strftime('%Y-%m-%dT%H:%M:%SZ', c.accessed_at / 1000, 'unixepoch') as accessed_at, c.marked_dead,
       c.recorded_only, s.standing, s.verdict,
       strftime('%Y-%m-%dT%H:%M:%SZ', c.first_seen_at / 1000, 'unixepoch') as first_seen_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', c.gone_at / 1000, 'unixepoch') as gone_at
from citation c
join post p on p.id = c.post_id
join source s on s.id = c.source_id;
