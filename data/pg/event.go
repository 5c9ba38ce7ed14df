package pg

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"yutu/geo"
	"yutu/geo/division"
)

// subjectEvent is the name of the table in change and audit.
const subjectEvent = "event"

// EventRecord is an event as it is on record, with its lineage.
type EventRecord struct {
	division.Event
	// Synthetic: made-up demonstration data.
	Synthetic bool
	// Own: the event wrote its versions itself and can be withdrawn by itself; else it came with a data set.
	Own bool
	// Withdrawn is when it was withdrawn, by whom and why; nil: it is in effect.
	Withdrawn *Withdrawal
	// Edges are what became of which version, ordered by the versions' ids; 0 where nothing on record was or followed.
	Edges []division.Edge
}

// Withdrawal says who took an event back.
type Withdrawal struct {
	Time          time.Time
	Actor, Reason string
}

// selectEvent is the beginning of every query that collectEvents reads.
const selectEvent = `SELECT id, kind, date - date '1970-01-01', document_number, document_issuer, document_title,
	document_date - date '1970-01-01', note, actor, recorded_at, synthetic, own, withdrawn_at, COALESCE(withdrawn_by, ''),
	COALESCE(withdrawn_reason, '') FROM event `

// Events returns all events, withdrawn ones too, by date and number, and a place in the log from which on they are so.
func (s *Store) Events(ctx context.Context) (events []EventRecord, seq int64, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		return pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error {
			if seq, err = lastSeq(ctx, tx); err != nil {
				return err
			}
			events, err = collectEvents(ctx, tx, selectEvent+`ORDER BY date, id`)
			return err
		})
	})
	return events, seq, err
}

// EventsByID returns the events that exist among the ids, by date and number.
func (s *Store) EventsByID(ctx context.Context, ids []int64) (events []EventRecord, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		events, err = collectEvents(ctx, conn, selectEvent+`WHERE id = ANY ($1) ORDER BY date, id`, ids)
		return err
	})
	return events, err
}

// DivisionState returns all units, and the events in effect with their edges, of one state of the database.
func (s *Store) DivisionState(ctx context.Context) (units []division.Unit, events []division.Event, edges []division.Edge, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, nil, nil, translate(ctx, err)
	}
	defer conn.Release()
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0; SET LOCAL enable_sort = off`); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectDivision+orderDivision)
		if err != nil {
			return err
		}
		units, err = pgx.CollectRows(rows, func(pgx.CollectableRow) (division.Unit, error) { return scanDivision(rows) })
		if err != nil {
			return err
		}
		events, edges, err = eventsInEffect(ctx, tx)
		return err
	})
	return units, events, edges, translate(ctx, err)
}

func eventsInEffect(ctx context.Context, q querier) (events []division.Event, edges []division.Edge, err error) {
	records, err := collectEvents(ctx, q, selectEvent+`WHERE withdrawn_at IS NULL ORDER BY date, id`)
	for i := range records {
		events = append(events, records[i].Event)
		edges = append(edges, records[i].Edges...)
	}
	return events, edges, err
}

func collectEvents(ctx context.Context, q querier, sql string, args ...any) ([]EventRecord, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	events, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e EventRecord, err error) {
		var day int32
		var documentDay *int32
		var at *time.Time
		var w Withdrawal
		err = row.Scan(&e.ID, (*string)(&e.Kind), &day, &e.Document.Number, &e.Document.Issuer, &e.Document.Title, &documentDay,
			&e.Note, &e.Actor, &e.RecordedAt, &e.Synthetic, &e.Own, &at, &w.Actor, &w.Reason)
		e.Date = division.Date(day)
		if documentDay != nil {
			d := division.Date(*documentDay)
			e.Document.Date = &d
		}
		if at != nil {
			w.Time = *at
			e.Withdrawn = &w
		}
		return e, err
	})
	if err != nil || len(events) == 0 {
		return events, err
	}
	place := make(map[int64]int, len(events))
	ids := make([]int64, len(events))
	for i := range events {
		place[events[i].ID], ids[i] = i, events[i].ID
	}
	rows, err = q.Query(ctx, `SELECT event_id, COALESCE(before_id, 0), COALESCE(after_id, 0), area_share, area_m2, population_share
		FROM lineage WHERE event_id = ANY ($1) ORDER BY before_id, after_id`, ids)
	if err != nil {
		return nil, err
	}
	var e division.Edge
	_, err = pgx.ForEachRow(rows, []any{&e.EventID, &e.Before, &e.After, &e.AreaShare, &e.AreaM2, &e.PopulationShare}, func() error {
		edge := e
		if e.PopulationShare != nil {
			share := *e.PopulationShare
			edge.PopulationShare = &share
		}
		to := &events[place[e.EventID]]
		to.Edges = append(to.Edges, edge)
		return nil
	})
	return events, err
}

// putEvent writes the event with its lineage and returns its id. The payload is JSON.
func (t *Tx) putEvent(ctx context.Context, e *EventRecord, payload []byte, importID int64) (id int64, err error) {
	var documentDay pgtype.Date
	if e.Document.Date != nil {
		documentDay = date(*e.Document.Date)
	}
	err = t.tx.QueryRow(ctx, `INSERT INTO event (kind, date, document_number, document_issuer, document_title, document_date, note,
			synthetic, payload, actor, import_id, own)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
		string(e.Kind), date(e.Date), clean(e.Document.Number), clean(e.Document.Issuer), clean(e.Document.Title), documentDay, clean(e.Note),
		e.Synthetic, payload, t.actor, importID, e.Own).Scan(&id)
	if err != nil {
		return 0, err
	}
	optional := func(id int64) any {
		if id == 0 {
			return nil
		}
		return id
	}
	_, err = t.tx.CopyFrom(ctx, pgx.Identifier{"lineage"},
		[]string{"event_id", "before_id", "after_id", "area_share", "area_m2", "population_share"},
		pgx.CopyFromSlice(len(e.Edges), func(i int) ([]any, error) {
			l := &e.Edges[i]
			return []any{id, optional(l.Before), optional(l.After), l.AreaShare, l.AreaM2, l.PopulationShare}, nil
		}))
	return id, err
}

// eventDigests returns a digest of all that the events say, lineage included.
func (t *Tx) eventDigests(ctx context.Context, ids []int64) (map[int64][]byte, error) {
	rows, err := t.tx.Query(ctx, `SELECT id, sha256(convert_to(jsonb_build_array(to_jsonb(e), (SELECT jsonb_agg(to_jsonb(l) ORDER BY before_id, after_id)
		FROM lineage l WHERE l.event_id = e.id))::text, 'UTF8')) FROM event e WHERE id = ANY ($1)`, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[int64][]byte, len(ids))
	var id int64
	var digest []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &digest}, func() error {
		out[id] = slices.Clone(digest)
		return nil
	})
	return out, err
}

// toggleEvents withdraws those of the events that are in effect and puts the others into effect again, under the row
// of import given.
func (t *Tx) toggleEvents(ctx context.Context, ids []int64, importID int64, reason string) error {
	if len(ids) == 0 {
		return nil
	}
	before, err := t.eventDigests(ctx, ids)
	if err != nil {
		return err
	}
	_, err = t.tx.Exec(ctx, `UPDATE event SET
			withdrawn_at = CASE WHEN withdrawn_at IS NULL THEN clock_timestamp() END,
			withdrawn_by = CASE WHEN withdrawn_at IS NULL THEN $2 END,
			withdrawn_reason = CASE WHEN withdrawn_at IS NULL THEN $3 END,
			withdrawn_import = CASE WHEN withdrawn_at IS NULL THEN $4::bigint END
		WHERE id = ANY ($1)`, ids, t.actor, clean(reason), importID)
	if err != nil {
		return err
	}
	after, err := t.eventDigests(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		t.changes = append(t.changes, change{subjectEvent, id, before[id], after[id]})
	}
	return nil
}

// withdrawSyntheticEvents lets made-up events go with the made-up units that make way for real ones.
func (t *Tx) withdrawSyntheticEvents(ctx context.Context, p *plan, importID int64) error {
	if len(p.withdrawn) == 0 {
		return nil
	}
	rows, err := t.tx.Query(ctx, `SELECT id FROM event WHERE synthetic AND withdrawn_at IS NULL ORDER BY id`)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	return t.toggleEvents(ctx, ids, importID, "synthetic data made way for real data")
}

// VersionKey names a version of a data set that has no ids yet: its code and first day.
type VersionKey struct {
	Code division.Code
	From division.Date
}

// HistoricEvent is an event that comes with its units in a data set: the versions are there, and it says what made
// them out of each other.
type HistoricEvent struct {
	division.Event
	Synthetic bool
	Edges     []HistoricEdge
}

// HistoricEdge is an edge between versions that have no ids yet; see division.Edge.
type HistoricEdge struct {
	Before, After     VersionKey
	AreaShare, AreaM2 float64
	PopulationShare   *float64
}

// missingEvents returns those of the events that are not on record. An event is known by its kind, its date and
// the codes of its versions.
func (t *Tx) missingEvents(ctx context.Context, events []HistoricEvent) ([]HistoricEvent, error) {
	if len(events) == 0 {
		return nil, nil
	}
	rows, err := t.tx.Query(ctx, `SELECT e.kind || ' ' || e.date || ' ' || string_agg(DISTINCT b.code || '>' || a.code, ' ' ORDER BY b.code || '>' || a.code)
		FROM event e JOIN lineage l ON l.event_id = e.id JOIN division b ON b.id = l.before_id JOIN division a ON a.id = l.after_id
		WHERE e.withdrawn_at IS NULL GROUP BY e.id`)
	if err != nil {
		return nil, err
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(keys))
	for _, k := range keys {
		known[k] = true
	}
	var out []HistoricEvent
	for _, e := range events {
		var pairs []string
		for _, l := range e.Edges {
			pairs = append(pairs, string(l.Before.Code+">"+l.After.Code))
		}
		slices.Sort(pairs)
		if !known[string(e.Kind)+" "+e.Date.String()+" "+strings.Join(slices.Compact(pairs), " ")] {
			out = append(out, e)
		}
	}
	return out, nil
}

// putHistoricEvents writes events whose versions are on record.
func (t *Tx) putHistoricEvents(ctx context.Context, events []HistoricEvent, importID int64) error {
	if len(events) == 0 {
		return nil
	}
	present, err := presentDivisions(ctx, t.tx)
	if err != nil {
		return err
	}
	ids := make(map[VersionKey]int64, len(present))
	for i := range present {
		ids[VersionKey{present[i].code, present[i].valid.From}] = present[i].id
	}
	written := make([]int64, 0, len(events))
	for i := range events {
		h := &events[i]
		e := EventRecord{Event: h.Event, Synthetic: h.Synthetic}
		for _, l := range h.Edges {
			before, after := ids[l.Before], ids[l.After]
			if before == 0 || after == 0 {
				return &Error{Kind: ErrInvalid, Text: geo.Text{
					ZH: fmt.Sprintf("%s 的事件提到了不存在的区划版本：%s 或 %s", h.Date, l.Before.Code, l.After.Code),
					EN: fmt.Sprintf("an event of %s names a version that does not exist: %s or %s", h.Date, l.Before.Code, l.After.Code),
				}}
			}
			e.Edges = append(e.Edges, division.Edge{Before: before, After: after, AreaShare: l.AreaShare, AreaM2: l.AreaM2, PopulationShare: l.PopulationShare})
		}
		id, err := t.putEvent(ctx, &e, []byte(`{}`), importID)
		if err != nil {
			return err
		}
		written = append(written, id)
	}
	digests, err := t.eventDigests(ctx, written)
	if err != nil {
		return err
	}
	for _, id := range written {
		t.changes = append(t.changes, change{subjectEvent, id, nil, digests[id]})
	}
	return nil
}
