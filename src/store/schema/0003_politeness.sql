-- How often in a row a host refused (429, 503), so that it is left alone longer each time, whichever run asks it.

alter table host add column refusals integer not null default 0;
