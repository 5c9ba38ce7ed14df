package pg

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
)

// AuditRow is one thing that somebody did, or was refused.
type AuditRow struct {
	ID                     int64
	Actor, Action, Subject string
	SubjectID              *int64
	Detail                 json.RawMessage
	Time                   time.Time
}

// Audit notes something that is no part of a transaction, such as a refusal.
func (s *Store) Audit(ctx context.Context, actor, action, subject string, detail map[string]any) error {
	return s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `INSERT INTO audit (actor, action, subject, detail) VALUES ($1, $2, $3, $4)`, clean(actor), action, subject, detail)
		return err
	})
}

// AuditQuery chooses rows of the audit log.
type AuditQuery struct {
	// Before is the id below which rows are wanted: the last id of the page before; 0 for the first page.
	Before int64
	// Actor and Action, unless empty, must be those of the row.
	Actor, Action string
	Limit         int
}

// AuditRows returns rows of the audit log, the newest first.
func (s *Store) AuditRows(ctx context.Context, q AuditQuery) (out []AuditRow, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT id, actor, action, subject, subject_id, detail, at FROM audit
			WHERE ($1 = 0 OR id < $1) AND ($2 = '' OR actor = $2) AND ($3 = '' OR action = $3) ORDER BY id DESC LIMIT $4`,
			q.Before, clean(q.Actor), clean(q.Action), q.Limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[AuditRow])
		return err
	})
	return out, err
}
