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

CREATE TABLE public.account (
    id bigint NOT NULL,
    name text NOT NULL,
    display_name text NOT NULL,
    password text NOT NULL,
    temporary boolean NOT NULL,
    disabled boolean DEFAULT false NOT NULL,
    synthetic boolean NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    password_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    signed_in_at timestamp with time zone,
    CONSTRAINT account_display_name_check CHECK ((display_name <> ''::text)),
    CONSTRAINT account_name_check CHECK (((name = lower(name)) AND (name ~ '^[^[:space:][:cntrl:]:]{2,40}$'::text))),
    CONSTRAINT account_password_check CHECK ((password ~~ '$argon2id$%'::text))
);

COMMENT ON TABLE public.account IS 'People and programs that may sign in. Accounts are disabled, never removed: the log names them';

COMMENT ON COLUMN public.account.name IS 'What one signs in with, in lower case; the actor of change and audit';

COMMENT ON COLUMN public.account.display_name IS 'How colleagues know the person, such as 王秀英';

COMMENT ON COLUMN public.account.password IS 'Salted argon2id digest in the PHC form (RFC 9106); the password itself is kept nowhere';

COMMENT ON COLUMN public.account.temporary IS 'The password was made by somebody else, who has seen it, and waits to be changed';

COMMENT ON COLUMN public.account.disabled IS 'Nobody can sign in with it; sessions and tokens have no effect';

COMMENT ON COLUMN public.account.synthetic IS 'Belongs to the demonstration: without effect as soon as the database holds no synthetic division';

COMMENT ON COLUMN public.account.made_at IS 'When the account came into being';

COMMENT ON COLUMN public.account.password_at IS 'When the password was set last';

COMMENT ON COLUMN public.account.signed_in_at IS 'When somebody signed in with it last; NULL: never';

ALTER TABLE public.account ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.api_token (
    id bigint NOT NULL,
    digest bytea NOT NULL,
    account_id bigint NOT NULL,
    label text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_token_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT api_token_label_check CHECK ((label <> ''::text))
);

COMMENT ON TABLE public.api_token IS 'Keys with which programs act for an account. Rows stay when a token is revoked: the log names them';

COMMENT ON COLUMN public.api_token.digest IS 'SHA-256 digest of the token; the token itself is shown once and kept nowhere';

COMMENT ON COLUMN public.api_token.account_id IS 'For whom the program acts, with the roles that the account has at the time';

COMMENT ON COLUMN public.api_token.label IS 'What the token is for, such as QGIS';

COMMENT ON COLUMN public.api_token.made_by IS 'Who made it: an account, or cli:USER';

COMMENT ON COLUMN public.api_token.made_at IS 'When it was made';

COMMENT ON COLUMN public.api_token.expires_at IS 'From when on it has no effect; NULL: until it is revoked';

COMMENT ON COLUMN public.api_token.used_at IS 'When it was used last, to the minute; NULL: never';

COMMENT ON COLUMN public.api_token.revoked_at IS 'Since when it has no effect; NULL: it was not revoked';

ALTER TABLE public.api_token ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.api_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

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

COMMENT ON COLUMN public.audit.actor IS 'Who did it: an account, an account with token:LABEL, cli:USER, or anonymous';

COMMENT ON COLUMN public.audit.action IS 'What was done, for example import, undo, put, sign-in; refuse: it was asked for and refused';

COMMENT ON COLUMN public.audit.subject IS 'The kind of thing it was done to: a table of this database; of a refusal: route';

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

COMMENT ON COLUMN public.change.actor IS 'Who changed it: an account, an account with token:LABEL, or cli:USER';

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
)
WITH (toast_tuple_target='8160');
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

COMMENT ON COLUMN public.division.import_id IS 'The row of import, of a file or an event, that wrote the row in this form; NULL: a single edit';

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

COMMENT ON COLUMN public.division_past.ended_by IS 'The row of import, of a file or an event, that ended it; NULL: a single edit';

COMMENT ON COLUMN public.division_past.operation IS 'replaced: the version was corrected or its end was set; withdrawn: synthetic data made way for real data; undone: the import that wrote it was taken back';

ALTER TABLE public.division_past ALTER COLUMN past_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.division_past_past_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.event (
    id bigint NOT NULL,
    kind text NOT NULL,
    date date NOT NULL,
    document_number text NOT NULL,
    document_issuer text NOT NULL,
    document_title text NOT NULL,
    document_date date,
    note text NOT NULL,
    synthetic boolean NOT NULL,
    payload jsonb NOT NULL,
    actor text NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    import_id bigint NOT NULL,
    own boolean NOT NULL,
    withdrawn_at timestamp with time zone,
    withdrawn_by text,
    withdrawn_reason text,
    withdrawn_import bigint,
    secrecy text NOT NULL,
    CONSTRAINT event_kind_check CHECK ((kind = ANY (ARRAY['establish'::text, 'abolish'::text, 'merge'::text, 'split'::text, 'transfer'::text, 'rename'::text, 'recode'::text, 'upgrade'::text, 'reseat'::text, 'adjust'::text]))),
    CONSTRAINT event_secrecy_check CHECK ((secrecy = ANY (ARRAY['secret'::text, 'internal'::text, 'public'::text]))),
    CONSTRAINT event_withdrawn_check CHECK ((((withdrawn_at IS NULL) = (withdrawn_by IS NULL)) AND ((withdrawn_at IS NULL) = (withdrawn_reason IS NULL)) AND ((withdrawn_at IS NULL) = (withdrawn_import IS NULL))))
);

COMMENT ON TABLE public.event IS 'What law made of the divisions on a date: a merger, a split, a new name. A row is never removed; an event that was recorded in error is marked as withdrawn';

COMMENT ON COLUMN public.event.kind IS 'establish 设立, abolish 撤销, merge 合并, split 拆分, transfer 划转, rename 更名, recode 变更代码, upgrade 改设, reseat 驻地迁移, adjust 界线变更';

COMMENT ON COLUMN public.event.date IS 'The first day on which what the event made is in force';

COMMENT ON COLUMN public.event.document_number IS 'Number of the approval (批准文号), such as 浙政函〔2018〕1号; empty: none is known, and note says why';

COMMENT ON COLUMN public.event.document_issuer IS 'Who approved (行政区划管理条例), such as 浙江省人民政府; may be empty';

COMMENT ON COLUMN public.event.document_title IS 'Title of the document; may be empty';

COMMENT ON COLUMN public.event.document_date IS 'Date of the document; NULL: not known';

COMMENT ON COLUMN public.event.note IS 'What else is to be known, such as which part is assumed; may be empty';

COMMENT ON COLUMN public.event.synthetic IS 'Made-up demonstration data; gives way to real data together with its units';

COMMENT ON COLUMN public.event.payload IS 'The request as it was decided on; {} where the event came with its units from a data set';

COMMENT ON COLUMN public.event.recorded_at IS 'When it was recorded';

COMMENT ON COLUMN public.event.import_id IS 'The row of import under which it wrote its versions, or with which it came';

COMMENT ON COLUMN public.event.own IS 'Whether that row of import is the event itself, so that it can be withdrawn by itself; false: it came with a data set and goes with it';

COMMENT ON COLUMN public.event.withdrawn_at IS 'When it was withdrawn; NULL, as the three that follow: it is in effect';

COMMENT ON COLUMN public.event.withdrawn_by IS 'Who withdrew it: an account, or cli:USER';

COMMENT ON COLUMN public.event.withdrawn_reason IS 'Why it was withdrawn';

COMMENT ON COLUMN public.event.withdrawn_import IS 'The row of import that withdrew it';

COMMENT ON COLUMN public.event.secrecy IS 'Who may see the record: that of the most open of its versions';

ALTER TABLE public.event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.event_id_seq
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
    event_id bigint,
    CONSTRAINT import_seq_check CHECK ((first_seq <= last_seq))
);

COMMENT ON TABLE public.import IS 'One file, or several at once, that was taken over; an event that was recorded; or the taking back of either';

COMMENT ON COLUMN public.import.file IS 'Name of the file or files, without directory; empty for an event and for a taking back';

COMMENT ON COLUMN public.import.since IS 'The date from which the file was said to hold; NULL: a correction of what is valid today';

COMMENT ON COLUMN public.import.added IS 'Units that were not there before. For the taking back of an import: rows removed';

COMMENT ON COLUMN public.import.changed IS 'Units that were there and said something else. For the taking back: rows restored';

COMMENT ON COLUMN public.import.unchanged IS 'Units of the file that were there already, word for word';

COMMENT ON COLUMN public.import.withdrawn IS 'Synthetic rows that had to make way for real ones. For the taking back: rows brought back';

COMMENT ON COLUMN public.import.undoes IS 'The import that this one takes back; NULL for a file';

COMMENT ON COLUMN public.import.undone_by IS 'The import that took this one back; NULL: it is in effect';

COMMENT ON COLUMN public.import.first_seq IS 'Its first row in the change log; its rows there are contiguous';

COMMENT ON COLUMN public.import.last_seq IS 'Its last row in the change log';

COMMENT ON COLUMN public.import.event_id IS 'The event that this row records, or takes back; NULL for files';

ALTER TABLE public.import ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.import_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.lineage (
    event_id bigint NOT NULL,
    before_id bigint,
    after_id bigint,
    area_share double precision NOT NULL,
    area_m2 double precision NOT NULL,
    population_share double precision,
    CONSTRAINT lineage_area_check CHECK ((((area_share >= (0)::double precision) AND (area_share <= (1)::double precision)) AND (area_m2 >= (0)::double precision))),
    CONSTRAINT lineage_end_check CHECK (((before_id IS NOT NULL) OR (after_id IS NOT NULL))),
    CONSTRAINT lineage_population_check CHECK (((population_share >= (0)::double precision) AND (population_share <= (1)::double precision)))
);

COMMENT ON TABLE public.lineage IS 'What became of which version: one row for each pair of versions of which an event turned one, or a part of it, into the other';

COMMENT ON COLUMN public.lineage.event_id IS 'The event';

COMMENT ON COLUMN public.lineage.before_id IS 'The version in force until the event, an id of division; NULL: nothing on record was there';

COMMENT ON COLUMN public.lineage.after_id IS 'The version in force from the event on, an id of division; NULL: nothing on record followed';

COMMENT ON COLUMN public.lineage.area_share IS 'Share of the area of the version before that went to the version after, 0 to 1';

COMMENT ON COLUMN public.lineage.area_m2 IS 'That area in square metres on the CGCS2000 ellipsoid; not authoritative';

COMMENT ON COLUMN public.lineage.population_share IS 'Share of the people of the version before that went to the version after, 0 to 1; NULL: not known';

CREATE TABLE public.role_grant (
    account_id bigint NOT NULL,
    role text NOT NULL,
    scope text NOT NULL COLLATE pg_catalog."C",
    granted_by text NOT NULL,
    granted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT role_grant_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'inspector'::text, 'reviewer'::text, 'planner'::text, 'editor'::text, 'admin'::text]))),
    CONSTRAINT role_grant_scope_check CHECK ((scope ~ '^[0-9]{12}$'::text))
);

COMMENT ON TABLE public.role_grant IS 'Which role an account has, and where. Without a row an account may do nothing that strangers may not';

COMMENT ON COLUMN public.role_grant.account_id IS 'Who has the role';

COMMENT ON COLUMN public.role_grant.role IS 'viewer, inspector, reviewer, planner, editor or admin; what each may do stands in the program';

COMMENT ON COLUMN public.role_grant.scope IS 'Code of the division in which the role holds, with everything below it by code; 000000000000: everywhere';

COMMENT ON COLUMN public.role_grant.granted_by IS 'Who granted it: an account, or cli:USER';

COMMENT ON COLUMN public.role_grant.granted_at IS 'When it was granted';

CREATE TABLE public.session (
    id bigint NOT NULL,
    digest bytea NOT NULL,
    account_id bigint NOT NULL,
    address text NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT session_digest_check CHECK ((octet_length(digest) = 32))
);

COMMENT ON TABLE public.session IS 'Browsers that are signed in';

COMMENT ON COLUMN public.session.digest IS 'SHA-256 digest of the secret in the browser''s cookie; the secret itself is kept nowhere';

COMMENT ON COLUMN public.session.account_id IS 'Who is signed in';

COMMENT ON COLUMN public.session.address IS 'Network address from which the sign-in came';

COMMENT ON COLUMN public.session.made_at IS 'When it began';

COMMENT ON COLUMN public.session.seen_at IS 'When it was used last, to the minute; it ends when it is idle for too long';

COMMENT ON COLUMN public.session.expires_at IS 'When it ends in any case';

ALTER TABLE public.session ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sign_in_failure (
    subject text NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL,
    CONSTRAINT sign_in_failure_failures_check CHECK ((failures > 0))
);

COMMENT ON TABLE public.sign_in_failure IS 'Attempts to sign in that failed, or that are under way, by which guessing is slowed down';

COMMENT ON COLUMN public.sign_in_failure.subject IS 'SHA-256 digest, in hexadecimal, of what was tried: an account, an address, or both together';

COMMENT ON COLUMN public.sign_in_failure.failures IS 'How many attempts, without one that succeeded and without a day of rest';

COMMENT ON COLUMN public.sign_in_failure.last_at IS 'When the last of them began';

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_name_key UNIQUE (name);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_digest_key UNIQUE (digest);

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.change
    ADD CONSTRAINT change_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.division_past
    ADD CONSTRAINT division_past_pkey PRIMARY KEY (past_id);

ALTER TABLE ONLY public.division
    ADD CONSTRAINT division_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.goose_db_version
    ADD CONSTRAINT goose_db_version_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.role_grant
    ADD CONSTRAINT role_grant_pkey PRIMARY KEY (account_id, role, scope);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_digest_key UNIQUE (digest);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sign_in_failure
    ADD CONSTRAINT sign_in_failure_pkey PRIMARY KEY (subject);

CREATE INDEX api_token_account ON public.api_token USING btree (account_id);

CREATE INDEX audit_actor ON public.audit USING btree (actor, id);

CREATE INDEX audit_at ON public.audit USING btree (at);

CREATE INDEX change_subject ON public.change USING btree (subject_id, subject, seq);

CREATE UNIQUE INDEX division_code ON public.division USING btree (code, COALESCE(lower(valid), '-infinity'::date));

CREATE INDEX division_order ON public.division USING btree (level, code, lower(valid) NULLS FIRST);

CREATE UNIQUE INDEX division_past_ended_by ON public.division_past USING btree (ended_by, id) WHERE (ended_by IS NOT NULL);

CREATE INDEX division_past_id ON public.division_past USING btree (id);

CREATE INDEX event_date ON public.event USING btree (date);

CREATE INDEX event_import ON public.event USING btree (import_id);

CREATE INDEX import_last_seq ON public.import USING btree (last_seq);

CREATE UNIQUE INDEX lineage_edge ON public.lineage USING btree (event_id, before_id, after_id);

CREATE INDEX session_account ON public.session USING btree (account_id);

CREATE INDEX session_expires ON public.session USING btree (expires_at);

CREATE INDEX sign_in_failure_last ON public.sign_in_failure USING btree (last_at);

CREATE TRIGGER division_one_version_a_day_insert AFTER INSERT ON public.division REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.division_check_versions();

CREATE TRIGGER division_one_version_a_day_update AFTER UPDATE ON public.division REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.division_check_versions();

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_first_seq_fkey FOREIGN KEY (first_seq) REFERENCES public.change(seq);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_last_seq_fkey FOREIGN KEY (last_seq) REFERENCES public.change(seq);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_undoes_fkey FOREIGN KEY (undoes) REFERENCES public.import(id);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_undone_by_fkey FOREIGN KEY (undone_by) REFERENCES public.import(id);

ALTER TABLE ONLY public.lineage
    ADD CONSTRAINT lineage_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id);

ALTER TABLE ONLY public.role_grant
    ADD CONSTRAINT role_grant_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
