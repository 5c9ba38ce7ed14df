package synth

import (
	"math"
	"strings"
	"testing"

	"yutu/data/seed"
	"yutu/geo/division"
	"yutu/geo/geodesy"
)

// Every version that begins or ends on a date of change does so by exactly one event, and nothing is lost on the way.
func TestTheHistoryLeadsFromThePastToToday(t *testing.T) {
	c := county1(t)
	k := c.tables.County
	ended, begun := map[int]int{}, map[int]int{} // version → event
	for n, e := range c.History {
		if e.Date != k.TownshipChange && e.Date != k.VillageChange {
			t.Errorf("event %d is of %s", n, e.Date)
		}
		if !strings.Contains(e.Note, "文号待补") || e.Document.Number != "" {
			t.Errorf("event %d: document %+v, note %q", n, e.Document, e.Note)
		}
		for _, l := range e.Edges {
			before, after := &c.Units[l.Before], &c.Units[l.After]
			if before.Valid.To != e.Date || after.Valid.From != e.Date || before.Level != after.Level {
				t.Fatalf("event %d of %s turns %s %v into %s %v", n, e.Date, before.Code, before.Valid, after.Code, after.Valid)
			}
			if m, ok := ended[l.Before]; ok {
				t.Errorf("%s ends by the events %d and %d", before.Code, m, n)
			}
			if m, ok := begun[l.After]; ok && m != n {
				t.Errorf("%s begins by the events %d and %d", after.Code, m, n)
			}
			ended[l.Before], begun[l.After] = n, n
		}
	}
	area := map[int]float64{}
	for _, e := range c.History {
		for _, l := range e.Edges {
			if l.AreaShare != 1 || l.PeopleShare != 1 {
				t.Errorf("%s: shares %v, %v", c.Units[l.Before].Code, l.AreaShare, l.PeopleShare)
			}
			area[l.After] += l.AreaM2
		}
	}
	for i := range c.Units {
		u := &c.Units[i]
		if _, ok := ended[i]; ok != (u.Valid.To != division.Future) {
			t.Errorf("%s %v: ended by an event: %v", u.Code, u.Valid, ok)
		}
		if _, ok := begun[i]; ok != (u.Valid.From != division.Past) {
			t.Errorf("%s %v: begun by an event: %v", u.Code, u.Valid, ok)
		}
		if a := geodesy.AreaM2(u.Geom); area[i] != 0 && math.Abs(area[i]-a) > 1e-9*a {
			t.Errorf("%s has %v m², its parts had %v", u.Code, a, area[i])
		}
	}
}

func TestTheHistoryIsThatOfThePlan(t *testing.T) {
	c := county1(t)
	k := c.tables.County
	count := func(level division.Level, at division.Date) int {
		n := 0
		for _, u := range c.inForce(level, at) {
			if u.Code.Within(k.Code) {
				n++
			}
		}
		return n
	}
	if a, b := count(division.Township, k.TownshipChange-1), count(division.Township, k.TownshipChange); a != 19 || b != 14 {
		t.Errorf("%d townships became %d", a, b)
	}
	if a, b := count(division.Village, k.VillageChange-1), count(division.Village, k.VillageChange); a != 371 || b != 236 {
		t.Errorf("%d villages became %d", a, b)
	}
	kinds := map[division.Code]division.EventKind{}
	merged := 0
	for _, e := range c.History {
		for _, l := range e.Edges {
			switch u := &c.Units[l.After]; {
			case u.Level == division.Township:
				kinds[u.Code] = e.Kind
			case e.Date == k.VillageChange && e.Kind == division.Merge:
				merged++
			}
		}
	}
	want := map[division.Code]division.EventKind{
		"330727001000": division.Upgrade, "330727002000": division.Merge, "330727106000": division.Merge,
		"330727107000": division.Merge, "330727109000": division.Merge, "330727212000": division.Merge,
	}
	if len(kinds) != len(want) {
		t.Errorf("townships that changed: %v", kinds)
	}
	for code, kind := range want {
		if kinds[code] != kind {
			t.Errorf("%s: %s, want %s", code, kinds[code], kind)
		}
	}
	if merged == 0 {
		t.Error("no village was merged")
	}
	if tables, err := seed.Demo(); err != nil || tables.TownshipApproval.Source == "" || tables.VillageApproval.Source == "" {
		t.Errorf("%+v, %v", tables, err)
	}
}
