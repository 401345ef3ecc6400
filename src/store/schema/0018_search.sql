-- Finding copies by their words. What is in the index is made into words before (src/search): each needs no more than to be
-- told from the next by the space between them. Rows: 2 * the id of a capture, and 1 + 2 * the id of a source.

create virtual table search_index using fts5(
    text, gone, title, address, cited, content = '', contentless_delete = 1, tokenize = 'ascii');
-- One page of the index fills one of the file.
insert into search_index (search_index, rank) values ('pgsz', 4050);
-- A run commits often, and each commit leaves a part of its own: merging every four of them would write each word several times.
insert into search_index (search_index, rank) values ('automerge', 12);

-- Sources of which something in the index is not as it should be: how many captures came, two more where one went; and
-- whether what is said of it is other.
create table search_due (
    source_id integer primary key references source (id),
    copies integer not null,
    cited integer not null check (cited in (0, 1))
) strict;
insert into search_due (source_id, copies, cited) select id, 2, 1 from source;

create trigger search_source_came after insert on source begin
    insert into search_due (source_id, copies, cited) values (new.id, 0, 1)
    on conflict (source_id) do update set cited = 1;
end;
create trigger search_capture_came after insert on capture begin
    insert into search_due (source_id, copies, cited) values (new.source_id, 1, 0)
    on conflict (source_id) do update set copies = copies + 1;
end;
create trigger search_capture_went after update of body_id on capture when new.body_id is null begin
    delete from search_index where rowid = 2 * new.id;
    insert into search_due (source_id, copies, cited) values (new.source_id, 2, 0)
    on conflict (source_id) do update set copies = copies + 2;
end;
create trigger search_citation_came after insert on citation begin
    insert into search_due (source_id, copies, cited) values (new.source_id, 0, 1)
    on conflict (source_id) do update set cited = 1;
end;
create trigger search_citation_changed after update of source_id, text, context, note, gone_at on citation
when (new.source_id, new.text, new.context, new.note, new.gone_at is null)
    is not (old.source_id, old.text, old.context, old.note, old.gone_at is null) begin
    insert into search_due (source_id, copies, cited) select id, 0, 1 from source where id in (old.source_id, new.source_id)
    on conflict (source_id) do update set cited = 1;
end;
create trigger search_mark_came after insert on mark begin
    insert into search_due (source_id, copies, cited) values (new.source_id, 0, 1)
    on conflict (source_id) do update set cited = 1;
end;
create trigger search_mark_changed after update of note on mark begin
    insert into search_due (source_id, copies, cited) values (new.source_id, 0, 1)
    on conflict (source_id) do update set cited = 1;
end;
create trigger search_mark_went after delete on mark begin
    insert into search_due (source_id, copies, cited) values (old.source_id, 0, 1)
    on conflict (source_id) do update set cited = 1;
end;
create trigger search_hold_came after insert on hold begin
    insert into search_due (source_id, copies, cited) values (new.source_id, 0, 1)
    on conflict (source_id) do update set cited = 1;
end;
create trigger search_hold_changed after update of note on hold begin
    insert into search_due (source_id, copies, cited) values (new.source_id, 0, 1)
    on conflict (source_id) do update set cited = 1;
end;
create trigger search_hold_went after delete on hold begin
    insert into search_due (source_id, copies, cited) values (old.source_id, 0, 1)
    on conflict (source_id) do update set cited = 1;
end;
create trigger search_copy_noted after insert on capture_by_hand begin
    insert into search_due (source_id, copies, cited) select source_id, 0, 1 from capture where id = new.capture_id
    on conflict (source_id) do update set cited = 1;
end;
