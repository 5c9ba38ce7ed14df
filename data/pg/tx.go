package pg

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Keys of advisory locks, all in one place since they share one space of numbers: "yutu" in ASCII and a digit.
const (
	// lockMigrate: one program migrates at a time. Held by a session.
	lockMigrate = 0x79757475_00000001
	// lockDivisions: one transaction writes divisions at a time. Taken before the first row is read.
	lockDivisions = 0x79757475_00000002
	// lockChange: taken last of all and held until the commit is visible, so that the order of seq is the order
	// of commits.
	lockChange = 0x79757475_00000003
	// lockIdentity: one transaction writes accounts at a time.
	lockIdentity = 0x79757475_00000004
	// lockSignIn: one attempt to sign in is counted at a time.
	lockSignIn = 0x79757475_00000005
)

// channel is where a notification follows each commit; its payload is the last seq.
const channel = "yutu_change"

// Tx is one writing transaction. Not safe for concurrent use; not to be kept beyond the call that got it.
type Tx struct {
	tx      pgx.Tx
	actor   string
	changes []change
	locked  bool // lockDivisions is held
	// finish runs after the change rows were appended, before the commit.
	finish []func(ctx context.Context, first, last int64) error
}

// change is a row of the log that is not yet written.
type change struct {
	subject       string
	id            int64
	before, after []byte
}

// InTx runs fn in one transaction on behalf of actor, then appends what fn changed to the log and commits. It
// returns the transaction's last seq, or the present end of the log if nothing changed. An error of fn, or the end
// of ctx before the commit, leaves nothing behind. Not retried: where the connection is lost in the very commit
// (ErrUnavailable), nobody knows whether it took place until the log is read again.
func (s *Store) InTx(ctx context.Context, actor string, fn func(*Tx) error) (seq int64, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return 0, translate(ctx, err)
	}
	defer conn.Release()
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		// Imports take as long as they take; waiting for a lock counts as well.
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
			return err
		}
		t := &Tx{tx: tx, actor: clean(actor)}
		if err := fn(t); err != nil {
			return err
		}
		seq, err = t.appendChanges(ctx)
		return err
	})
	if err != nil {
		return 0, translate(ctx, err)
	}
	return seq, nil
}

// lockForDivisions keeps other writers of divisions out until the end of the transaction. Each statement after it
// sees everything that they committed.
func (t *Tx) lockForDivisions(ctx context.Context) error {
	if t.locked {
		return nil
	}
	_, err := t.tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockDivisions))
	t.locked = err == nil
	return err
}

func (t *Tx) appendChanges(ctx context.Context) (last int64, err error) {
	if len(t.changes) == 0 {
		return lastSeq(ctx, t.tx)
	}
	if _, err := t.tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockChange)); err != nil {
		return 0, err
	}
	var base int64
	var now time.Time
	err = t.tx.QueryRow(ctx, `SELECT COALESCE(max(seq), 0), clock_timestamp() FROM change`).Scan(&base, &now)
	if err != nil {
		return 0, err
	}
	_, err = t.tx.CopyFrom(ctx, pgx.Identifier{"change"},
		[]string{"seq", "subject", "subject_id", "actor", "before", "after", "at"},
		pgx.CopyFromSlice(len(t.changes), func(i int) ([]any, error) {
			c := &t.changes[i]
			return []any{base + 1 + int64(i), c.subject, c.id, t.actor, c.before, c.after, now}, nil
		}))
	if err != nil {
		return 0, err
	}
	last = base + int64(len(t.changes))
	for _, f := range t.finish {
		if err := f(ctx, base+1, last); err != nil {
			return 0, err
		}
	}
	_, err = t.tx.Exec(ctx, `SELECT pg_notify($1, $2::bigint::text)`, channel, last)
	return last, err
}

// audit notes what the transaction does; detail is written as JSON.
func (t *Tx) audit(ctx context.Context, action, subject string, id int64, detail map[string]any) error {
	_, err := t.tx.Exec(ctx, `INSERT INTO audit (actor, action, subject, subject_id, detail) VALUES ($1, $2, $3, $4, $5)`,
		t.actor, action, subject, id, detail)
	return err
}
