package pg_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
)

func mustUndo(t testing.TB, s *pg.Store, id int64) pg.ImportResult {
	t.Helper()
	r, err := s.UndoImport(t.Context(), id, "test")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestUndoRestoresExactlyAndCanBeUndone(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	at := day("2018-10-31")
	type state struct {
		units []division.Unit
		r     pg.ImportResult
	}
	states := []state{{}}
	record := func(r pg.ImportResult) {
		us, _ := all(t, s)
		states = append(states, state{us, r})
	}
	record(mustImport(t, s, nil, synthetic(unit(anwen, "假")), synthetic(unit(renchun, "假"))))
	record(mustImport(t, s, nil, unit(anwen, "安文镇"), unit(xinwo, "新渥镇")))
	record(mustImport(t, s, &at, unit(anwen, "安文街道"), unit(xinwo, "新渥镇"), unit(renchun, "仁川镇")))
	record(mustImport(t, s, nil, unit(anwen, "安文街道办"), unit(renchun, "仁川乡")))
	var undone []pg.ImportResult
	for i := len(states) - 1; i > 0; i-- {
		did := states[i].r
		r := mustUndo(t, s, did.ID)
		// An ended version is a row of its own: what the import counts as one change is a row restored and one removed.
		if r.Added+r.Changed+r.Withdrawn == 0 || r.ID == 0 || r.Withdrawn != did.Withdrawn {
			t.Errorf("undo of %+v: %+v", did, r)
		}
		us, seq := all(t, s)
		if !equal(us, states[i-1].units) || seq != r.Seq {
			t.Fatalf("undo of %d gives %q", did.ID, lines(t, s))
		}
		if _, err := s.UndoImport(t.Context(), did.ID, "test"); !errors.Is(err, pg.ErrAlreadyUndone) {
			t.Errorf("undone twice: %v", err)
		}
		undone = append(undone, r)
	}
	if n, _, err := s.DivisionCount(t.Context()); n != 0 || err != nil {
		t.Errorf("%d units left, %v", n, err)
	}
	for i := 1; i < len(states); i++ {
		mustUndo(t, s, undone[len(undone)-i].ID)
		if us, _ := all(t, s); !equal(us, states[i].units) {
			t.Fatalf("undo of the undo of %d gives %q", states[i].r.ID, lines(t, s))
		}
	}
	// Now all four are in effect again, and the last can be undone once more.
	mustUndo(t, s, states[4].r.ID)
	if us, _ := all(t, s); !equal(us, states[3].units) {
		t.Errorf("undone for the second time: %q", lines(t, s))
	}
	imports, err := s.Imports(t.Context(), 100)
	if err != nil || len(imports) != 13 {
		t.Fatalf("%d imports, %v", len(imports), err)
	}
	for _, i := range imports {
		for k, st := range states {
			if k > 0 && i.ID == st.r.ID && i.Undone != (k == 4) {
				t.Errorf("import %d: undone %v", i.ID, i.Undone)
			}
		}
	}
	if imports[0].Undoes != states[4].r.ID || imports[0].File != "" {
		t.Errorf("the last undo %+v", imports[0])
	}
	for _, id := range []int64{0, -1, 1 << 40} {
		if _, err := s.UndoImport(t.Context(), id, "test"); !errors.Is(err, pg.ErrNotFound) {
			t.Errorf("undo of %d: %v", id, err)
		}
	}
}

func TestUndoIsBlockedByWhatBuildsOnTheImport(t *testing.T) {
	at := day("2018-10-31")
	village := unit("330727001001", "村")
	for _, c := range []struct {
		name  string
		first []division.Unit
		then  func(t *testing.T, s *pg.Store) int64 // the blocking import, 0 for an edit
		says  string
		free  bool // not blocked
	}{
		{name: "a later correction", first: []division.Unit{unit(anwen, "甲")}, says: "330727001000",
			then: func(t *testing.T, s *pg.Store) int64 { return mustImport(t, s, nil, unit(anwen, "乙")).ID }},
		{name: "a later version", first: []division.Unit{unit(anwen, "甲")}, says: "330727001000",
			then: func(t *testing.T, s *pg.Store) int64 { return mustImport(t, s, &at, unit(anwen, "乙")).ID }},
		{name: "an edit", first: []division.Unit{unit(anwen, "甲")}, says: "edit 2 (editor",
			then: func(t *testing.T, s *pg.Store) int64 {
				us, _ := all(t, s)
				us[0].Name = "乙"
				if _, err := s.PutDivision(t.Context(), "editor", us[0]); err != nil {
					t.Fatal(err)
				}
				return 0
			}},
		{name: "real data over the synthetic", first: []division.Unit{synthetic(unit(anwen, "假"))}, says: "330727001000",
			then: func(t *testing.T, s *pg.Store) int64 { return mustImport(t, s, nil, unit(xinwo, "乙")).ID }},
		{name: "units below", first: []division.Unit{unit(anwen, "甲")}, says: "330727001001",
			then: func(t *testing.T, s *pg.Store) int64 { return mustImport(t, s, nil, village).ID }},
		{name: "units below at other dates", first: []division.Unit{valid(unit(anwen, "甲"), "2000-01-01", "future")}, free: true,
			then: func(t *testing.T, s *pg.Store) int64 {
				return mustImport(t, s, nil, valid(village, "1990-01-01", "2000-01-01")).ID
			}},
		{name: "other codes", first: []division.Unit{unit(anwen, "甲")}, free: true,
			then: func(t *testing.T, s *pg.Store) int64 { return mustImport(t, s, nil, unit(xinwo, "乙")).ID }},
		{name: "changed and changed back", first: []division.Unit{unit(anwen, "甲")}, free: true,
			then: func(t *testing.T, s *pg.Store) int64 {
				mustImport(t, s, nil, unit(anwen, "乙"))
				return mustImport(t, s, nil, unit(anwen, "甲")).ID
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := pgtest.New(t)
			first := mustImport(t, s, nil, c.first...)
			blocker := c.then(t, s)
			before, seq := all(t, s)
			_, err := s.UndoImport(t.Context(), first.ID, "test")
			if c.free {
				if err != nil {
					t.Error(err)
				}
				return
			}
			says := []string{c.says}
			if blocker != 0 {
				says = append(says, fmt.Sprintf("import %d ", blocker))
			}
			for _, w := range says {
				if !errors.Is(err, pg.ErrUndoBlocked) || !strings.Contains(err.Error(), w) {
					t.Errorf("%v does not say %q", err, w)
				}
			}
			if after, now := all(t, s); !equal(before, after) || now != seq {
				t.Error("a refused undo has written")
			}
			if blocker != 0 {
				mustUndo(t, s, blocker)
				mustUndo(t, s, first.ID)
			}
		})
	}
}

// Undoing the import that withdrew the synthetic data must not bring them back beside later real data, nor a
// version beside a later one of the same code.
func TestUndoOfAWithdrawalBesideLaterRealData(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	mustImport(t, s, nil, synthetic(unit(anwen, "假")), synthetic(unit(xinwo, "假")))
	real := mustImport(t, s, nil, unit(anwen, "甲"))
	for _, code := range []division.Code{renchun, xinwo} {
		later := mustImport(t, s, nil, unit(code, "乙"))
		_, err := s.UndoImport(t.Context(), real.ID, "test")
		if !errors.Is(err, pg.ErrUndoBlocked) || !strings.Contains(err.Error(), fmt.Sprintf("import %d ", later.ID)) {
			t.Errorf("%v", err)
		}
		mustUndo(t, s, later.ID)
	}
	mustUndo(t, s, real.ID)
	if _, made, err := s.DivisionCount(t.Context()); made != 2 || err != nil {
		t.Errorf("%d synthetic units, %v", made, err)
	}
}

// A township that units stand below can be undone together with its correction as long as another version holds.
func TestUndoKeepsUnitsWhoseParentStays(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	at := day("2018-10-31")
	mustImport(t, s, nil, unit(anwen, "安文镇"))
	r := mustImport(t, s, &at, unit(anwen, "安文街道"))
	mustImport(t, s, nil, unit("330727001001", "村"))
	mustUndo(t, s, r.ID)
	if got := lines(t, s); len(got) != 2 || got[0] != "330727001000 安文镇 .." {
		t.Errorf("%q", got)
	}
}
