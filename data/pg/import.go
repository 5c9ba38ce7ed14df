package pg

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"yutu/geo/division"
)

// ImportRequest says who imports what.
type ImportRequest struct {
	// Actor is noted in the log; File, the name of the file or files, in the list of imports.
	Actor, File string
	// At is the day from which on units that state no dates hold; nil: they correct what is valid today.
	At *division.Date
	// Events are what made the versions of the file out of each other, with the file or without.
	Events []HistoricEvent
	// Progress is told how many of the units are settled, from one goroutine; nil for none. The import may still
	// fail after the last of them.
	Progress func(done, total int)
}

// ImportResult counts what an import does, and how much of the file was there already.
type ImportResult struct {
	// ID is the number by which the import can be undone; 0 when nothing changed, and in a dry run.
	ID int64
	// Seq is the place in the log from which on the import is in effect; of a dry run, the present end of the log.
	Seq int64
	// Added counts units that are new; Changed those that correct or succeed a version on record; Unchanged those
	// that say what is on record already; Withdrawn the synthetic rows that make way for real ones.
	// Of an undo: Added counts rows that were removed, Changed rows that are again what they were before,
	// Withdrawn rows that came back.
	Added, Changed, Unchanged, Withdrawn int
}

// ImportDivisions takes the units over in one transaction: all of them, or none and an error.
//
// A unit that states no dates (Valid is division.Always) replaces the version of its code that is valid today, which
// keeps its id and its dates, or is added. With At it ends the version valid on that day and begins a new one up to
// the end of the old one; if the version began on that very day, it is replaced. A unit that states dates keeps
// them; it replaces the version of its code with the same dates, or the same first day, or, if it is valid today
// (on At), the one that is. Versions of one code must not overlap afterwards.
//
// A unit without a Label gets one. A unit whose digest equals that of the version on record is unchanged and not written; labels and original
// reference systems are not part of the digest. Real units withdraw all synthetic rows; synthetic units beside
// real ones are refused. The units themselves are not changed; new rows get ids of their own.
//
// Imports wait for each other. Errors: ErrInvalid, ErrOverlap, ErrSyntheticOverReal, ErrUnavailable.
func (s *Store) ImportDivisions(ctx context.Context, r ImportRequest, units []division.Unit) (ImportResult, error) {
	if err := validateAll(units); err != nil {
		return ImportResult{}, err
	}
	var result ImportResult
	seq, err := s.InTx(ctx, r.Actor, func(t *Tx) error {
		if err := t.lockForDivisions(ctx); err != nil {
			return err
		}
		p, err := planImport(ctx, t.tx, r, units)
		if err != nil {
			return err
		}
		result = p.figures()
		if r.Events, err = t.missingEvents(ctx, r.Events); err != nil {
			return err
		}
		if p.nothing() && len(r.Events) == 0 {
			r.report(len(units), len(units))
			return nil
		}
		result.ID, err = t.importDivisions(ctx, r, p, result, len(units))
		return err
	})
	if err != nil {
		return ImportResult{}, err
	}
	result.Seq = seq
	return result, nil
}

// PlanImport returns what ImportDivisions would return now, but ID 0, or the error with which it would refuse. It
// writes nothing and waits for nobody.
func (s *Store) PlanImport(ctx context.Context, r ImportRequest, units []division.Unit) (ImportResult, error) {
	if err := validateAll(units); err != nil {
		return ImportResult{}, err
	}
	var result ImportResult
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return ImportResult{}, translate(ctx, err)
	}
	defer conn.Release()
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error {
		p, err := planImport(ctx, tx, r, units)
		if err != nil {
			return err
		}
		result = p.figures()
		result.Seq, err = lastSeq(ctx, tx)
		return err
	})
	if err != nil {
		return ImportResult{}, translate(ctx, err)
	}
	return result, nil
}

func (r *ImportRequest) report(done, total int) {
	if r.Progress != nil {
		r.Progress(done, total)
	}
}

// today is a variable for tests alone.
var today = division.Today

func planImport(ctx context.Context, q querier, r ImportRequest, units []division.Unit) (*plan, error) {
	rows, err := presentDivisions(ctx, q)
	if err != nil {
		return nil, err
	}
	return classify(today(), r.At, rows, units)
}

// importDivisions carries the plan out and returns the number of the import.
func (t *Tx) importDivisions(ctx context.Context, r ImportRequest, p *plan, f ImportResult, total int) (id int64, err error) {
	if id, err = t.newImportID(ctx); err != nil {
		return 0, err
	}
	r.File = clean(r.File)
	var withdrawn, replaced []int64
	for _, w := range p.withdrawn {
		withdrawn = append(withdrawn, w.id)
		t.changes = append(t.changes, change{subjectDivision, w.id, w.hash[:], nil})
	}
	fresh := 0
	for i := range p.writes {
		if b := p.writes[i].before; b != nil {
			replaced = append(replaced, b.id)
		} else {
			fresh++
		}
	}
	if err := t.archive(ctx, withdrawn, "withdrawn", &id); err != nil {
		return 0, err
	}
	if err := t.archive(ctx, replaced, "replaced", &id); err != nil {
		return 0, err
	}
	if err := t.endVersions(ctx, p, id); err != nil {
		return 0, err
	}
	// The check of the versions keeps the rows of the statement; in the usual 4 MB it would write them to disk once more.
	if _, err := t.tx.Exec(ctx, `SET LOCAL work_mem = '256MB'`); err != nil {
		return 0, err
	}
	ids, err := t.newDivisionIDs(ctx, fresh)
	if err != nil {
		return 0, err
	}
	for i := range p.writes {
		w := &p.writes[i]
		var before []byte
		if w.before != nil {
			before = w.before.hash[:]
		} else {
			w.unit.ID, ids = ids[0], ids[1:]
		}
		t.changes = append(t.changes, change{subjectDivision, w.unit.ID, before, w.hash[:]})
	}
	err = t.copyDivisions(ctx, p.writes, &id, func(done int) { r.report(p.unchanged+done, total) })
	if err != nil {
		return 0, err
	}
	if err := t.withdrawSyntheticEvents(ctx, p, id); err != nil {
		return 0, err
	}
	if err := t.putHistoricEvents(ctx, r.Events, id); err != nil {
		return 0, err
	}
	t.finish = append(t.finish, func(ctx context.Context, first, last int64) error {
		var since pgtype.Date
		if r.At != nil {
			since = date(*r.At)
		}
		_, err := t.tx.Exec(ctx, `INSERT INTO import (id, file, actor, since, added, changed, unchanged, withdrawn, first_seq, last_seq)
			OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			id, r.File, t.actor, since, f.Added, f.Changed, f.Unchanged, f.Withdrawn, first, last)
		return err
	})
	return id, t.audit(ctx, "import", "import", id, map[string]any{
		"file": r.File, "added": f.Added, "changed": f.Changed, "unchanged": f.Unchanged, "withdrawn": f.Withdrawn,
	})
}

// endVersions ends the plan's versions on its day. The digests of the shortened versions need their geometry.
func (t *Tx) endVersions(ctx context.Context, p *plan, importID int64) error {
	const page = 1000 // units in memory at a time
	for start := 0; start < len(p.ended); start += page {
		old := p.ended[start:min(start+page, len(p.ended))]
		ids := make([]int64, len(old))
		before := make(map[int64]*present, len(old))
		for i, v := range old {
			ids[i], before[v.id] = v.id, v
		}
		units, err := divisionsByID(ctx, t.tx, ids)
		if err != nil {
			return err
		}
		hashes := make([][]byte, len(units))
		parallel(len(units), func(i int) {
			h := hashUnit(&units[i], division.Range{From: units[i].Valid.From, To: p.at})
			hashes[i] = h[:]
		})
		for i := range units {
			ids[i] = units[i].ID
			t.changes = append(t.changes, change{subjectDivision, ids[i], before[ids[i]].hash[:], hashes[i]})
		}
		if err := t.copyToPast(ctx, ids, "replaced", &importID); err != nil {
			return err
		}
		_, err = t.tx.Exec(ctx, `UPDATE division d SET valid = daterange(lower(d.valid), $1), hash = n.hash, import_id = $2
			FROM unnest($3::bigint[], $4::bytea[]) AS n (id, hash) WHERE d.id = n.id`, date(p.at), importID, ids, hashes)
		if err != nil {
			return err
		}
	}
	return nil
}

// pastColumns are the columns that division and division_past share.
const pastColumns = `id, code, level, type, name, parent, valid, secrecy, source, synthetic, crs_original, geom, label, hash, import_id`

// copyToPast keeps the rows as they are now in division_past.
func (t *Tx) copyToPast(ctx context.Context, ids []int64, operation string, importID *int64) error {
	_, err := t.tx.Exec(ctx, `INSERT INTO division_past (ended_by, operation, `+pastColumns+`)
		SELECT $1, $2, `+pastColumns+` FROM division WHERE id = ANY ($3)`, importID, operation, ids)
	return err
}

// archive moves the rows to division_past.
func (t *Tx) archive(ctx context.Context, ids []int64, operation string, importID *int64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := t.copyToPast(ctx, ids, operation, importID); err != nil {
		return err
	}
	_, err := t.tx.Exec(ctx, `DELETE FROM division WHERE id = ANY ($1)`, ids)
	return err
}

func (t *Tx) newImportID(ctx context.Context) (id int64, err error) {
	err = t.tx.QueryRow(ctx, `SELECT nextval(pg_get_serial_sequence('import', 'id'))`).Scan(&id)
	return id, err
}

// validateAll checks all units and returns the first refusal in their order.
func validateAll(units []division.Unit) error {
	errs := make([]error, len(units))
	parallel(len(units), func(i int) { errs[i] = validate(&units[i]) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// parallel calls fn for 0 … n−1 on all processors.
func parallel(n int, fn func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				fn(i)
			}
		})
	}
	wg.Wait()
}
