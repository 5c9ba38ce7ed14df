-- +goose Up
CREATE TABLE change (
    seq        bigint      PRIMARY KEY,
    subject    text        NOT NULL,
    subject_id bigint      NOT NULL,
    actor      text        NOT NULL,
    before     bytea,
    after      bytea,
    at         timestamptz NOT NULL,
    CONSTRAINT change_seq_check CHECK (seq > 0),
    CONSTRAINT change_says_something_check CHECK (before IS DISTINCT FROM after)
);
CREATE INDEX change_subject ON change (subject_id, subject, seq);

COMMENT ON TABLE change IS 'What changed, in the order in which it became visible: one row for each row of a subject that a transaction added, altered or removed. Rows are only ever appended';
COMMENT ON COLUMN change.seq IS 'Place in the log: 1, 2, 3 … without gaps, in the order of commits';
COMMENT ON COLUMN change.subject IS 'The table that changed, for example division';
COMMENT ON COLUMN change.subject_id IS 'The id of the row that changed';
COMMENT ON COLUMN change.actor IS 'Who changed it: an account, or cli:USER';
COMMENT ON COLUMN change.before IS 'SHA-256 digest of what the row said before; NULL: there was no row';
COMMENT ON COLUMN change.after IS 'SHA-256 digest of what the row says since; NULL: there is no row any more';
COMMENT ON COLUMN change.at IS 'When the transaction was about to be committed';

CREATE TABLE audit (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor      text        NOT NULL,
    action     text        NOT NULL,
    subject    text        NOT NULL,
    subject_id bigint,
    detail     jsonb       NOT NULL DEFAULT '{}',
    at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX audit_at ON audit (at);

COMMENT ON TABLE audit IS 'Who did what, when: one row for each action. Rows are only ever appended';
COMMENT ON COLUMN audit.actor IS 'Who did it: an account, or cli:USER';
COMMENT ON COLUMN audit.action IS 'What was done, for example import, undo, put';
COMMENT ON COLUMN audit.subject IS 'The kind of thing it was done to: a table of this database';
COMMENT ON COLUMN audit.subject_id IS 'The id of the thing, where it is one row';
COMMENT ON COLUMN audit.detail IS 'What else is worth knowing, such as the figures of an import';
COMMENT ON COLUMN audit.at IS 'When it was done';
