package pg

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Change is one row of the log.
type Change struct {
	// Seq is the place in the log: 1, 2, 3 … without gaps, in the order of commits.
	Seq int64
	// Subject is the table that changed, "division", and ID its row.
	Subject string
	ID      int64
	Actor   string
	// Before and After are digests of the row (division.Unit.Hash); nil where there was or is no row.
	Before, After []byte
	Time          time.Time
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// ChangesAfter returns up to limit rows of the log with a seq above the given one, in order.
func (s *Store) ChangesAfter(ctx context.Context, seq int64, limit int) ([]Change, error) {
	var out []Change
	err := s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT seq, subject, subject_id, actor, before, after, at
			FROM change WHERE seq > $1 ORDER BY seq LIMIT $2`, seq, max(limit, 0))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Change])
		return err
	})
	return out, err
}

// LastSeq returns the end of the log, 0 for an empty one.
func (s *Store) LastSeq(ctx context.Context) (seq int64, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		seq, err = lastSeq(ctx, conn)
		return err
	})
	return seq, err
}

func lastSeq(ctx context.Context, q querier) (seq int64, err error) {
	err = q.QueryRow(ctx, `SELECT COALESCE(max(seq), 0) FROM change`).Scan(&seq)
	return seq, err
}

// listenCheck is how often a silent connection is asked for a sign of life: a network that was cut says nothing.
const listenCheck = 30 * time.Second

// Listen calls wake once when it has begun to listen, since the log may have grown until then, and after that for
// each notification of a commit, all from one goroutine. It holds a connection of its own, and returns when that
// is lost (ErrUnavailable) or ctx ends (its error); never nil.
func (s *Store) Listen(ctx context.Context, wake func()) error {
	return translate(ctx, s.listen(ctx, wake))
}

func (s *Store) listen(ctx context.Context, wake func()) error {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		conn.Close(ctx)
	}()
	if _, err := conn.Exec(ctx, `LISTEN `+channel); err != nil {
		return err
	}
	wake()
	for {
		quiet, cancel := context.WithTimeout(ctx, listenCheck)
		_, err := conn.WaitForNotification(quiet)
		expired := quiet.Err() != nil
		cancel()
		switch {
		case err == nil:
			wake()
		case ctx.Err() != nil:
			return ctx.Err()
		case expired && !conn.IsClosed():
			alive, cancel := context.WithTimeout(ctx, connectTimeout)
			err := conn.Ping(alive)
			cancel()
			if err != nil {
				return err
			}
		default:
			return err
		}
	}
}
