-- How much more a page needs than its manifest lists.
alter table manifest add column left_out integer not null default 0;
