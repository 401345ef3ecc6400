-- What a browser made of pages: the document after scripts ran, and its picture. Sealed with the capture that it belongs to.
create table rendering (
    capture_id integer primary key references capture (id),
    at integer not null,
    browser text,
    outcome text not null check (outcome in ('whole', 'cut-short', 'failed')),
    why text,
    stands integer not null check (stands in (0, 1)),
    dom_id integer references blob (id),
    screenshot_id integer references blob (id),
    pdf_id integer references blob (id),
    width integer not null,
    height integer not null,
    manifest_id integer references manifest (id),
    refused text not null,
    check ((outcome = 'failed') = (dom_id is null) and (outcome = 'failed') = (why is not null))
) strict;
create index rendering_by_dom on rendering (dom_id) where dom_id is not null;
create index rendering_by_screenshot on rendering (screenshot_id) where screenshot_id is not null;
create index rendering_by_pdf on rendering (pdf_id) where pdf_id is not null;
create index rendering_by_manifest on rendering (manifest_id) where manifest_id is not null;
create trigger rendering_is_sealed before update on rendering
begin select raise(abort, 'captures are never changed'); end;

-- What the link of a pruned capture takes of its rendering.
alter table pruned_capture add column rendering_sha256 blob;
create trigger rendering_stays before delete on rendering
when not exists (select 1 from pruned_capture p where p.capture_id = old.capture_id and p.rendering_sha256 is not null)
begin select raise(abort, 'captures are never changed'); end;

-- The document that a browser made, where the page is judged by that.
alter table outcome add column rendered_sha256 blob;

create view renderings as
select r.capture_id, s.address as source, strftime('%Y-%m-%dT%H:%M:%SZ', r.at / 1000, 'unixepoch') as at, r.browser,
       r.outcome, r.why, r.stands, d.size as dom_size, d.sha256 as dom_sha256, p.size as screenshot_size,
       p.sha256 as screenshot_sha256, f.size as pdf_size, f.sha256 as pdf_sha256, r.width, r.height, m.needs as asked,
       m.has as answered, r.refused
from rendering r
join capture c on c.id = r.capture_id
join source s on s.id = c.source_id
left join blob d on d.id = r.dom_id
left join blob p on p.id = r.screenshot_id
left join blob f on f.id = r.pdf_id
left join manifest m on m.id = r.manifest_id;
