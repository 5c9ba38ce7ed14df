package pg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yutu/geo"
)

// seenStep is how exact seen_at and used_at are: a write a minute instead of one for each request.
const seenStep = time.Minute

// NewSession is a browser about to be signed in.
type NewSession struct {
	// Digest is the SHA-256 digest of the cookie's secret.
	Digest [32]byte
	// Replaces is the digest of the session that the browser had before, which ends; nil for none.
	Replaces []byte
	// Address is where the sign-in came from.
	Address string
	// Lasts bounds the session, used or not.
	Lasts time.Duration
}

// StartSession signs a browser in and notes it. Sessions that are over are cleared away. Errors: ErrNotFound if the
// account was disabled meanwhile, ErrUnavailable.
func (s *Store) StartSession(ctx context.Context, account Account, n NewSession) error {
	_, err := s.InTx(ctx, account.Name, func(t *Tx) error {
		if _, err := t.tx.Exec(ctx, `DELETE FROM session WHERE expires_at < clock_timestamp() OR digest = $1`, n.Replaces); err != nil {
			return err
		}
		tag, err := t.tx.Exec(ctx, `INSERT INTO session (digest, account_id, address, expires_at)
			SELECT $1, a.id, $2, clock_timestamp() + $3::interval FROM account a WHERE a.id = $4 AND a.password = $5 AND NOT `+disabled,
			n.Digest[:], clean(n.Address), n.Lasts, account.ID, account.passwordHash)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		if _, err := t.tx.Exec(ctx, `UPDATE account SET signed_in_at = clock_timestamp() WHERE id = $1`, account.ID); err != nil {
			return err
		}
		return t.audit(ctx, "sign-in", subjectSession, account.ID, map[string]any{"account": account.Name, "address": n.Address})
	})
	return err
}

// SessionAccount returns whose session it is. A session that was idle for too long, or that is over, or whose account
// is disabled, is none. Errors: ErrNotFound, ErrUnavailable.
func (s *Store) SessionAccount(ctx context.Context, digest [32]byte, idle time.Duration) (a Account, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, selectAccount+`JOIN session s ON s.account_id = a.id WHERE s.digest = $1
			AND s.expires_at > clock_timestamp() AND s.seen_at > clock_timestamp() - $2::interval AND NOT `+disabled, digest[:], idle)
		if err != nil {
			return err
		}
		if a, err = pgx.CollectExactlyOneRow(rows, scanAccount); err != nil {
			return orNotFound(err)
		}
		return touch(ctx, conn, `UPDATE session SET seen_at = clock_timestamp() WHERE digest = $1 AND seen_at < clock_timestamp() - $2::interval`, digest)
	})
	return a, err
}

// touch notes a use. On a standby nothing can be noted, and reading goes on.
func touch(ctx context.Context, conn *pgx.Conn, sql string, digest [32]byte) error {
	var standby bool
	if err := conn.QueryRow(ctx, `SELECT pg_is_in_recovery()`).Scan(&standby); err != nil || standby {
		return err
	}
	_, err := conn.Exec(ctx, sql, digest[:], seenStep)
	return err
}

func orNotFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// EndSession signs a browser out. A session that is over already is no error.
func (s *Store) EndSession(ctx context.Context, actor string, digest [32]byte) error {
	_, err := s.InTx(ctx, actor, func(t *Tx) error {
		var account int64
		err := t.tx.QueryRow(ctx, `DELETE FROM session WHERE digest = $1 RETURNING account_id`, digest[:]).Scan(&account)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return t.audit(ctx, "sign-out", subjectSession, account, map[string]any{"account": actor})
	})
	return err
}

// Token is a key with which a program acts for an account; the secret is not part of it.
type Token struct {
	ID                         int64
	Account, Label, MadeBy     string
	MadeAt                     time.Time
	ExpiresAt, UsedAt, Revoked *time.Time
}

// CreateToken adds a token for the account. Errors: ErrNotFound, ErrInvalid, ErrUnavailable.
func (s *Store) CreateToken(ctx context.Context, actor, account, label string, digest [32]byte, expires *time.Time) (Token, error) {
	k := Token{Account: account, Label: clean(strings.TrimSpace(label)), MadeBy: actor, ExpiresAt: expires}
	if k.Label == "" {
		return k, &Error{Kind: ErrInvalid, Text: geo.Text{ZH: "请写明令牌的用途", EN: "say what the token is for"}}
	}
	_, err := s.InTx(ctx, actor, func(t *Tx) error {
		a, err := accountWhere(ctx, t.tx, account, `WHERE a.name = $1`)
		if err != nil {
			return err
		}
		err = t.tx.QueryRow(ctx, `INSERT INTO api_token (digest, account_id, label, made_by, expires_at) VALUES ($1, $2, $3, $4, $5) RETURNING id, made_at`,
			digest[:], a.ID, k.Label, t.actor, expires).Scan(&k.ID, &k.MadeAt)
		if err != nil {
			return err
		}
		return t.audit(ctx, "add", subjectToken, k.ID, map[string]any{"account": account, "label": k.Label, "expires": expires})
	})
	return k, err
}

// Tokens returns the tokens of the account, or with "" of all, the newest first.
func (s *Store) Tokens(ctx context.Context, account string) (tokens []Token, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT k.id, a.name, k.label, k.made_by, k.made_at, k.expires_at, k.used_at, k.revoked_at
			FROM api_token k JOIN account a ON a.id = k.account_id WHERE $1 = '' OR a.name = $1 ORDER BY k.id DESC`, account)
		if err != nil {
			return err
		}
		tokens, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Token])
		return err
	})
	return tokens, err
}

// RevokeToken ends a token; owner, if not "", must be the name of its account. Errors: ErrNotFound, ErrUnavailable.
func (s *Store) RevokeToken(ctx context.Context, actor string, id int64, owner string) error {
	_, err := s.InTx(ctx, actor, func(t *Tx) error {
		var label, account string
		err := t.tx.QueryRow(ctx, `UPDATE api_token k SET revoked_at = clock_timestamp() FROM account a
			WHERE k.id = $1 AND a.id = k.account_id AND k.revoked_at IS NULL AND ($2 = '' OR a.name = $2) RETURNING k.label, a.name`, id, owner).Scan(&label, &account)
		if errors.Is(err, pgx.ErrNoRows) {
			return &Error{Kind: ErrNotFound, Text: geo.Text{
				ZH: fmt.Sprintf("没有编号为 %d 的有效令牌", id), EN: fmt.Sprintf("there is no token with the number %d that is in effect", id),
			}}
		}
		if err != nil {
			return err
		}
		return t.audit(ctx, "revoke", subjectToken, id, map[string]any{"account": account, "label": label})
	})
	return err
}

// TokenAccount returns for whom a program acts, and the token's label. Errors: ErrNotFound, ErrUnavailable.
func (s *Store) TokenAccount(ctx context.Context, digest [32]byte) (a Account, label string, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		const valid = `FROM api_token k WHERE k.digest = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())`
		if err := conn.QueryRow(ctx, `SELECT k.label `+valid, digest[:]).Scan(&label); err != nil {
			return orNotFound(err)
		}
		rows, err := conn.Query(ctx, selectAccount+`WHERE NOT `+disabled+` AND a.id = (SELECT k.account_id `+valid+`)`, digest[:])
		if err != nil {
			return err
		}
		if a, err = pgx.CollectExactlyOneRow(rows, scanAccount); err != nil {
			return orNotFound(err)
		}
		return touch(ctx, conn, `UPDATE api_token SET used_at = clock_timestamp() WHERE digest = $1 AND (used_at IS NULL OR used_at < clock_timestamp() - $2::interval)`, digest)
	})
	return a, label, err
}

// Guess is something whose failed sign-ins are counted: an account, an address, or both together.
type Guess struct {
	Subject string
	// Free is how many failures cost nothing; after them each doubles the wait.
	Free int
}

const (
	// firstWait is the wait after the first failure that is not free; each further one doubles it, up to longestWait.
	firstWait   = 30 * time.Second
	longestWait = 15 * time.Minute
	// forgetAfter is the rest after which failures are forgotten.
	forgetAfter = 24 * time.Hour
)

// waitAfter is how long after the last of the failures the next attempt is refused.
func waitAfter(failures, free int) time.Duration {
	if failures < free {
		return 0
	}
	return min(firstWait<<min(failures-free, 10), longestWait)
}

// BeginSignIn counts an attempt as failed before the password is looked at, so that many at once cannot slip
// through, or returns for how long it has to wait and counts nothing. The attempt that succeeds calls EndSignIn.
func (s *Store) BeginSignIn(ctx context.Context, guesses []Guess) (wait time.Duration, err error) {
	_, err = s.InTx(ctx, "anonymous", func(t *Tx) error {
		if _, err := t.tx.Exec(ctx, `DELETE FROM sign_in_failure WHERE last_at < clock_timestamp() - $1::interval`, forgetAfter); err != nil {
			return err
		}
		// One after the other: the order in which rows are locked is the same for everybody.
		if _, err := t.tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockSignIn)); err != nil {
			return err
		}
		for _, g := range guesses {
			var failures int
			var rest time.Duration
			err := t.tx.QueryRow(ctx, `SELECT failures, clock_timestamp() - last_at FROM sign_in_failure WHERE subject = $1`, guessKey(g)).Scan(&failures, &rest)
			if errors.Is(err, pgx.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			wait = max(wait, waitAfter(failures, g.Free)-rest)
		}
		if wait > 0 {
			return nil
		}
		for _, g := range guesses {
			_, err := t.tx.Exec(ctx, `INSERT INTO sign_in_failure AS f (subject, failures, last_at) VALUES ($1, 1, clock_timestamp())
				ON CONFLICT (subject) DO UPDATE SET failures = f.failures + 1, last_at = clock_timestamp()`, guessKey(g))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return max(wait, 0), err
}

// EndSignIn takes back what BeginSignIn counted: of forget everything, since somebody who knows the password has no
// need to guess; of the others this one attempt.
func (s *Store) EndSignIn(ctx context.Context, guesses []Guess, forget ...Guess) error {
	_, err := s.InTx(ctx, "anonymous", func(t *Tx) error {
		if _, err := t.tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockSignIn)); err != nil {
			return err
		}
		var all, one []string
		for _, g := range forget {
			all = append(all, guessKey(g))
		}
		for _, g := range guesses {
			one = append(one, guessKey(g))
		}
		if _, err := t.tx.Exec(ctx, `DELETE FROM sign_in_failure WHERE subject = ANY ($1) OR subject = ANY ($2) AND failures = 1`, all, one); err != nil {
			return err
		}
		_, err := t.tx.Exec(ctx, `UPDATE sign_in_failure SET failures = failures - 1 WHERE subject = ANY ($1)`, one)
		return err
	})
	return err
}

// guessKey keeps what people type into the field for the name, now and then a password, out of the database.
func guessKey(g Guess) string {
	sum := sha256.Sum256([]byte(g.Subject))
	return hex.EncodeToString(sum[:])
}
