-- Written by go test ./migrations -update from the steps NNNN_*.sql. Do not edit.

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;

CREATE FUNCTION public.division_check_versions() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    clash record;
BEGIN
    -- Who waits here sees, in the query below, what the others have committed; the other levels would not show it.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE feature_not_supported USING MESSAGE = 'divisions are written in transactions of the level READ COMMITTED only';
    END IF;
    -- The lock that the program takes: 0x7975747500000002.
    PERFORM pg_advisory_xact_lock(8752029496724422658);
    SELECT f.code, f.valid AS one, d.valid AS other INTO clash
    FROM fresh f JOIN division d ON d.code = f.code AND d.valid && f.valid AND d.id <> f.id LIMIT 1;
    IF FOUND THEN
        RAISE exclusion_violation USING
            MESSAGE = format('division_one_version_a_day: code %s would have two versions on the same day', clash.code),
            DETAIL = format('%s and %s', clash.one, clash.other),
            SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = 'division_one_version_a_day';
    END IF;
    RETURN NULL;
END $$;

COMMENT ON FUNCTION public.division_check_versions() IS 'Refuses statements after which two versions of one code share a day';

CREATE TABLE public.audit (
    id bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    subject_id bigint,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE public.audit IS 'Who did what, when: one row for each action. Rows are only ever appended';

COMMENT ON COLUMN public.audit.actor IS 'Who did it: an account, or cli:USER';

COMMENT ON COLUMN public.audit.action IS 'What was done, for example import, undo, put';

COMMENT ON COLUMN public.audit.subject IS 'The kind of thing it was done to: a table of this database';

COMMENT ON COLUMN public.audit.subject_id IS 'The id of the thing, where it is one row';

COMMENT ON COLUMN public.audit.detail IS 'What else is worth knowing, such as the figures of an import';

COMMENT ON COLUMN public.audit.at IS 'When it was done';

ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.change (
    seq bigint NOT NULL,
    subject text NOT NULL,
    subject_id bigint NOT NULL,
    actor text NOT NULL,
    before bytea,
    after bytea,
    at timestamp with time zone NOT NULL,
    CONSTRAINT change_says_something_check CHECK ((before IS DISTINCT FROM after)),
    CONSTRAINT change_seq_check CHECK ((seq > 0))
);

COMMENT ON TABLE public.change IS 'What changed, in the order in which it became visible: one row for each row of a subject that a transaction added, altered or removed. Rows are only ever appended';

COMMENT ON COLUMN public.change.seq IS 'Place in the log: 1, 2, 3 … without gaps, in the order of commits';

COMMENT ON COLUMN public.change.subject IS 'The table that changed, for example division';

COMMENT ON COLUMN public.change.subject_id IS 'The id of the row that changed';

COMMENT ON COLUMN public.change.actor IS 'Who changed it: an account, or cli:USER';

COMMENT ON COLUMN public.change.before IS 'SHA-256 digest of what the row said before; NULL: there was no row';

COMMENT ON COLUMN public.change.after IS 'SHA-256 digest of what the row says since; NULL: there is no row any more';

COMMENT ON COLUMN public.change.at IS 'When the transaction was about to be committed';

CREATE TABLE public.division (
    id bigint NOT NULL,
    code text NOT NULL COLLATE pg_catalog."C",
    level smallint NOT NULL,
    type text NOT NULL,
    name text NOT NULL,
    parent text COLLATE pg_catalog."C",
    valid daterange NOT NULL,
    secrecy text NOT NULL,
    source text NOT NULL,
    synthetic boolean NOT NULL,
    crs_original text NOT NULL,
    geom public.geometry(MultiPolygon,4490) NOT NULL,
    label public.geometry(Point,4490),
    hash bytea NOT NULL,
    import_id bigint,
    CONSTRAINT division_code_check CHECK ((code ~ '^[0-9]{12}$'::text)),
    CONSTRAINT division_geom_check CHECK ((NOT public.st_isempty(geom))),
    CONSTRAINT division_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT division_level_check CHECK (((level >= 1) AND (level <= 5))),
    CONSTRAINT division_name_check CHECK ((name <> ''::text)),
    CONSTRAINT division_parent_check CHECK ((parent ~ '^[0-9]{12}$'::text)),
    CONSTRAINT division_secrecy_check CHECK ((secrecy = ANY (ARRAY['secret'::text, 'internal'::text, 'public'::text]))),
    CONSTRAINT division_valid_check CHECK (((NOT isempty(valid)) AND (lower(valid) IS DISTINCT FROM '-infinity'::date) AND (upper(valid) IS DISTINCT FROM 'infinity'::date)))
);
ALTER TABLE ONLY public.division ALTER COLUMN geom SET STORAGE EXTERNAL;

COMMENT ON TABLE public.division IS 'Administrative divisions; one row is one version of one division, in force in a range of dates';

COMMENT ON COLUMN public.division.id IS 'Key of the version; a correction keeps it';

COMMENT ON COLUMN public.division.code IS 'Code of 12 digits: 2 province, 2 prefecture, 2 county (GB/T 2260), 3 township, 3 village (县级以下行政区划代码编制规则); shorter codes are filled up with zeros';

COMMENT ON COLUMN public.division.level IS '1 province, 2 prefecture, 3 county, 4 township, 5 village; stated, not derived from the code (行政区划管理条例)';

COMMENT ON COLUMN public.division.type IS 'Legal kind in Chinese, such as 街道, 镇, 乡, 村民委员会; may be empty';

COMMENT ON COLUMN public.division.name IS 'Standard name with its generic part (地名管理条例), such as 安文街道';

COMMENT ON COLUMN public.division.parent IS 'Code of the unit above at the same dates; NULL for the topmost';

COMMENT ON COLUMN public.division.valid IS 'Dates at which this version is in force, half-open; an open end is unbounded, never infinity. Versions of one code never share a day';

COMMENT ON COLUMN public.division.secrecy IS 'Who may see the record: secret 秘密, internal 内部, public 公开';

COMMENT ON COLUMN public.division.source IS 'The document or data set that this version comes from';

COMMENT ON COLUMN public.division.synthetic IS 'Made-up demonstration data; never stands beside real data';

COMMENT ON COLUMN public.division.crs_original IS 'Reference system the record came in, such as EPSG:4549';

COMMENT ON COLUMN public.division.geom IS 'Area: longitude, latitude in degrees, CGCS2000 (EPSG:4490, GB 22021), multiples of 1e-9 degree';

COMMENT ON COLUMN public.division.label IS 'A point inside geom at which a name can stand, same reference system; NULL: not computed';

COMMENT ON COLUMN public.division.hash IS 'SHA-256 digest of everything the version states, by which a second import of the same is recognised';

COMMENT ON COLUMN public.division.import_id IS 'The import that wrote the row in this form; NULL: a single edit';

ALTER TABLE public.division ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.division_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.division_past (
    past_id bigint NOT NULL,
    ended_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_by bigint,
    operation text NOT NULL,
    id bigint NOT NULL,
    code text NOT NULL COLLATE pg_catalog."C",
    level smallint NOT NULL,
    type text NOT NULL,
    name text NOT NULL,
    parent text COLLATE pg_catalog."C",
    valid daterange NOT NULL,
    secrecy text NOT NULL,
    source text NOT NULL,
    synthetic boolean NOT NULL,
    crs_original text NOT NULL,
    geom public.geometry(MultiPolygon,4490) NOT NULL,
    label public.geometry(Point,4490),
    hash bytea NOT NULL,
    import_id bigint,
    CONSTRAINT division_past_operation_check CHECK ((operation = ANY (ARRAY['replaced'::text, 'withdrawn'::text, 'undone'::text])))
);
ALTER TABLE ONLY public.division_past ALTER COLUMN geom SET STORAGE EXTERNAL;

COMMENT ON TABLE public.division_past IS 'Rows of division as they were before they were altered or removed, for audit and for taking imports back. Rows are only ever appended. The columns from id on are those of division';

COMMENT ON COLUMN public.division_past.ended_at IS 'When the row ceased to be the one on record';

COMMENT ON COLUMN public.division_past.ended_by IS 'The import that ended it; NULL: a single edit';

COMMENT ON COLUMN public.division_past.operation IS 'replaced: the version was corrected or its end was set; withdrawn: synthetic data made way for real data; undone: the import that wrote it was taken back';

ALTER TABLE public.division_past ALTER COLUMN past_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.division_past_past_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.goose_db_version (
    id integer NOT NULL,
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp without time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.goose_db_version ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.goose_db_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.import (
    id bigint NOT NULL,
    file text NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    since date,
    added integer NOT NULL,
    changed integer NOT NULL,
    unchanged integer NOT NULL,
    withdrawn integer NOT NULL,
    undoes bigint,
    undone_by bigint,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    CONSTRAINT import_seq_check CHECK ((first_seq <= last_seq))
);

COMMENT ON TABLE public.import IS 'One file, or several at once, that was taken over; or the taking back of such an import';

COMMENT ON COLUMN public.import.file IS 'Name of the file or files, without directory; empty for the taking back of an import';

COMMENT ON COLUMN public.import.since IS 'The date from which the file was said to hold; NULL: a correction of what is valid today';

COMMENT ON COLUMN public.import.added IS 'Units that were not there before. For the taking back of an import: rows removed';

COMMENT ON COLUMN public.import.changed IS 'Units that were there and said something else. For the taking back: rows restored';

COMMENT ON COLUMN public.import.unchanged IS 'Units of the file that were there already, word for word';

COMMENT ON COLUMN public.import.withdrawn IS 'Synthetic rows that had to make way for real ones. For the taking back: rows brought back';

COMMENT ON COLUMN public.import.undoes IS 'The import that this one takes back; NULL for a file';

COMMENT ON COLUMN public.import.undone_by IS 'The import that took this one back; NULL: it is in effect';

COMMENT ON COLUMN public.import.first_seq IS 'Its first row in the change log; its rows there are contiguous';

COMMENT ON COLUMN public.import.last_seq IS 'Its last row in the change log';

ALTER TABLE public.import ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.import_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.change
    ADD CONSTRAINT change_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.division_past
    ADD CONSTRAINT division_past_pkey PRIMARY KEY (past_id);

ALTER TABLE ONLY public.division
    ADD CONSTRAINT division_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.goose_db_version
    ADD CONSTRAINT goose_db_version_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_pkey PRIMARY KEY (id);

CREATE INDEX audit_at ON public.audit USING btree (at);

CREATE INDEX change_subject ON public.change USING btree (subject_id, subject, seq);

CREATE UNIQUE INDEX division_code ON public.division USING btree (code, COALESCE(lower(valid), '-infinity'::date));

CREATE INDEX division_geom ON public.division USING gist (geom);

CREATE INDEX division_order ON public.division USING btree (level, code, lower(valid) NULLS FIRST);

CREATE UNIQUE INDEX division_past_ended_by ON public.division_past USING btree (ended_by, id) WHERE (ended_by IS NOT NULL);

CREATE INDEX division_past_id ON public.division_past USING btree (id);

CREATE TRIGGER division_one_version_a_day_insert AFTER INSERT ON public.division REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.division_check_versions();

CREATE TRIGGER division_one_version_a_day_update AFTER UPDATE ON public.division REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.division_check_versions();

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_first_seq_fkey FOREIGN KEY (first_seq) REFERENCES public.change(seq);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_last_seq_fkey FOREIGN KEY (last_seq) REFERENCES public.change(seq);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_undoes_fkey FOREIGN KEY (undoes) REFERENCES public.import(id);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_undone_by_fkey FOREIGN KEY (undone_by) REFERENCES public.import(id);
