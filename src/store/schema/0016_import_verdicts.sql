-- What an imported copy shows, as the judge says: no visit left it, so nobody looked. There is a row once it was asked.
create table import_verdict (
    capture_id integer primary key references capture (id),
    code text not null,
    judge_version integer not null
) strict;
