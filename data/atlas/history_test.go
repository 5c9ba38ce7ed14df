package atlas

import (
	"context"
	"slices"
	"testing"
	"time"

	"yutu/data/pg"
	"yutu/geo/division"
)

// past is a county of which 甲 and 乙 became 丙 by an event in 2010, and 丙 was corrected by a file in 2015.
func past(t *testing.T) (*shelf, pg.EventRecord) {
	l := newLattice(3, 4, 2, 2)
	units := l.units(2)
	town := func(id int64, code division.Code, name, from, to string, i0, i1 int) division.Unit {
		u := units[1]
		u.ID, u.Code, u.Name, u.Valid = id, code, name, division.Always
		u.Geom = nil
		u.Geom = append(u.Geom, append(units[1].Geom[0][:0:0], l.ring(i0, 0, i1, 2)))
		if from != "" {
			u.Valid.From = day(t, from)
		}
		if to != "" {
			u.Valid.To = day(t, to)
		}
		return u
	}
	src := newShelf([]division.Unit{units[0],
		town(101, "330727101000", "甲镇", "", "2010-01-01", 0, 2), town(102, "330727102000", "乙镇", "", "2010-01-01", 2, 4),
		town(103, "330727103000", "丙镇", "2010-01-01", "2015-01-01", 0, 4), town(104, "330727103000", "丙街道", "2015-01-01", "", 0, 4),
	})
	return src, pg.EventRecord{
		Event: division.Event{ID: 1, Kind: division.Merge, Date: day(t, "2010-01-01")}, Own: true, Secrecy: division.Public,
		Edges: []division.Edge{{EventID: 1, Before: 101, After: 103, AreaShare: 1}, {EventID: 1, Before: 102, After: 103, AreaShare: 1}},
	}
}

func TestEventsFollowTheLog(t *testing.T) {
	src, e := past(t)
	a := open(t, src, Options{Poll: time.Hour})
	wait := func(seq int64) *Snapshot {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := a.WaitFor(ctx, seq); err != nil {
			t.Fatal(err)
		}
		return a.Snapshot()
	}
	before := a.Snapshot()
	s := wait(src.putEvent(e))
	if got := s.Events(division.Always, ""); len(got) != 1 || !slices.Equal(codesOf(got[0].Before), []division.Code{"330727101000", "330727102000"}) ||
		!slices.Equal(codesOf(got[0].After), []division.Code{"330727103000"}) || !s.Withdrawable(&got[0]) {
		t.Errorf("%+v", got)
	}
	if got := before.Events(division.Always, ""); len(got) != 0 {
		t.Errorf("the snapshot before has %+v", got)
	}
	for _, c := range []struct {
		from, to string
		code     division.Code
		n        int
	}{{"2010-01-01", "2010-01-02", "", 1}, {"2010-01-02", "2011-01-01", "", 0}, {"2000-01-01", "2010-01-01", "", 0},
		{"2000-01-01", "2020-01-01", "330727102000", 1}, {"2000-01-01", "2020-01-01", "330727000000", 0}} {
		if got := s.Events(division.Range{From: day(t, c.from), To: day(t, c.to)}, c.code); len(got) != c.n {
			t.Errorf("%+v: %d events", c, len(got))
		}
	}
	days := s.ChangeDays()
	if len(days) != 2 || days[0].Day != day(t, "2010-01-01") || days[0].Versions != 3 || !slices.Equal(days[0].Events, []int64{1}) ||
		days[1].Day != day(t, "2015-01-01") || days[1].Versions != 2 || len(days[1].Events) != 0 {
		t.Errorf("%+v", days)
	}
	// What is secret, or withdrawn, leads nowhere.
	e.Withdrawn = &pg.Withdrawal{Reason: "x"}
	s = wait(src.putEvent(e))
	if d, ok := s.Descent("330727101000", day(t, "2020-01-01")); !ok || len(d.Nodes) != 1 || len(d.Edges) != 0 {
		t.Errorf("after the withdrawal: %+v", d)
	}
	if got := s.Events(division.Always, ""); len(got) != 1 || s.Withdrawable(&got[0]) || len(s.ChangeDays()[0].Events) != 0 {
		t.Errorf("withdrawn: %+v", got)
	}
	e.Withdrawn, e.Secrecy = nil, division.Internal
	if s = wait(src.putEvent(e)); len(s.Events(division.Always, "")) != 0 {
		t.Error("an internal event is shown")
	}
	fresh, err := Load(t.Context(), src)
	if err != nil || len(fresh.Events(division.Always, "")) != 0 {
		t.Errorf("an internal event is loaded, %v", err)
	}
}

func TestDescentGoesThroughEventsAndFiles(t *testing.T) {
	src, e := past(t)
	src.putEvent(e)
	s, err := Load(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code  division.Code
		at    string
		nodes []int64
		plain int // edges without an event
	}{
		{"330727103000", "2020-01-01", []int64{101, 102, 103, 104}, 1},
		{"330727103000", "2012-01-01", []int64{101, 102, 103, 104}, 1},
		{"330727101000", "2000-01-01", []int64{101, 103, 104}, 1},
		{"330727101000", "2020-01-01", []int64{101, 103, 104}, 1}, // gone since: its last version
		{"330727103000", "2000-01-01", []int64{101, 102, 103, 104}, 1},
		{"330727000000", "2000-01-01", []int64{1}, 0},
	} {
		d, ok := s.Descent(c.code, day(t, c.at))
		var ids []int64
		for _, it := range d.Nodes {
			ids = append(ids, it.Unit.ID)
		}
		slices.Sort(ids)
		plain := 0
		for _, l := range d.Edges {
			if l.EventID == 0 {
				plain++
			}
		}
		if !ok || !slices.Equal(ids, c.nodes) || plain != c.plain || len(d.Edges)-plain > 0 != (len(d.Events) == 1) {
			t.Errorf("%s on %s: nodes %v, edges %+v, %d events", c.code, c.at, ids, d.Edges, len(d.Events))
		}
	}
	if _, ok := s.Descent("330727999000", day(t, "2020-01-01")); ok {
		t.Error("a code that nobody bore has a history")
	}
}
