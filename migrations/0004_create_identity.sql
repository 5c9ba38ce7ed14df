-- +goose Up
CREATE TABLE account (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text        NOT NULL,
    display_name text        NOT NULL,
    password     text        NOT NULL,
    temporary    boolean     NOT NULL,
    disabled     boolean     NOT NULL DEFAULT false,
    synthetic    boolean     NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    password_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    signed_in_at timestamptz,
    CONSTRAINT account_name_check CHECK (name = lower(name) AND name ~ '^[^[:space:][:cntrl:]:]{2,40}$'),
    CONSTRAINT account_name_key UNIQUE (name),
    CONSTRAINT account_display_name_check CHECK (display_name <> ''),
    CONSTRAINT account_password_check CHECK (password LIKE '$argon2id$%')
);

COMMENT ON TABLE account IS 'People and programs that may sign in. Accounts are disabled, never removed: the log names them';
COMMENT ON COLUMN account.name IS 'What one signs in with, in lower case; the actor of change and audit';
COMMENT ON COLUMN account.display_name IS 'How colleagues know the person, such as 王秀英';
COMMENT ON COLUMN account.password IS 'Salted argon2id digest in the PHC form (RFC 9106); the password itself is kept nowhere';
COMMENT ON COLUMN account.temporary IS 'The password was made by somebody else, who has seen it, and waits to be changed';
COMMENT ON COLUMN account.disabled IS 'Nobody can sign in with it; sessions and tokens have no effect';
COMMENT ON COLUMN account.synthetic IS 'Belongs to the demonstration: without effect as soon as the database holds no synthetic division';
COMMENT ON COLUMN account.made_at IS 'When the account came into being';
COMMENT ON COLUMN account.password_at IS 'When the password was set last';
COMMENT ON COLUMN account.signed_in_at IS 'When somebody signed in with it last; NULL: never';

CREATE TABLE role_grant (
    account_id bigint      NOT NULL REFERENCES account,
    role       text        NOT NULL,
    scope      text        COLLATE "C" NOT NULL,
    granted_by text        NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account_id, role, scope),
    CONSTRAINT role_grant_role_check CHECK (role IN ('viewer', 'inspector', 'reviewer', 'planner', 'editor', 'admin')),
    CONSTRAINT role_grant_scope_check CHECK (scope ~ '^[0-9]{12}$')
);

COMMENT ON TABLE role_grant IS 'Which role an account has, and where. Without a row an account may do nothing that strangers may not';
COMMENT ON COLUMN role_grant.account_id IS 'Who has the role';
COMMENT ON COLUMN role_grant.role IS 'viewer, inspector, reviewer, planner, editor or admin; what each may do stands in the program';
COMMENT ON COLUMN role_grant.scope IS 'Code of the division in which the role holds, with everything below it by code; 000000000000: everywhere';
COMMENT ON COLUMN role_grant.granted_by IS 'Who granted it: an account, or cli:USER';
COMMENT ON COLUMN role_grant.granted_at IS 'When it was granted';

CREATE TABLE session (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest     bytea       NOT NULL,
    account_id bigint      NOT NULL REFERENCES account,
    address    text        NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT session_digest_key UNIQUE (digest),
    CONSTRAINT session_digest_check CHECK (octet_length(digest) = 32)
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expires ON session (expires_at);

COMMENT ON TABLE session IS 'Browsers that are signed in';
COMMENT ON COLUMN session.digest IS 'SHA-256 digest of the secret in the browser''s cookie; the secret itself is kept nowhere';
COMMENT ON COLUMN session.account_id IS 'Who is signed in';
COMMENT ON COLUMN session.address IS 'Network address from which the sign-in came';
COMMENT ON COLUMN session.made_at IS 'When it began';
COMMENT ON COLUMN session.seen_at IS 'When it was used last, to the minute; it ends when it is idle for too long';
COMMENT ON COLUMN session.expires_at IS 'When it ends in any case';

CREATE TABLE api_token (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest     bytea       NOT NULL,
    account_id bigint      NOT NULL REFERENCES account,
    label      text        NOT NULL,
    made_by    text        NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    used_at    timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_token_digest_key UNIQUE (digest),
    CONSTRAINT api_token_digest_check CHECK (octet_length(digest) = 32),
    CONSTRAINT api_token_label_check CHECK (label <> '')
);
CREATE INDEX api_token_account ON api_token (account_id);

COMMENT ON TABLE api_token IS 'Keys with which programs act for an account. Rows stay when a token is revoked: the log names them';
COMMENT ON COLUMN api_token.digest IS 'SHA-256 digest of the token; the token itself is shown once and kept nowhere';
COMMENT ON COLUMN api_token.account_id IS 'For whom the program acts, with the roles that the account has at the time';
COMMENT ON COLUMN api_token.label IS 'What the token is for, such as QGIS';
COMMENT ON COLUMN api_token.made_by IS 'Who made it: an account, or cli:USER';
COMMENT ON COLUMN api_token.made_at IS 'When it was made';
COMMENT ON COLUMN api_token.expires_at IS 'From when on it has no effect; NULL: until it is revoked';
COMMENT ON COLUMN api_token.used_at IS 'When it was used last, to the minute; NULL: never';
COMMENT ON COLUMN api_token.revoked_at IS 'Since when it has no effect; NULL: it was not revoked';

CREATE TABLE sign_in_failure (
    subject  text        PRIMARY KEY,
    failures integer     NOT NULL,
    last_at  timestamptz NOT NULL,
    CONSTRAINT sign_in_failure_failures_check CHECK (failures > 0)
);
CREATE INDEX sign_in_failure_last ON sign_in_failure (last_at);

COMMENT ON TABLE sign_in_failure IS 'Attempts to sign in that failed, or that are under way, by which guessing is slowed down';
COMMENT ON COLUMN sign_in_failure.subject IS 'SHA-256 digest, in hexadecimal, of what was tried: an account, an address, or both together';
COMMENT ON COLUMN sign_in_failure.failures IS 'How many attempts, without one that succeeded and without a day of rest';
COMMENT ON COLUMN sign_in_failure.last_at IS 'When the last of them began';

CREATE INDEX audit_actor ON audit (actor, id);

COMMENT ON COLUMN audit.actor IS 'Who did it: an account, an account with token:LABEL, cli:USER, or anonymous';
COMMENT ON COLUMN audit.action IS 'What was done, for example import, undo, put, sign-in; refuse: it was asked for and refused';
COMMENT ON COLUMN audit.subject IS 'The kind of thing it was done to: a table of this database; of a refusal: route';
COMMENT ON COLUMN change.actor IS 'Who changed it: an account, an account with token:LABEL, or cli:USER';
