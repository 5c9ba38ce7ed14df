package pg

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/division"
	"yutu/geo/topo"
)

// EventRequest says who records which event.
type EventRequest struct {
	Actor string
	// Codes say which serial numbers belong to which type of unit.
	Codes   []division.CodeRange
	Request division.Request
	// Allow is asked about each plan before it is carried out or shown; nil allows everything. Its error ends the call.
	Allow func(*EventPlan) error
}

// EventPlan is what an event would do now.
type EventPlan struct {
	// Effect is meaningless when there are Refusals.
	Effect   division.Effect
	Refusals []division.Refusal
	// Before are the versions that the effect ends or amends, as they are now.
	Before []division.Unit
	// Seq is the place in the log to whose state the plan belongs.
	Seq int64
}

// Recorded is an event that was recorded.
type Recorded struct {
	// ID is the event's number; Seq the place in the log from which on it is in effect.
	ID, Seq  int64
	Warnings []division.Refusal
}

// PlanEvent returns what RecordEvent would do now. It writes nothing and waits for nobody. Errors: that of
// Allow, ErrUnavailable.
func (s *Store) PlanEvent(ctx context.Context, r EventRequest) (plan EventPlan, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return plan, translate(ctx, err)
	}
	defer conn.Release()
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
			return err
		}
		plan, err = planEvent(ctx, tx, r)
		return err
	})
	return plan, translate(ctx, err)
}

// RecordEvent decides on the event and writes what it does, in one transaction: versions end, begin, or get vertices
// where others end on their border, as in an import; the event and its lineage are put down beside them. It is decided
// before others are kept from writing, and again if they wrote meanwhile.
//
// Errors: ErrRefused with the reasons; that of Allow; ErrInvalid, ErrOverlap, ErrSyntheticOverReal; ErrUnavailable.
func (s *Store) RecordEvent(ctx context.Context, r EventRequest) (Recorded, error) {
	plan, err := s.PlanEvent(ctx, r)
	if err != nil {
		return Recorded{}, err
	}
	if err := refused(plan.Refusals); err != nil {
		return Recorded{}, err
	}
	var out Recorded
	out.Seq, err = s.InTx(ctx, r.Actor, func(t *Tx) error {
		if err := t.lockForDivisions(ctx); err != nil {
			return err
		}
		var stale bool
		err := t.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM change WHERE seq > $1 AND subject IN ('division', 'event'))`, plan.Seq).Scan(&stale)
		if err != nil {
			return err
		}
		if stale {
			if plan, err = planEvent(ctx, t.tx, r); err != nil {
				return err
			}
			if err := refused(plan.Refusals); err != nil {
				return err
			}
		}
		out.ID, err = t.recordEvent(ctx, &plan)
		out.Warnings = plan.Effect.Warnings
		return err
	})
	if err != nil {
		return Recorded{}, err
	}
	return out, nil
}

func refused(reasons []division.Refusal) error {
	if len(reasons) == 0 {
		return nil
	}
	var zh, en []string
	for _, f := range reasons[:min(len(reasons), 3)] {
		zh, en = append(zh, f.Message.ZH), append(en, f.Message.EN)
	}
	return &Error{Kind: ErrRefused, Refusals: reasons, Text: geo.Text{ZH: strings.Join(zh, " "), EN: strings.Join(en, " ")}}
}

func planEvent(ctx context.Context, q querier, r EventRequest) (plan EventPlan, err error) {
	if plan.Seq, err = lastSeq(ctx, q); err != nil {
		return plan, err
	}
	state, err := eventState(ctx, q, r)
	if err != nil {
		return plan, err
	}
	plan.Effect, plan.Refusals = state.Apply(r.Request)
	if len(plan.Refusals) > 0 {
		return plan, nil
	}
	for _, id := range altered(&plan.Effect) {
		u, ok := state.Unit(id)
		if !ok {
			return plan, fmt.Errorf("the event alters version %d, which was not read", id)
		}
		plan.Before = append(plan.Before, *u)
	}
	if r.Allow != nil {
		return plan, r.Allow(&plan)
	}
	return plan, nil
}

// eventState reads what an event may depend on: all versions in the counties that the request names and all that lie
// by the units that it names or by what it draws, with all events. A province need not be read to merge two villages.
func eventState(ctx context.Context, q querier, r EventRequest) (*division.State, error) {
	codes := namedCodes(&r.Request)
	counties := make([]string, 0, len(codes))
	for _, c := range codes {
		if len(c) == 12 {
			counties = append(counties, c[:6])
		}
	}
	slices.Sort(counties)
	box := drawnBox(&r.Request)
	// The box is widened by a hair, so that whatever touches it is read.
	rows, err := q.Query(ctx, selectDivision+`WHERE left(code, 6) = ANY ($1)
		OR geom && (SELECT ST_Expand(ST_SetSRID(ST_Extent(geom)::geometry, 4490), 1e-6) FROM division WHERE code = ANY ($2))
		OR geom && ST_MakeEnvelope($3, $4, $5, $6, 4490)`+orderDivision,
		slices.Compact(counties), codes, box.Min[0], box.Min[1], box.Max[0], box.Max[1])
	if err != nil {
		return nil, err
	}
	units, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (division.Unit, error) { return scanDivision(rows) })
	if err != nil {
		return nil, err
	}
	events, edges, err := eventsInEffect(ctx, q)
	if err != nil {
		return nil, err
	}
	return division.NewState(units, events, edges, r.Codes), nil
}

func namedCodes(r *division.Request) []string {
	var out []string
	put := func(codes ...division.Code) {
		for _, c := range codes {
			if c != "" {
				out = append(out, string(c))
			}
		}
	}
	put(r.Units...)
	put(r.Members...)
	put(r.To)
	for _, x := range r.Results {
		put(x.Code, x.Parent)
	}
	for _, x := range r.Children {
		put(x.Code, x.NewCode)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// drawnBox is the box of what the request draws; far from everything where it draws nothing.
func drawnBox(r *division.Request) orb.Bound {
	box := orb.LineString(r.Line).Bound()
	for _, x := range r.Results {
		if len(x.Geometry) > 0 {
			box = box.Union(orb.MultiPolygon(x.Geometry).Bound())
		}
	}
	if box.IsEmpty() {
		return orb.Bound{Min: orb.Point{1e6, 1e6}, Max: orb.Point{1e6, 1e6}}
	}
	return box
}

// altered returns the ids of the versions that are on record and will not be what they are, ascending.
func altered(e *division.Effect) []int64 {
	var out []int64
	for _, x := range e.End {
		out = append(out, x.ID)
	}
	for i := range e.Amend {
		out = append(out, e.Amend[i].ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// recordEvent carries the plan out and returns the number of the event.
func (t *Tx) recordEvent(ctx context.Context, plan *EventPlan) (id int64, err error) {
	importID, err := t.newImportID(ctx)
	if err != nil {
		return 0, err
	}
	effect := &plan.Effect
	ids, err := t.newDivisionIDs(ctx, len(effect.Begin))
	if err != nil {
		return 0, err
	}
	begun := make(map[int64]int64, len(ids)) // temporary id → id
	for i := range effect.Begin {
		begun[effect.Begin[i].ID] = ids[i]
	}
	writes, err := eventWrites(plan, begun)
	if err != nil {
		return 0, err
	}
	present, err := presentDivisions(ctx, t.tx)
	if err != nil {
		return 0, err
	}
	gone, err := t.checkEvent(plan, present, writes)
	if err != nil {
		return 0, err
	}
	if err := t.archive(ctx, altered(effect), "replaced", &importID); err != nil {
		return 0, err
	}
	if err := t.copyDivisions(ctx, writes, &importID, nil); err != nil {
		return 0, err
	}
	e := EventRecord{Own: true}
	r := &effect.Request
	e.Kind, e.Date, e.Document, e.Note = r.Kind, r.Date, r.Document, r.Note
	real := func(id int64) int64 {
		if id < 0 {
			return begun[id]
		}
		return id
	}
	for _, l := range effect.Lineage {
		l.Before, l.After = real(l.Before), real(l.After)
		e.Edges = append(e.Edges, l)
	}
	e.Synthetic = len(present) > 0 && present[0].synthetic // the kinds never stand side by side
	payload, err := json.Marshal(r)
	if err != nil {
		return 0, err
	}
	if id, err = t.putEvent(ctx, &e, payload, importID); err != nil {
		return 0, err
	}
	digests, err := t.eventDigests(ctx, []int64{id})
	if err != nil {
		return 0, err
	}
	t.changes = append(t.changes, gone...)
	for i := range writes {
		var before []byte
		if b := writes[i].before; b != nil {
			before = b.hash[:]
		}
		if w := &writes[i]; !bytes.Equal(before, w.hash[:]) {
			t.changes = append(t.changes, change{subjectDivision, w.unit.ID, before, w.hash[:]})
		}
	}
	t.changes = append(t.changes, change{subjectEvent, id, nil, digests[id]})
	t.finish = append(t.finish, func(ctx context.Context, first, last int64) error {
		_, err := t.tx.Exec(ctx, `INSERT INTO import (id, file, actor, added, changed, unchanged, withdrawn, event_id, first_seq, last_seq)
			OVERRIDING SYSTEM VALUE VALUES ($1, '', $2, $3, $4, 0, 0, $5, $6, $7)`,
			importID, t.actor, len(effect.Begin), len(plan.Before), id, first, last)
		return err
	})
	return id, t.audit(ctx, "record", subjectEvent, id, map[string]any{
		"kind": e.Kind, "date": e.Date, "document": e.Document.Number, "ended": len(effect.End), "begun": len(effect.Begin),
	})
}

// eventWrites are the rows after the event: those that begin, and those that end or get vertices. A version that would
// end on its first day is not among them.
func eventWrites(plan *EventPlan, begun map[int64]int64) ([]write, error) {
	effect := &plan.Effect
	ends := make(map[int64]division.Date, len(effect.End))
	for _, e := range effect.End {
		ends[e.ID] = e.Date
	}
	geoms := make(map[int64]orb.MultiPolygon, len(effect.Amend))
	for i := range effect.Amend {
		geoms[effect.Amend[i].ID] = effect.Amend[i].Geom
	}
	var writes []write
	for _, u := range plan.Before {
		if to, ok := ends[u.ID]; ok {
			u.Valid.To = to
		}
		if g, ok := geoms[u.ID]; ok {
			u.Geom = g
		}
		if !u.Valid.Empty() {
			writes = append(writes, write{unit: u})
		}
	}
	for _, u := range effect.Begin {
		u.ID = begun[u.ID]
		if u.Label == (orb.Point{}) {
			u.Label = topo.LabelPoint(u.Geom)
		}
		writes = append(writes, write{unit: u})
	}
	errs := make([]error, len(writes))
	parallel(len(writes), func(i int) {
		errs[i] = validate(&writes[i].unit)
		writes[i].hash = writes[i].unit.Hash()
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return writes, nil
}

// checkEvent refuses what the rows must not become beside the others, connects the writes with the rows that they
// replace, and returns the changes of the rows that go.
func (t *Tx) checkEvent(plan *EventPlan, rows []present, writes []write) (gone []change, err error) {
	byID := make(map[int64]*present, len(rows))
	stay := make(map[division.Code][]*present, len(rows))
	for i := range rows {
		byID[rows[i].id] = &rows[i]
	}
	replaced := make(map[int64]bool, len(plan.Before))
	for i := range plan.Before {
		u := &plan.Before[i]
		p := byID[u.ID]
		if hash := u.Hash(); p == nil || p.hash != hash {
			return nil, fmt.Errorf("version %d of %s is not what the event was decided on", u.ID, u.Code)
		}
		replaced[u.ID] = true
	}
	written := make(map[int64]bool, len(writes))
	for i := range writes {
		written[writes[i].unit.ID] = true
		writes[i].before = byID[writes[i].unit.ID]
	}
	for i := range rows {
		p := &rows[i]
		switch {
		case !replaced[p.id]:
			stay[p.code] = append(stay[p.code], p)
		case !written[p.id]:
			gone = append(gone, change{subjectDivision, p.id, p.hash[:], nil})
		}
	}
	slices.SortFunc(gone, func(a, b change) int { return cmp.Compare(a.id, b.id) })
	for i := range writes {
		u := &writes[i].unit
		if p := overlapping(stay[u.Code], u.Valid); p != nil {
			return nil, overlapError(u.Code, p.valid, u.Valid)
		}
		stay[u.Code] = append(stay[u.Code], &present{id: u.ID, code: u.Code, valid: u.Valid})
		if len(rows) > 0 && rows[0].synthetic != u.Synthetic {
			return nil, mixedError()
		}
	}
	return gone, nil
}

// WithdrawEvent takes an event back that was recorded in error, in one transaction: every version is again what it was
// before, with the same id and digest. The event stays on record as withdrawn, with the reason.
//
// Errors: ErrNotFound; ErrAlreadyUndone; ErrUndoBlocked when later events or imports build on it (see UndoImport), or
// when the event came with a data set and can only go with it. The text names what must be taken back first.
func (s *Store) WithdrawEvent(ctx context.Context, id int64, actor, reason string) (seq int64, err error) {
	return s.InTx(ctx, actor, func(t *Tx) error {
		if err := t.lockForDivisions(ctx); err != nil {
			return err
		}
		var importID int64
		var own, withdrawn bool
		err := t.tx.QueryRow(ctx, `SELECT import_id, own, withdrawn_at IS NOT NULL FROM event WHERE id = $1`, id).Scan(&importID, &own, &withdrawn)
		switch {
		case err == pgx.ErrNoRows:
			return &Error{Kind: ErrNotFound, Text: geo.Text{
				ZH: fmt.Sprintf("没有编号为 %d 的区划变更事件", id),
				EN: fmt.Sprintf("there is no event with the number %d", id),
			}}
		case err != nil:
			return err
		case withdrawn:
			return &Error{Kind: ErrAlreadyUndone, Text: geo.Text{
				ZH: fmt.Sprintf("事件 %d 已经撤回", id),
				EN: fmt.Sprintf("event %d was withdrawn already", id),
			}}
		case !own:
			return &Error{Kind: ErrUndoBlocked, Text: geo.Text{
				ZH: fmt.Sprintf("事件 %d 是随导入 %d 一起载入的，只能随它一起撤销（yutu undo %[2]d）", id, importID),
				EN: fmt.Sprintf("event %d came with import %d and can only go with it (yutu undo %[2]d)", id, importID),
			}}
		}
		if err := t.checkDependents(ctx, id); err != nil {
			return err
		}
		u, err := t.startUndo(ctx, importID)
		if err != nil {
			return err
		}
		_, err = u.run(ctx, reason)
		return err
	})
}

// checkDependents refuses to withdraw an event on which other events rest, and names them all.
func (t *Tx) checkDependents(ctx context.Context, id int64) error {
	rows, err := t.tx.Query(ctx, `SELECT DISTINCT d.code FROM lineage l JOIN division d ON d.id IN (l.before_id, l.after_id) WHERE l.event_id = $1`, id)
	if err != nil {
		return err
	}
	codes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var r EventRequest
	for _, c := range codes {
		r.Request.Units = append(r.Request.Units, division.Code(c))
	}
	state, err := eventState(ctx, t.tx, r)
	if err != nil {
		return err
	}
	in := state.Dependents(id)
	if len(in) == 0 {
		return nil
	}
	var ids []int64
	for _, e := range in {
		ids = append(ids, e.ID)
	}
	first := in[0]
	return &Error{Kind: ErrUndoBlocked, Events: ids, Text: geo.Text{
		ZH: fmt.Sprintf("事件 %d 不能撤回：其后有 %d 件变更以它为基础，请先撤回事件 %d（%s %s）", id, len(in), first.ID, first.Date, first.Document.Number),
		EN: fmt.Sprintf("event %d cannot be withdrawn: %d later events build on it; withdraw event %d first (%s %s)", id, len(in), first.ID, first.Date, first.Document.Number),
	}}
}
