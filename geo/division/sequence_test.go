package division_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yutu/geo/crs"
	"yutu/geo/division"
	"yutu/geo/geodesy"
)

// The drawn world: two counties side by side, each of two townships, each of 3 by 2 villages, on a bent grid.
//
//	A: 330727        B: 330726
//	100 | 200     |  100 | 200
//	6 villages each, numbered from 200 on
const (
	cols, rows = 12, 2
	stepDeg    = 0.01
)

func corner(x, y int) orb.Point {
	bend := func(k int) float64 { return stepDeg / 5 * math.Sin(float64(k)) }
	return crs.Snap(orb.Point{120 + float64(x)*stepDeg + bend(3*x+5*y), 29 + float64(y)*stepDeg + bend(7*x+2*y)})
}

// block is the area of the cells x0 ≤ x < x1, with a vertex at every corner of a cell.
func block(x0, y0, x1, y1 int) orb.MultiPolygon {
	var r orb.Ring
	for x := x0; x < x1; x++ {
		r = append(r, corner(x, y0))
	}
	for y := y0; y < y1; y++ {
		r = append(r, corner(x1, y))
	}
	for x := x1; x > x0; x-- {
		r = append(r, corner(x, y1))
	}
	for y := y1; y >= y0; y-- {
		r = append(r, corner(x0, y))
	}
	return orb.MultiPolygon{{r}}
}

func drawnWorld() []division.Unit {
	var units []division.Unit
	put := func(code division.Code, l division.Level, kind, name string, parent division.Code, g orb.MultiPolygon) {
		units = append(units, division.Unit{ID: int64(len(units) + 1), Code: code, Level: l, Type: kind, Name: name, Parent: parent,
			Valid: division.Always, Secrecy: division.Public, Geom: g})
	}
	put("330700000000", division.Prefecture, "地级市", "甲市", "", block(0, 0, cols, rows))
	for k := range 2 {
		county := division.Code(fmt.Sprintf("33072%d000000", 7-k))
		put(county, division.County, "县", fmt.Sprintf("县%d", k), "330700000000", block(6*k, 0, 6*k+6, rows))
		for j := range 2 {
			kind, serial := []string{"镇", "乡"}[j], 100*(j+1)
			town := county[:6] + division.Code(fmt.Sprintf("%03d000", serial))
			x := 6*k + 3*j
			put(town, division.Township, kind, fmt.Sprintf("乡镇%d%d", k, j), county, block(x, 0, x+3, rows))
			for n := range 6 {
				put(town[:9]+division.Code(fmt.Sprintf("%03d", 200+n)), division.Village, "村民委员会", fmt.Sprintf("村%d%d%d", k, j, n), town,
					block(x+n%3, n/3, x+n%3+1, n/3+1))
			}
		}
	}
	return units
}

const day0 = division.Date(17000)

// law checks what must hold of every state, on the days given.
func law(t *rapid.T, s *division.State, units []division.Unit, days []division.Date, want [division.Village + 1]float64) {
	byCode := map[division.Code][]division.Range{}
	for _, u := range units {
		for _, r := range byCode[u.Code] {
			if r.Overlaps(u.Valid) {
				t.Fatalf("two versions of %s share a day: %v, %v", u.Code, r, u.Valid)
			}
		}
		byCode[u.Code] = append(byCode[u.Code], u.Valid)
	}
	for _, day := range days {
		for l := division.Prefecture; l <= division.Village; l++ {
			var sum float64
			for _, u := range s.InForce(l, day) {
				sum += geodesy.AreaM2(u.Geom)
				if u.Parent == "" {
					continue
				}
				parent, ok := s.At(u.Parent, day)
				if !ok || parent.Level >= u.Level || !u.Code.Within(parent.Code) {
					t.Fatalf("%s: %s has the parent %s: %v", day, u.Code, u.Parent, ok)
				}
			}
			if math.Abs(sum-want[l]) > 1e-9*want[l]+0.05 {
				t.Fatalf("%s: level %s covers %.3f m², want %.3f", day, l, sum, want[l])
			}
			if l == division.Village {
				break
			}
			for _, u := range s.InForce(l, day) {
				var kids float64
				for _, c := range s.Children(u.Code, day) {
					kids += geodesy.AreaM2(c.Geom)
				}
				if own := geodesy.AreaM2(u.Geom); math.Abs(own-kids) > 1e-9*own+0.01 {
					t.Fatalf("%s: %s covers %.3f m², its children %.3f", day, u.Code, own, kids)
				}
			}
		}
	}
}

// drawRequest proposes an event, which need not be possible.
func drawRequest(t *rapid.T, s *division.State, day division.Date) division.Request {
	q := division.Request{Date: day, Document: division.Document{Number: "文〔2020〕1号"},
		Kind: rapid.SampledFrom([]division.EventKind{division.Merge, division.Merge, division.Split, division.Transfer, division.Rename,
			division.Recode, division.Upgrade, division.Reseat, division.Adjust, division.Abolish, division.Establish}).Draw(t, "kind"),
		Enclave: rapid.Bool().Draw(t, "enclave")}
	level := rapid.SampledFrom([]division.Level{division.Village, division.Village, division.Township}).Draw(t, "level")
	all := s.InForce(level, day-1)
	one := func(list []*division.Unit, label string) *division.Unit {
		return rapid.SampledFrom(list).Draw(t, label)
	}
	u := one(all, "unit")
	q.Units = []division.Code{u.Code}
	// Neighbours in the list of their parent are often neighbours on the ground.
	beside := one(all, "other")
	if kids := s.Children(u.Parent, day-1); len(kids) > 1 && rapid.IntRange(0, 3).Draw(t, "sibling") > 0 {
		beside = one(kids, "brother")
	}
	name := fmt.Sprintf("新%d", rapid.IntRange(0, 999999).Draw(t, "name"))
	members := func(of *division.Unit) {
		if kids := s.Children(of.Code, day-1); len(kids) > 0 {
			for range rapid.IntRange(1, 3).Draw(t, "members") {
				if c := one(kids, "member").Code; !slices.Contains(q.Members, c) {
					q.Members = append(q.Members, c)
				}
			}
		}
	}
	across := func(g orb.MultiPolygon) division.Line {
		b := g.Bound()
		f, h := rapid.Float64Range(0.2, 0.8).Draw(t, "from"), rapid.Float64Range(0.2, 0.8).Draw(t, "to")
		x0, x1 := b.Min[0]+f*(b.Max[0]-b.Min[0]), b.Min[0]+h*(b.Max[0]-b.Min[0])
		return division.Line{crs.Snap(orb.Point{x0, b.Min[1] - 0.001}), crs.Snap(orb.Point{(x0+x1)/2 + 0.0003, (b.Min[1] + b.Max[1]) / 2}),
			crs.Snap(orb.Point{x1, b.Max[1] + 0.001})}
	}
	switch q.Kind {
	case division.Merge:
		if beside.ID != u.ID {
			q.Units = append(q.Units, beside.Code)
		}
		if rapid.Bool().Draw(t, "rename") {
			q.Results = []division.Result{{Name: name, Parent: u.Parent}}
		}
	case division.Split:
		q.Results = []division.Result{{Name: u.Name, Code: u.Code}, {Name: name}}
		if level == division.Township {
			members(u)
		} else {
			q.Line = across(u.Geom)
		}
		if rapid.Bool().Draw(t, "people") {
			f := rapid.Float64Range(0, 1).Draw(t, "share")
			q.PopulationShares = []float64{f, 1 - f}
		}
	case division.Transfer:
		q.To = beside.Code
		if level == division.Township {
			q.Units = nil
			members(u)
		} else {
			q.Line = across(u.Geom)
		}
	case division.Rename:
		q.Results = []division.Result{{Name: name}}
	case division.Upgrade:
		types := []string{"街道", "镇", "乡"}
		if level == division.Village && rapid.IntRange(0, 3).Draw(t, "own kind") > 0 {
			types = []string{"居民委员会", "村民委员会"}
		}
		q.Results = []division.Result{{Type: rapid.SampledFrom(types).Draw(t, "type")}}
	case division.Reseat:
		seat := [2]float64(u.Geom[0][0][0])
		q.Seat = &seat
	case division.Adjust:
		var near []*division.Unit
		for _, n := range all {
			if n.ID != u.ID && len(sharedStretch(u.Geom, n.Geom)) > 1 {
				near = append(near, n)
			}
		}
		if len(near) > 0 && rapid.IntRange(0, 3).Draw(t, "near") > 0 {
			beside = one(near, "neighbour")
		}
		q.Units = append(q.Units, beside.Code)
		if shared := sharedStretch(u.Geom, beside.Geom); len(shared) > 1 {
			a, b := shared[0], shared[len(shared)-1]
			mid := orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
			d := rapid.Float64Range(-0.002, 0.002).Draw(t, "shift")
			q.Line = division.Line{a, crs.Snap(orb.Point{mid[0] + d, mid[1] + d}), b}
		}
	case division.Abolish:
		q.To = beside.Code
	case division.Establish:
		members(one(s.InForce(division.Township, day-1), "donor"))
		q.Units = nil
		q.Results = []division.Result{{Name: name, Type: "镇"}}
	}
	return q
}

// sharedStretch is a run of edges that two areas have in common.
func sharedStretch(a, b orb.MultiPolygon) orb.LineString {
	has := map[[2]orb.Point]bool{}
	for _, p := range b {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				has[[2]orb.Point{r[i], r[i-1]}] = true
			}
		}
	}
	var out orb.LineString
	for _, p := range a {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				if has[[2]orb.Point{r[i-1], r[i]}] {
					if len(out) == 0 {
						out = append(out, r[i-1])
					} else if out[len(out)-1] != r[i-1] {
						return out
					}
					out = append(out, r[i])
				}
			}
		}
	}
	return out
}

type tally struct{ done, refused map[string]int }

var seen = tally{map[string]int{}, map[string]int{}}

// Whatever is recorded in whatever order: ground and people are conserved on every day, shares of what became of a unit sum to 1, no
// code has two versions on a day, every unit lies under its parent and fills it, and what is withdrawn leaves no trace.
func TestRandomSequencesOfEventsLoseNothing(t *testing.T) {
	codes := codeRanges(t)
	sequence := func(t *rapid.T) {
		units := drawnWorld()
		s := division.NewState(units, nil, nil, codes)
		var want [division.Village + 1]float64
		for l := division.Prefecture; l <= division.Village; l++ {
			for _, u := range s.InForce(l, day0) {
				want[l] += geodesy.AreaM2(u.Geom)
			}
		}
		ids, events := int64(1000), int64(0)
		days := []division.Date{day0}
		day := day0
		for range rapid.IntRange(1, 6).Draw(t, "events") {
			day += division.Date(rapid.IntRange(0, 2).Draw(t, "days"))
			if day == day0 {
				day++
			}
			q := drawRequest(t, s, day)
			if q.Kind == division.Establish && len(q.Members) == 0 {
				continue
			}
			e, refusals := s.Apply(q)
			if len(refusals) > 0 {
				seen.refused[string(q.Kind)+" "+refusals[0].Rule]++
				for _, r := range refusals {
					if r.Rule == "area-not-conserved" || r.Rule == "edit-makes-invalid-area" && q.Kind != division.Adjust {
						t.Fatalf("%+v: %+v", q, r)
					}
				}
				continue
			}
			seen.done[string(q.Kind)]++
			before := s
			events++
			next := ids
			s = s.With(e, division.Event{ID: events, Kind: q.Kind, Date: q.Date}, func() int64 { next++; return next })
			if q.Kind == division.Reseat {
				continue
			}
			if back := withdrawn(t, s, before, events, e); !back {
				t.Fatalf("%+v: withdrawing does not restore the state", q)
			}
			ids = next
			if !slices.Contains(days, day) {
				days = append(days, day)
			}
		}
		days = append(days, day+100)
		for l := division.Prefecture; l <= division.Village; l++ {
			// New vertices lie on the straight line of the map between others, not on the geodesic: a long edge of 1.3 km moves by
			// centimetres on the ground, once and for all dates.
			var now float64
			for _, u := range s.InForce(l, day0) {
				now += geodesy.AreaM2(u.Geom)
			}
			if math.Abs(now-want[l]) > 1e-5*want[l] {
				t.Fatalf("level %s of the first day grew from %.3f to %.3f m²", l, want[l], now)
			}
			want[l] = now
		}
		law(t, s, s.Units(), days, want)
		carried(t, s, day+100)
	}
	missing := func() (kinds []division.EventKind) {
		for _, k := range division.EventKinds {
			if seen.done[string(k)] == 0 {
				kinds = append(kinds, k)
			}
		}
		return kinds
	}
	// The rarest kind comes some eight times in a hundred sequences, so now and then not at all.
	for range 5 {
		if rapid.Check(t, sequence); len(missing()) == 0 {
			break
		}
	}
	t.Log("recorded:", seen.done)
	t.Log("refused:", seen.refused)
	if kinds := missing(); len(kinds) > 0 {
		t.Errorf("no event of the kinds %v was ever possible", kinds)
	}
}

// withdrawn takes the last event back and compares.
func withdrawn(t *rapid.T, s, before *division.State, id int64, e division.Effect) bool {
	var were []division.Unit
	for _, a := range e.Amend {
		u, _ := before.Unit(a.ID)
		were = append(were, *u)
	}
	r, in := s.Withdraw(id, were, e.Amend)
	if len(in) > 0 {
		t.Fatalf("the last event cannot be withdrawn: %v", in)
	}
	back := s.Without(id, r).Units()
	want := before.Units()
	if len(back) != len(want) {
		return false
	}
	for i := range back {
		if back[i].ID != want[i].ID || back[i].Hash() != want[i].Hash() {
			return false
		}
	}
	return true
}

// carried follows every unit from the first day to the last: all of its ground and all of its people arrive somewhere.
func carried(t *rapid.T, s *division.State, last division.Date) {
	for _, l := range []division.Level{division.County, division.Township, division.Village} {
		got := map[division.Code]float64{}
		for _, u := range s.InForce(l, day0) {
			parts, lost, ok := s.BecameOf(u.Code, day0, last)
			if !ok || lost != 0 {
				t.Fatalf("%s is lost: %v %v", u.Code, lost, ok)
			}
			var area, people float64
			for _, p := range parts {
				area, people = area+p.AreaShare, people+p.PeopleShare
				got[p.Unit.Code] += p.AreaShare * geodesy.AreaM2(u.Geom)
			}
			if math.Abs(area-1) > 1e-9 || math.Abs(people-1) > 1e-6 {
				t.Fatalf("shares of %s sum to %v of its ground, %v of its people", u.Code, area, people)
			}
		}
		// What arrives is the ground of what is there.
		for _, u := range s.InForce(l, last) {
			if own := geodesy.AreaM2(u.Geom); math.Abs(own-got[u.Code]) > 0.02*own {
				t.Fatalf("%s covers %.1f m², but %.1f m² went into it", u.Code, own, got[u.Code])
			}
		}
	}
}
