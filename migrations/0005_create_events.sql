-- +goose Up
CREATE TABLE event (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind             text        NOT NULL,
    date             date        NOT NULL,
    document_number  text        NOT NULL,
    document_issuer  text        NOT NULL,
    document_title   text        NOT NULL,
    document_date    date,
    note             text        NOT NULL,
    synthetic        boolean     NOT NULL,
    payload          jsonb       NOT NULL,
    actor            text        NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    import_id        bigint      NOT NULL,
    own              boolean     NOT NULL,
    withdrawn_at     timestamptz,
    withdrawn_by     text,
    withdrawn_reason text,
    withdrawn_import bigint,
    CONSTRAINT event_kind_check CHECK (kind IN ('establish', 'abolish', 'merge', 'split', 'transfer', 'rename', 'recode',
        'upgrade', 'reseat', 'adjust')),
    CONSTRAINT event_withdrawn_check CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)
        AND (withdrawn_at IS NULL) = (withdrawn_reason IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_import IS NULL))
);
CREATE INDEX event_date ON event (date);
CREATE INDEX event_import ON event (import_id);

COMMENT ON TABLE event IS 'What law made of the divisions on a date: a merger, a split, a new name. A row is never removed; an event that was recorded in error is marked as withdrawn';
COMMENT ON COLUMN event.kind IS 'establish 设立, abolish 撤销, merge 合并, split 拆分, transfer 划转, rename 更名, recode 变更代码, upgrade 改设, reseat 驻地迁移, adjust 界线变更';
COMMENT ON COLUMN event.date IS 'The first day on which what the event made is in force';
COMMENT ON COLUMN event.document_number IS 'Number of the approval (批准文号), such as 浙政函〔2018〕1号; empty: none is known, and note says why';
COMMENT ON COLUMN event.document_issuer IS 'Who approved (行政区划管理条例), such as 浙江省人民政府; may be empty';
COMMENT ON COLUMN event.document_title IS 'Title of the document; may be empty';
COMMENT ON COLUMN event.document_date IS 'Date of the document; NULL: not known';
COMMENT ON COLUMN event.note IS 'What else is to be known, such as which part is assumed; may be empty';
COMMENT ON COLUMN event.synthetic IS 'Made-up demonstration data; gives way to real data together with its units';
COMMENT ON COLUMN event.payload IS 'The request as it was decided on; {} where the event came with its units from a data set';
COMMENT ON COLUMN event.recorded_at IS 'When it was recorded';
COMMENT ON COLUMN event.import_id IS 'The row of import under which it wrote its versions, or with which it came';
COMMENT ON COLUMN event.own IS 'Whether that row of import is the event itself, so that it can be withdrawn by itself; false: it came with a data set and goes with it';
COMMENT ON COLUMN event.withdrawn_at IS 'When it was withdrawn; NULL, as the three that follow: it is in effect';
COMMENT ON COLUMN event.withdrawn_by IS 'Who withdrew it: an account, or cli:USER';
COMMENT ON COLUMN event.withdrawn_reason IS 'Why it was withdrawn';
COMMENT ON COLUMN event.withdrawn_import IS 'The row of import that withdrew it';

CREATE TABLE lineage (
    event_id         bigint NOT NULL REFERENCES event,
    before_id        bigint,
    after_id         bigint,
    area_share       double precision NOT NULL,
    area_m2          double precision NOT NULL,
    population_share double precision,
    CONSTRAINT lineage_end_check CHECK (before_id IS NOT NULL OR after_id IS NOT NULL),
    CONSTRAINT lineage_area_check CHECK (area_share BETWEEN 0 AND 1 AND area_m2 >= 0),
    CONSTRAINT lineage_population_check CHECK (population_share BETWEEN 0 AND 1)
);
-- No foreign keys to division: what a withdrawn event made is no longer there.
CREATE UNIQUE INDEX lineage_edge ON lineage (event_id, before_id, after_id);

COMMENT ON TABLE lineage IS 'What became of which version: one row for each pair of versions of which an event turned one, or a part of it, into the other';
COMMENT ON COLUMN lineage.event_id IS 'The event';
COMMENT ON COLUMN lineage.before_id IS 'The version in force until the event, an id of division; NULL: nothing on record was there';
COMMENT ON COLUMN lineage.after_id IS 'The version in force from the event on, an id of division; NULL: nothing on record followed';
COMMENT ON COLUMN lineage.area_share IS 'Share of the area of the version before that went to the version after, 0 to 1';
COMMENT ON COLUMN lineage.area_m2 IS 'That area in square metres on the CGCS2000 ellipsoid; not authoritative';
COMMENT ON COLUMN lineage.population_share IS 'Share of the people of the version before that went to the version after, 0 to 1; NULL: not known';

ALTER TABLE import ADD COLUMN event_id bigint REFERENCES event;
CREATE INDEX import_last_seq ON import (last_seq);

COMMENT ON TABLE import IS 'One file, or several at once, that was taken over; an event that was recorded; or the taking back of either';
COMMENT ON COLUMN import.file IS 'Name of the file or files, without directory; empty for an event and for a taking back';
COMMENT ON COLUMN import.event_id IS 'The event that this row records, or takes back; NULL for files';
COMMENT ON COLUMN division.import_id IS 'The row of import, of a file or an event, that wrote the row in this form; NULL: a single edit';
COMMENT ON COLUMN division_past.ended_by IS 'The row of import, of a file or an event, that ended it; NULL: a single edit';
