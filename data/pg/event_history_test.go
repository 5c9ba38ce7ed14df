package pg_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
)

// told is a data set that tells its own past: 甲 and 乙 were merged into 丙 in 2010.
func told() ([]division.Unit, []pg.HistoricEvent) {
	share := 1.0
	key := func(code division.Code, from string) pg.VersionKey { return pg.VersionKey{Code: code, From: day(from)} }
	units := []division.Unit{
		synthetic(valid(unit(anwen, "甲镇"), "past", "2010-01-01")),
		synthetic(valid(unit(xinwo, "乙镇"), "past", "2010-01-01")),
		synthetic(valid(unit(renchun, "丙镇"), "2010-01-01", "future")),
	}
	return units, []pg.HistoricEvent{{
		Event:     division.Event{Kind: division.Merge, Date: day("2010-01-01"), Note: "文号待补"},
		Synthetic: true,
		Edges: []pg.HistoricEdge{
			{Before: key(anwen, "past"), After: key(renchun, "2010-01-01"), AreaShare: 1, AreaM2: 5, PopulationShare: &share},
			{Before: key(xinwo, "past"), After: key(renchun, "2010-01-01"), AreaShare: 1, AreaM2: 6},
		},
	}}
}

func TestEventsComeAndGoWithTheirDataSet(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	units, events := told()
	bring := func() pg.ImportResult {
		t.Helper()
		r, err := s.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test", File: "told", Events: events}, units)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	expect := func(when string, n int, inEffect bool) pg.EventRecord {
		t.Helper()
		list, _, err := s.Events(t.Context())
		if err != nil || len(list) != n || n > 0 && (list[n-1].Withdrawn == nil) != inEffect {
			t.Fatalf("%s: %+v, %v", when, list, err)
		}
		if n == 0 {
			return pg.EventRecord{}
		}
		return list[n-1]
	}
	first := bring()
	e := expect("imported", 1, true)
	if e.Own || !e.Synthetic || e.Note != "文号待补" || len(e.Edges) != 2 || e.Edges[0].AreaM2+e.Edges[1].AreaM2 != 11 {
		t.Errorf("%+v", e)
	}
	if again := bring(); again.ID != 0 || again.Unchanged != 3 {
		t.Errorf("imported twice: %+v", again)
	}
	expect("imported twice", 1, true)
	if _, err := s.WithdrawEvent(t.Context(), e.ID, "test", "x"); !errors.Is(err, pg.ErrUndoBlocked) {
		t.Errorf("withdrawn without its data: %v", err)
	}
	// Real data make made-up data go, their events too; taking them back brings both back.
	truth := mustImport(t, s, nil, unit(anwen, "安文街道"))
	expect("real data came", 1, false)
	mustUndo(t, s, truth.ID)
	expect("real data went", 1, true)
	undone := mustUndo(t, s, first.ID)
	expect("undone", 1, false)
	mustUndo(t, s, undone.ID)
	expect("undone again", 1, true)
	// A data set whose units are on record already brings its events alone.
	plain := pgtest.New(t)
	if r := mustImport(t, plain, nil, units...); r.Added != 3 {
		t.Fatalf("%+v", r)
	}
	r, err := plain.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test", File: "told", Events: events}, units)
	if err != nil || r.ID == 0 || r.Unchanged != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	mustUndo(t, plain, r.ID)
	if us, _ := all(t, plain); len(us) != 3 {
		t.Errorf("taking the events back took %d units", 3-len(us))
	}
	// An event must name versions that exist.
	events[0].Edges[0].After.Code = "330727999000"
	if _, err := pgtest.New(t).ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test", File: "told", Events: events}, units); !errors.Is(err, pg.ErrInvalid) {
		t.Errorf("an event of nothing: %v", err)
	}
}

// afterEffect is what is on record once the effect has taken place, told in the simplest way.
func afterEffect(units []division.Unit, edges []division.Edge, e division.Effect, event int64) ([]division.Unit, []division.Edge) {
	units, edges = slices.Clone(units), slices.Clone(edges)
	for i := range units {
		u := &units[i]
		for _, a := range e.Amend {
			if a.ID == u.ID {
				u.Geom = a.Geom
			}
		}
		for _, x := range e.End {
			if x.ID == u.ID {
				u.Valid.To = x.Date
			}
		}
	}
	units = append(units, e.Begin...) // with ids below zero, as the edges have them
	const apart = 1 << 40
	for i := range units {
		if units[i].ID < 0 {
			units[i].ID = apart - units[i].ID
		}
	}
	for _, l := range e.Lineage {
		l.EventID = event
		if l.After < 0 {
			l.After = apart - l.After
		}
		edges = append(edges, l)
	}
	return units, edges
}

// fingerprint is everything that a state says, without ids.
func fingerprint(units []division.Unit, events []division.Event, edges []division.Edge) []string {
	byID := map[int64]string{}
	var out []string
	for i := range units {
		u := &units[i]
		h := u.Hash()
		byID[u.ID] = fmt.Sprintf("%s@%s", u.Code, u.Valid.From)
		out = append(out, fmt.Sprintf("%s %s %s..%s %x", u.Code, u.Name, u.Valid.From, u.Valid.To, h[:6]))
	}
	for _, e := range events {
		out = append(out, fmt.Sprintf("event %d %s %s %s", e.ID, e.Kind, e.Date, e.Document.Number))
	}
	for _, l := range edges {
		people := "?"
		if l.PopulationShare != nil {
			people = fmt.Sprint(*l.PopulationShare)
		}
		out = append(out, fmt.Sprintf("event %d %s → %s %v %v %s", l.EventID, byID[l.Before], byID[l.After], l.AreaShare, l.AreaM2, people))
	}
	slices.Sort(out)
	return out
}

// ground is the units with their area in the plane of longitude and latitude instead of their vertices: a vertex on a
// parallel leaves it as it is, which an area between geodesics does not.
func ground(units []division.Unit) []division.Unit {
	out := slices.Clone(units)
	for i := range out {
		out[i].Source += fmt.Sprintf(" %.12f square degrees", planar.Area(out[i].Geom))
		out[i].Geom = nil
	}
	return out
}

func storeSays(t *testing.T, s *pg.Store) ([]division.Unit, []division.Event, []division.Edge) {
	t.Helper()
	units, events, edges, err := s.DivisionState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return units, events, edges
}

// randomRequest asks for something that is often possible, and sometimes not.
func randomRequest(rt *rapid.T, units []division.Unit) division.Request {
	date := day(rapid.SampledFrom([]string{"2001-01-01", "2005-01-01", "2010-01-01", "2015-01-01", "2020-01-01"}).Draw(rt, "date"))
	var towns, villages []division.Unit
	for _, u := range units {
		if !u.Valid.Contains(date - 1) {
			continue
		}
		switch u.Level {
		case division.Township:
			towns = append(towns, u)
		case division.Village:
			villages = append(villages, u)
		}
	}
	r := division.Request{Date: date, Document: division.Document{Number: fmt.Sprintf("试〔%d〕号", rapid.IntRange(1, 99).Draw(rt, "number"))}}
	list := towns
	if rapid.Bool().Draw(rt, "villages") {
		list = villages
	}
	if len(list) == 0 {
		r.Kind = division.Merge
		return r
	}
	one := func(label string) division.Unit { return rapid.SampledFrom(list).Draw(rt, label) }
	u := one("unit")
	r.Units = []division.Code{u.Code}
	name := rapid.SampledFrom([]string{"申", "酉", "戌", "亥", "子", "丑"}).Draw(rt, "name") + rapid.SampledFrom([]string{"江", "溪", "山"}).Draw(rt, "more")
	generic := map[division.Level]string{division.Township: "镇", division.Village: "村"}[u.Level]
	switch rapid.IntRange(0, 5).Draw(rt, "kind") {
	case 0, 1:
		r.Kind, r.Results = division.Merge, []division.Result{{Name: name + generic}}
		r.Units = append(r.Units, one("other").Code)
	case 2:
		r.Kind, r.Results = division.Rename, []division.Result{{Name: name + generic}}
	case 3:
		r.Kind = division.Recode
	case 4:
		r.Kind, r.To = division.Transfer, one("to").Code
		for _, v := range villages {
			if v.Parent == u.Code {
				r.Members = []division.Code{v.Code}
			}
		}
	case 5:
		box := u.Geom.Bound()
		x := (box.Min[0] + box.Max[0]) / 2
		r.Kind = division.Split
		r.Line = division.Line{{x + 0.0001, box.Min[1] - 0.001}, {x, box.Max[1] + 0.001}}
		r.Results = []division.Result{{Name: name + generic}, {Name: "新" + name + generic}}
	}
	return r
}

// Random events and withdrawals on a county: the store and the pure functions say the same after each step.
func TestRandomEventsAgainstThePureFunctions(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	recorded, withdrawn, refusals, blocked := 0, 0, 0, 0
	kinds := map[division.EventKind]int{}
	rapid.Check(t, func(rt *rapid.T) {
		if _, err := conn.Exec(t.Context(), `TRUNCATE division, division_past, import, change, audit, event, lineage`); err != nil {
			rt.Fatal(err)
		}
		mustImport(t, s, nil, latticeCounty()...)
		units, _, _ := storeSays(t, s)
		var inEffect []int64
		early := false // an event was withdrawn before a later one
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			units, events, edges := storeSays(t, s)
			if len(inEffect) > 0 && rapid.IntRange(0, 3).Draw(rt, "withdraw") == 0 {
				k := rapid.IntRange(0, len(inEffect)-1).Draw(rt, "which")
				id := inEffect[k]
				pure := division.NewState(units, events, edges, codeRanges)
				in := pure.Dependents(id)
				_, err := s.WithdrawEvent(t.Context(), id, "test", "有误")
				if len(in) > 0 != errors.Is(err, pg.ErrUndoBlocked) && len(in) > 0 {
					rt.Fatalf("event %d rests below %v, the store says %v", id, in, err)
				}
				if err != nil {
					if !errors.Is(err, pg.ErrUndoBlocked) {
						rt.Fatal(err)
					}
					blocked++
					if again, e2, l2 := storeSays(t, s); !slices.Equal(fingerprint(again, e2, l2), fingerprint(units, events, edges)) {
						rt.Fatal("a refused withdrawal wrote something")
					}
					continue
				}
				withdrawn++
				early = early || k < len(inEffect)-1
				inEffect = slices.Delete(inEffect, k, k+1)
				reversal, _ := pure.Withdraw(id, nil, nil)
				checkReversal(rt, reversal, units, func() []division.Unit { u, _, _ := storeSays(t, s); return u })
				continue
			}
			r := randomRequest(rt, units)
			pure := division.NewState(units, events, edges, codeRanges)
			effect, reasons := pure.Apply(r)
			done, err := s.RecordEvent(t.Context(), order(r))
			if (len(reasons) > 0) != errors.Is(err, pg.ErrRefused) {
				rt.Fatalf("%+v: pure %v, store %v", r, reasons, err)
			}
			if len(reasons) > 0 {
				refusals++
				continue
			}
			if err != nil {
				rt.Fatalf("%+v: %v", r, err)
			}
			recorded++
			kinds[r.Kind]++
			inEffect = append(inEffect, done.ID)
			event := division.Event{ID: done.ID, Kind: r.Kind, Date: r.Date, Document: r.Document}
			wantUnits, wantEdges := afterEffect(units, edges, effect, done.ID)
			gotUnits, gotEvents, gotEdges := storeSays(t, s)
			if got, want := fingerprint(gotUnits, gotEvents, gotEdges), fingerprint(wantUnits, append(events, event), wantEdges); !slices.Equal(got, want) {
				rt.Fatalf("%+v\nstore %q\npure  %q", r, got, want)
			}
		}
		if changes := query[int64](t, url, `SELECT count(*) FROM change`); changes != query[int64](t, url, `SELECT max(seq) FROM change`) {
			rt.Fatal("the log has gaps")
		}
		// All that remain can be withdrawn, the last first, and leave what there was.
		for i := len(inEffect) - 1; i >= 0; i-- {
			if _, err := s.WithdrawEvent(t.Context(), inEffect[i], "test", "有误"); err != nil {
				rt.Fatal(err)
			}
		}
		left, events, edges := storeSays(t, s)
		if early {
			// A vertex that an event put into a border on which another went on stays when the first is withdrawn.
			units, left = ground(units), ground(left)
		}
		if got, want := fingerprint(left, events, edges), fingerprint(units, nil, nil); !slices.Equal(got, want) {
			rt.Fatalf("after all withdrawals\nstore %q\nfirst %q", got, want)
		}
	})
	t.Logf("recorded %d %v, refused %d, withdrawn %d, blocked %d", recorded, kinds, refusals, withdrawn, blocked)
	if recorded == 0 || withdrawn == 0 {
		t.Error("the sequences try nothing")
	}
}

// checkReversal compares what the pure function says of a withdrawal with what the store did.
func checkReversal(rt *rapid.T, r division.Reversal, before []division.Unit, after func() []division.Unit) {
	now := map[int64]division.Unit{}
	for _, u := range after() {
		now[u.ID] = u
	}
	for _, u := range before {
		v, there := now[u.ID]
		switch {
		case slices.Contains(r.Remove, u.ID):
			if there {
				rt.Fatalf("%s@%s is still there", u.Code, u.Valid.From)
			}
		case !there:
			rt.Fatalf("%s@%s is gone", u.Code, u.Valid.From)
		case slices.Contains(r.Reopen, u.ID):
			if v.Valid.To != division.Future {
				rt.Fatalf("%s@%s ends on %s", u.Code, u.Valid.From, v.Valid.To)
			}
		case v.Valid != u.Valid:
			rt.Fatalf("%s@%s is in force in %v, was in %v", u.Code, u.Valid.From, v.Valid, u.Valid)
		}
	}
	if len(now) != len(before)-len(r.Remove) {
		rt.Fatalf("%d versions left of %d less %d", len(now), len(before), len(r.Remove))
	}
}
