package pg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yutu/geo"
	"yutu/geo/division"
)

// Import is one import on record, or the undoing of one.
type Import struct {
	ID int64
	// File is empty where Undoes is set.
	File, Actor string
	Time        time.Time
	// See ImportResult.
	Added, Changed, Withdrawn int
	// Undone: it was taken back, and that is in effect.
	Undone bool
	// Undoes is the import that this one takes back; 0 for a file.
	Undoes int64
}

// Imports returns the latest imports of files, the newest first, up to limit; events are listed by Events.
func (s *Store) Imports(ctx context.Context, limit int) (imports []Import, err error) {
	err = s.read(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT id, file, actor, at, added, changed, withdrawn, undone_by IS NOT NULL, COALESCE(undoes, 0)
			FROM import WHERE event_id IS NULL ORDER BY last_seq DESC LIMIT $1`, max(limit, 0))
		if err != nil {
			return err
		}
		imports, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Import])
		return err
	})
	return imports, err
}

// UndoImport takes an import back in one transaction: every row that it wrote is again what it was before, with the
// same id and digest; rows that it added are gone, rows that it withdrew are back; so it is with the events that it
// brought. The undoing is an import itself, with a number of its own (ImportResult.ID), by which it can be undone
// in turn.
//
// Errors: ErrNotFound; ErrAlreadyUndone; ErrUndoBlocked when something later builds on the import: it changed the
// same rows again, put a version where an old one would return, put real data beside synthetic data that would
// return, or put units below one that would go. The text names the latest such change, which must be undone first,
// or the event, which must be withdrawn first.
func (s *Store) UndoImport(ctx context.Context, id int64, actor string) (ImportResult, error) {
	var result ImportResult
	seq, err := s.InTx(ctx, actor, func(t *Tx) error {
		if err := t.lockForDivisions(ctx); err != nil {
			return err
		}
		u, err := t.startUndo(ctx, id)
		if err != nil {
			return err
		}
		if u.eventID != nil {
			return &Error{Kind: ErrNotFound, Text: geo.Text{
				ZH: fmt.Sprintf("编号 %d 不是导入，而是区划变更事件 %d；请用 yutu event --withdraw %[2]d 撤回", id, *u.eventID),
				EN: fmt.Sprintf("number %d is no import but the event %d: withdraw it with yutu event --withdraw %[2]d", id, *u.eventID),
			}}
		}
		result, err = u.run(ctx, "")
		return err
	})
	if err != nil {
		return ImportResult{}, err
	}
	result.Seq = seq
	return result, nil
}

// undo is the taking back of one import.
type undo struct {
	*Tx
	id          int64 // of the import to be taken back
	undoes      *int64
	eventID     *int64 // the event that the row of import stands for; nil for files
	first, last int64
}

// run checks and takes back; reason is noted with the events that are withdrawn.
func (u *undo) run(ctx context.Context, reason string) (ImportResult, error) {
	did, err := u.readChanges(ctx)
	if err != nil {
		return ImportResult{}, err
	}
	if err := u.check(ctx, did); err != nil {
		return ImportResult{}, err
	}
	return u.apply(ctx, did, reason)
}

func (t *Tx) startUndo(ctx context.Context, id int64) (*undo, error) {
	u := &undo{Tx: t, id: id}
	var undoneBy *int64
	err := t.tx.QueryRow(ctx, `SELECT undone_by, undoes, event_id, first_seq, last_seq FROM import WHERE id = $1`, id).
		Scan(&undoneBy, &u.undoes, &u.eventID, &u.first, &u.last)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, &Error{Kind: ErrNotFound, Text: geo.Text{
			ZH: fmt.Sprintf("没有编号为 %d 的导入", id),
			EN: fmt.Sprintf("there is no import with the number %d", id),
		}}
	}
	if err != nil {
		return nil, err
	}
	if undoneBy != nil {
		return nil, &Error{Kind: ErrAlreadyUndone, Text: geo.Text{
			ZH: fmt.Sprintf("导入 %d 已经撤销过（见 %d）", id, *undoneBy),
			EN: fmt.Sprintf("import %d was undone already (by %d)", id, *undoneBy),
		}}
	}
	return u, nil
}

// readChanges returns what the import did to divisions, in order.
func (u *undo) readChanges(ctx context.Context) ([]change, error) {
	// Vertices that an event put into the border of a version which it neither ended nor began stay where the version
	// was altered again since: they change nothing that anybody could rest on.
	rows, err := u.tx.Query(ctx, `SELECT subject, subject_id, before, after FROM change c
		WHERE seq BETWEEN $1 AND $2 AND subject = 'division' AND ($3::bigint IS NULL
			OR EXISTS (SELECT FROM lineage l WHERE l.event_id = $3 AND c.subject_id IN (l.before_id, l.after_id))
			OR EXISTS (SELECT FROM division d WHERE d.id = c.subject_id AND d.hash = c.after))
		ORDER BY seq`, u.first, u.last, u.eventID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c change, err error) {
		err = row.Scan(&c.subject, &c.id, &c.before, &c.after)
		return c, err
	})
}

func idsOf(did []change) []int64 {
	ids := make([]int64, len(did))
	for i := range did {
		ids[i] = did[i].id
	}
	return ids
}

// obstacle is a row that stands in the way of an undoing, with what it does there.
type obstacle struct {
	id     int64
	code   division.Code
	zh, en string // with a place for the code
}

// check refuses when something later builds on the import.
func (u *undo) check(ctx context.Context, did []change) error {
	now, err := presentDivisions(ctx, u.tx)
	if err != nil {
		return err
	}
	back, err := collectPresent(u.tx.Query(ctx, selectPresent+`division_past WHERE ended_by = $1 AND id = ANY ($2)`, u.id, idsOf(did)))
	if err != nil {
		return err
	}
	rows, err := u.tx.Query(ctx, `SELECT subject_id FROM change WHERE seq > $1 AND subject = 'division'`, u.last)
	if err != nil {
		return err
	}
	since, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	o := findObstacle(did, now, back, since)
	if o == nil {
		return nil
	}
	by, err := u.lastChange(ctx, o.id)
	if err != nil {
		return err
	}
	if o.code == "" {
		// The row is gone; what it was is kept.
		err := u.tx.QueryRow(ctx, `SELECT code FROM division_past WHERE id = $1 ORDER BY past_id DESC LIMIT 1`, o.id).Scan((*string)(&o.code))
		if err != nil {
			return err
		}
	}
	events, err := u.laterEvents(ctx, did, o.id)
	if err != nil {
		return err
	}
	what := geo.Text{ZH: fmt.Sprintf("导入 %d 不能撤销", u.id), EN: fmt.Sprintf("import %d cannot be undone", u.id)}
	if u.eventID != nil {
		what = geo.Text{ZH: fmt.Sprintf("事件 %d 不能撤回", *u.eventID), EN: fmt.Sprintf("event %d cannot be withdrawn", *u.eventID)}
	}
	return &Error{Kind: ErrUndoBlocked, Events: events, Text: geo.Text{
		ZH: fmt.Sprintf("%s：%s"+o.zh, what.ZH, by.ZH, o.code),
		EN: fmt.Sprintf("%s: %s "+o.en, what.EN, by.EN, o.code),
	}}
}

// laterEvents returns the events in effect that wrote rows which the import wrote as well, or the row given.
func (u *undo) laterEvents(ctx context.Context, did []change, id int64) ([]int64, error) {
	ids := append(idsOf(did), id)
	rows, err := u.tx.Query(ctx, `SELECT DISTINCT e.id FROM change c
		JOIN import i ON c.seq BETWEEN i.first_seq AND i.last_seq JOIN event e ON e.import_id = i.id
		WHERE c.seq > $1 AND c.subject = 'division' AND c.subject_id = ANY ($2) AND e.withdrawn_at IS NULL AND e.own
		ORDER BY e.id`, u.last, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// findObstacle returns the first row in the way of taking back what an import did, nil if there is none. now are
// the rows on record, back those that would return, since the ids that were changed after the import.
func findObstacle(did []change, now, back []present, since []int64) *obstacle {
	rows := make(map[int64]*present, len(now))
	for i := range now {
		rows[now[i].id] = &now[i]
	}
	written := make(map[int64]bool, len(did)) // by the import
	for _, c := range did {
		written[c.id] = true
		switch r := rows[c.id]; {
		case r == nil && c.after != nil:
			return &obstacle{c.id, "", "移除了代码 %s", "removed code %s"}
		case r != nil && !bytes.Equal(r.hash[:], c.after):
			return &obstacle{c.id, r.code, "又改动了代码 %s", "changed code %s again"}
		}
	}
	stay := make(map[division.Code][]*present, len(now)) // what will be on record afterwards
	leave := make(map[division.Code][]*present)
	for i := range now {
		if r := &now[i]; written[r.id] {
			leave[r.code] = append(leave[r.code], r)
		} else {
			stay[r.code] = append(stay[r.code], r)
		}
	}
	var kinds [2]bool // whether real or synthetic rows return
	for i := range back {
		b := &back[i]
		if b.synthetic {
			kinds[1] = true
		} else {
			kinds[0] = true
		}
		if r := overlapping(stay[b.code], b.valid); r != nil {
			return &obstacle{r.id, r.code, "写入了代码 %s 的另一版本", "wrote another version of code %s"}
		}
	}
	for i := range back {
		stay[back[i].code] = append(stay[back[i].code], &back[i])
	}
	later := make(map[int64]bool, len(since))
	for _, id := range since {
		later[id] = true
	}
	for i := range now {
		r := &now[i]
		if written[r.id] {
			continue
		}
		if r.synthetic && kinds[0] || !r.synthetic && kinds[1] {
			return &obstacle{r.id, r.code, "写入了代码 %s，而合成数据与真实数据不得并存",
				"wrote code %s, and synthetic and real data must not stand side by side"}
		}
		if later[r.id] && overlapping(leave[r.parent], r.valid) != nil && overlapping(stay[r.parent], r.valid) == nil {
			return &obstacle{r.id, r.code, "在其下写入了代码 %s", "put code %s below one of its units"}
		}
	}
	return nil
}

func overlapping(rows []*present, valid division.Range) *present {
	for _, r := range rows {
		if r.valid.Overlaps(valid) {
			return r
		}
	}
	return nil
}

// lastChange names what wrote or removed the row last.
func (u *undo) lastChange(ctx context.Context, id int64) (geo.Text, error) {
	var seq int64
	var actor string
	var at time.Time
	var importID, eventID *int64
	var undoes bool
	err := u.tx.QueryRow(ctx, `SELECT c.seq, c.actor, c.at, i.id, i.event_id, i.undoes IS NOT NULL
		FROM change c LEFT JOIN import i ON c.seq BETWEEN i.first_seq AND i.last_seq
		WHERE c.subject = 'division' AND c.subject_id = $1 ORDER BY c.seq DESC LIMIT 1`, id).Scan(&seq, &actor, &at, &importID, &eventID, &undoes)
	if err != nil {
		return geo.Text{}, err
	}
	when := at.UTC().Format("2006-01-02 15:04:05 UTC")
	if eventID != nil {
		return u.nameEvent(ctx, *eventID, undoes, actor, when)
	}
	if importID != nil {
		return geo.Text{
			ZH: fmt.Sprintf("其后的导入 %d（%s，%s；可先撤销它）", *importID, actor, when),
			EN: fmt.Sprintf("the later import %d (%s, %s; undo it first)", *importID, actor, when),
		}, nil
	}
	return geo.Text{
		ZH: fmt.Sprintf("其后的单项修改 %d（%s，%s）", seq, actor, when),
		EN: fmt.Sprintf("the later edit %d (%s, %s)", seq, actor, when),
	}, nil
}

// nameEvent says which event, or the withdrawal of which, changed something.
func (u *undo) nameEvent(ctx context.Context, id int64, withdrawn bool, actor, when string) (geo.Text, error) {
	var day, number string
	err := u.tx.QueryRow(ctx, `SELECT date::text, document_number FROM event WHERE id = $1`, id).Scan(&day, &number)
	if err != nil {
		return geo.Text{}, err
	}
	if number != "" {
		day += " " + number
	}
	if withdrawn {
		return geo.Text{
			ZH: fmt.Sprintf("其后对区划变更事件 %d（%s）的撤回（%s，%s）", id, day, actor, when),
			EN: fmt.Sprintf("the later withdrawal of event %d (%s; %s, %s)", id, day, actor, when),
		}, nil
	}
	return geo.Text{
		ZH: fmt.Sprintf("其后的区划变更事件 %d（%s，%s，%s；可先撤回它）", id, day, actor, when),
		EN: fmt.Sprintf("the later event %d (%s; %s, %s; withdraw it first)", id, day, actor, when),
	}, nil
}

// apply exchanges the rows and writes down what it did.
func (u *undo) apply(ctx context.Context, did []change, reason string) (r ImportResult, err error) {
	if r.ID, err = u.newImportID(ctx); err != nil {
		return r, err
	}
	var present []int64
	for _, c := range did {
		// What was after the import is before its undoing.
		c.before, c.after = c.after, c.before
		switch {
		case c.after == nil:
			r.Added++
		case c.before == nil:
			r.Withdrawn++
		default:
			r.Changed++
		}
		if c.before != nil {
			present = append(present, c.id)
		}
		u.changes = append(u.changes, c)
	}
	if err := u.archive(ctx, present, "undone", &r.ID); err != nil {
		return r, err
	}
	_, err = u.tx.Exec(ctx, `INSERT INTO division (`+pastColumns+`) SELECT `+pastColumns+` FROM division_past WHERE ended_by = $1 AND id = ANY ($2)`,
		u.id, idsOf(did))
	if err != nil {
		return r, err
	}
	rows, err := u.tx.Query(ctx, `SELECT DISTINCT subject_id FROM change WHERE seq BETWEEN $1 AND $2 AND subject = 'event'
		ORDER BY subject_id`, u.first, u.last)
	if err != nil {
		return r, err
	}
	events, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return r, err
	}
	if err := u.toggleEvents(ctx, events, r.ID, reason); err != nil {
		return r, err
	}
	u.finish = append(u.finish, func(ctx context.Context, first, last int64) error {
		_, err := u.tx.Exec(ctx, `INSERT INTO import (id, file, actor, added, changed, unchanged, withdrawn, undoes, event_id, first_seq, last_seq)
			OVERRIDING SYSTEM VALUE VALUES ($1, '', $2, $3, $4, 0, $5, $6, $7, $8, $9)`,
			r.ID, u.actor, r.Added, r.Changed, r.Withdrawn, u.id, u.eventID, first, last)
		if err != nil {
			return err
		}
		_, err = u.tx.Exec(ctx, `UPDATE import SET undone_by = $1 WHERE id = $2`, r.ID, u.id)
		if err != nil || u.undoes == nil {
			return err
		}
		// Taking back the taking back puts the first import into effect again.
		_, err = u.tx.Exec(ctx, `UPDATE import SET undone_by = NULL WHERE id = $1`, *u.undoes)
		return err
	})
	detail := map[string]any{"import": r.ID, "removed": r.Added, "restored": r.Changed, "brought_back": r.Withdrawn}
	if u.eventID != nil {
		detail["reason"] = reason
		return r, u.audit(ctx, "withdraw", subjectEvent, *u.eventID, detail)
	}
	return r, u.audit(ctx, "undo", "import", u.id, detail)
}
