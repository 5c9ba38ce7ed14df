package pg_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
)

// version is a row as the model knows it.
type version struct {
	code      division.Code
	name      string
	valid     division.Range
	synthetic bool
}

// model is the store told in the simplest way: rows by a number of its own, and what each import did to them.
type model struct {
	rows map[int]version
	next int
	ops  []op
}

type op struct {
	id            int64 // in the database
	before, after map[int]version
	undoneBy      int // index in ops + 1
	undoes        int
}

// importUnits returns the rows after an import, and whether it is refused.
func (m *model) importUnits(at *division.Date, units []version) (after map[int]version, next int, refused bool) {
	after, next = maps.Clone(m.rows), m.next
	anyReal, anyMade := false, false
	for _, u := range units {
		anyReal, anyMade = anyReal || !u.synthetic, anyMade || u.synthetic
	}
	for id, r := range m.rows {
		if anyMade && !r.synthetic {
			return nil, 0, true
		}
		if anyReal && r.synthetic {
			delete(after, id)
		}
	}
	if anyReal && anyMade {
		return nil, 0, true
	}
	when := todayInTests
	if at != nil {
		when = *at
	}
	for _, u := range units {
		// At most one unit of each code, so that one need not look at the others.
		old, starts := -1, division.Future
		rank := 0
		for id, r := range after {
			if r.code != u.code {
				continue
			}
			if r.valid.From > when {
				starts = min(starts, r.valid.From)
			}
			k := 0
			switch stated := u.valid != division.Always; {
			case stated && u.valid == r.valid:
				k = 3
			case stated && u.valid.From == r.valid.From:
				k = 2
			case u.valid.Contains(when) && r.valid.Contains(when):
				k = 1
			}
			if k > rank {
				old, rank = id, k
			}
		}
		fresh := true
		switch {
		case u.valid != division.Always:
		case old >= 0:
			u.valid = after[old].valid
			if after[old] != u && at != nil && u.valid.From != *at {
				r := after[old]
				r.valid.To, u.valid.From = *at, *at
				after[old] = r
				old = -1
			}
		case at != nil:
			u.valid = division.Range{From: *at, To: starts}
		}
		if old >= 0 {
			after[old], fresh = u, false
		}
		if fresh {
			after[next] = u
			next++
		}
	}
	return after, next, clash(after)
}

// clash reports versions of one code on one day, or both kinds of data.
func clash(rows map[int]version) bool {
	for i, a := range rows {
		for j, b := range rows {
			if i != j && (a.synthetic != b.synthetic || a.code == b.code && a.valid.Overlaps(b.valid)) {
				return true
			}
		}
	}
	return false
}

// diff returns the rows that differ, as they are in a.
func diff(a, b map[int]version) map[int]version {
	out := map[int]version{}
	for id, r := range a {
		if s, ok := b[id]; !ok || s != r {
			out[id] = r
		}
	}
	return out
}

func (m *model) record(id int64, after map[int]version, undoes int) {
	m.ops = append(m.ops, op{id: id, before: diff(m.rows, after), after: diff(after, m.rows), undoes: undoes})
	m.rows = after
	if undoes > 0 {
		o := &m.ops[undoes-1]
		o.undoneBy = len(m.ops)
		if o.undoes > 0 {
			m.ops[o.undoes-1].undoneBy = 0
		}
	}
}

// undo returns the rows after the undoing of an import, and whether it is blocked.
func (m *model) undo(o op) (after map[int]version, blocked bool) {
	after = maps.Clone(m.rows)
	for id := range o.before {
		if _, ok := o.after[id]; !ok {
			if _, ok := m.rows[id]; ok {
				return nil, true
			}
		}
	}
	for id, r := range o.after {
		if m.rows[id] != r {
			return nil, true
		}
		delete(after, id)
	}
	maps.Copy(after, o.before)
	return after, clash(after)
}

func (m *model) lines() []string {
	var out []string
	for _, r := range m.rows {
		out = append(out, fmt.Sprint(r))
	}
	slices.Sort(out)
	return out
}

func TestRandomImportsAndUndosAgainstAModel(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	days := []division.Date{division.Past, day("1990-01-01"), day("2000-01-01"), day("2010-01-01"), day("2030-01-01"), division.Future}
	rapid.Check(t, func(rt *rapid.T) {
		if _, err := conn.Exec(t.Context(), `TRUNCATE division, division_past, import, change, audit`); err != nil {
			rt.Fatal(err)
		}
		m := &model{rows: map[int]version{}}
		for range rapid.IntRange(2, 10).Draw(rt, "steps") {
			if len(m.ops) > 0 && rapid.IntRange(0, 2).Draw(rt, "undo") == 0 {
				k := rapid.IntRange(0, len(m.ops)-1).Draw(rt, "which")
				o := m.ops[k]
				r, err := s.UndoImport(t.Context(), o.id, "test")
				if o.undoneBy > 0 {
					if !errors.Is(err, pg.ErrAlreadyUndone) {
						rt.Fatalf("undone twice: %v", err)
					}
				} else if after, blocked := m.undo(o); blocked {
					if !errors.Is(err, pg.ErrUndoBlocked) {
						rt.Fatalf("undo of import %d should be blocked: %v", o.id, err)
					}
				} else if err != nil {
					rt.Fatal(err)
				} else {
					m.record(r.ID, after, k+1)
				}
			} else {
				importRandom(t, rt, s, m, days)
			}
			var got []string
			seq, err := s.EachDivision(t.Context(), func(u division.Unit) error {
				got = append(got, fmt.Sprint(version{u.Code, u.Name, u.Valid, u.Synthetic}))
				return nil
			})
			if err != nil {
				rt.Fatal(err)
			}
			slices.Sort(got)
			if want := m.lines(); !slices.Equal(got, want) {
				rt.Fatalf("on record %q\nmodel     %q", got, want)
			}
			if changes := query[int64](t, url, `SELECT count(*) FROM change`); changes != seq {
				rt.Fatalf("%d rows in a log that ends at %d", changes, seq)
			}
		}
	})
}

func importRandom(t *testing.T, rt *rapid.T, s *pg.Store, m *model, days []division.Date) {
	made := rapid.IntRange(0, 3).Draw(rt, "synthetic") == 0
	var at *division.Date
	if rapid.Bool().Draw(rt, "dated") {
		at = &days[rapid.IntRange(1, len(days)-2).Draw(rt, "at")]
	}
	var vs []version
	var us []division.Unit
	for _, code := range []division.Code{"330727001000", "330727002000", "330727103000"} {
		if rapid.IntRange(0, 2).Draw(rt, "with") == 0 {
			continue
		}
		v := version{code, rapid.SampledFrom([]string{"甲", "乙", "丙"}).Draw(rt, "name"), division.Always, made}
		if rapid.IntRange(0, 2).Draw(rt, "stated") == 0 {
			i := rapid.IntRange(0, len(days)-2).Draw(rt, "from")
			v.valid = division.Range{From: days[i], To: days[rapid.IntRange(i+1, len(days)-1).Draw(rt, "to")]}
		}
		u := unit(code, v.name)
		u.Parent, u.Valid, u.Synthetic = "", v.valid, made
		vs, us = append(vs, v), append(us, u)
	}
	request := pg.ImportRequest{Actor: "test", File: "f", At: at}
	planned, planErr := s.PlanImport(t.Context(), request, us)
	r, err := s.ImportDivisions(t.Context(), request, us)
	if (planErr == nil) != (err == nil) {
		rt.Fatalf("dry run: %v, import: %v", planErr, err)
	}
	after, next, refused := m.importUnits(at, vs)
	if refused {
		if !errors.Is(err, pg.ErrOverlap) && !errors.Is(err, pg.ErrSyntheticOverReal) {
			rt.Fatalf("import of %v at %v should be refused: %v", vs, at, err)
		}
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	if planned.ID, planned.Seq = r.ID, r.Seq; planned != r {
		rt.Fatalf("dry run %+v, import %+v", planned, r)
	}
	if maps.Equal(after, m.rows) != (r.ID == 0) {
		rt.Fatalf("import %+v, model before %v, after %v", r, m.rows, after)
	}
	if r.ID != 0 {
		m.next = next
		m.record(r.ID, after, 0)
	}
}
