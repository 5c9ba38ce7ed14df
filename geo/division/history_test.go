package division_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"yutu/data/seed"
	"yutu/data/synth"
	"yutu/geo/division"
	"yutu/geo/geodesy"
)

var county = sync.OnceValues(func() (*synth.World, error) {
	return synth.Generate(context.Background(), synth.Options{Seed: 1})
})

func codeRanges(t testing.TB) []division.CodeRange {
	tables, err := seed.Demo()
	if err != nil {
		t.Fatal(err)
	}
	var out []division.CodeRange
	for _, c := range tables.Codes {
		out = append(out, division.CodeRange{Level: c.Level, Type: c.Type, Generic: c.Generic, From: c.From, To: c.To})
	}
	return out
}

// past is the county as it was before anything changed, and the units of all dates that it should have.
func past(t testing.TB) (*division.State, *synth.World, *seed.Tables) {
	w, err := county()
	if err != nil {
		t.Fatal(err)
	}
	tables, err := seed.Demo()
	if err != nil {
		t.Fatal(err)
	}
	var units []division.Unit
	for _, u := range w.Units {
		if u.Valid.From == division.Past {
			u.ID, u.Valid = int64(len(units)+1), division.Always
			units = append(units, u)
		}
	}
	return division.NewState(units, nil, nil, codeRanges(t)), w, tables
}

// recorder applies requests one after the other.
type recorder struct {
	t     testing.TB
	s     *division.State
	ids   int64
	event int64
}

func (r *recorder) record(q division.Request) division.Effect {
	r.t.Helper()
	e, refusals := r.s.Apply(q)
	if len(refusals) > 0 {
		r.t.Fatalf("%s of %v on %s refused: %+v", q.Kind, q.Units, q.Date, refusals)
	}
	r.event++
	r.s = r.s.With(e, division.Event{ID: r.event, Kind: q.Kind, Date: q.Date, Document: q.Document}, func() int64 { r.ids++; return r.ids })
	return e
}

func townshipRequests(tables *seed.Tables) []division.Request {
	change := tables.County.TownshipChange
	doc := division.Document{Number: "浙政函〔2018〕1号"}
	var out []division.Request
	for _, now := range tables.Townships {
		if now.Into != "" {
			continue
		}
		var from []division.Code
		if now.VillagesBefore > 0 {
			from = append(from, now.Code)
		}
		for _, old := range tables.Townships {
			if old.Into == now.Code {
				from = append(from, old.Code)
			}
		}
		q := division.Request{Date: change, Document: doc, Units: from,
			Results: []division.Result{{Code: now.Code, Name: now.Name, Type: now.Type}}}
		switch {
		case len(from) > 1:
			q.Kind = division.Merge
		case from[0] != now.Code:
			q.Kind = division.Upgrade
		default:
			continue
		}
		out = append(out, q)
	}
	return out
}

// The whole history of the county, recorded event by event, gives what the county is known to be at every date: 19 townships become
// 14, 371 villages 236, codes retire (尖山镇 102→109, 盘峰乡 206→212), and borders are the same to the last digit.
func TestTheCountysOwnHistory(t *testing.T) {
	s, w, tables := past(t)
	r := &recorder{t: t, s: s, ids: 10000}
	for _, q := range townshipRequests(tables) {
		r.record(q)
	}
	merged := map[division.Code][]division.Code{}
	named := map[division.Code]string{}
	for _, l := range w.Lineage {
		if l.Level == division.Village && l.Date == tables.County.VillageChange {
			merged[l.New] = append(merged[l.New], l.Old)
			named[l.New] = l.NewName
		}
	}
	count := 0
	for _, u := range r.s.InForce(division.Village, tables.County.TownshipChange) {
		for now, from := range merged {
			if from[0] != u.Code || len(from) == 1 {
				continue
			}
			r.record(division.Request{Kind: division.Merge, Date: tables.County.VillageChange, Units: from,
				Results: []division.Result{{Code: now, Name: named[now]}}})
			count++
		}
	}
	if count == 0 {
		t.Fatal("no villages were merged")
	}
	for _, day := range []division.Date{tables.County.TownshipChange - 1, tables.County.TownshipChange, tables.County.VillageChange - 1,
		tables.County.VillageChange, tables.County.VillageChange + 1000} {
		var counts [division.Village + 1]int
		for _, want := range w.Units {
			if !want.Valid.Contains(day) {
				continue
			}
			counts[want.Level]++
			got, ok := r.s.At(want.Code, day)
			if !ok {
				t.Errorf("%s: %s %s is missing", day, want.Code, want.Name)
				continue
			}
			if got.Name != want.Name || got.Type != want.Type || got.Parent != want.Parent || got.Level != want.Level || got.Valid != want.Valid {
				t.Errorf("%s: %s is %q %q under %s in %v, want %q %q under %s in %v", day, want.Code, got.Name, got.Type, got.Parent, got.Valid,
					want.Name, want.Type, want.Parent, want.Valid)
			}
			if !sameArea(got, &want) {
				t.Errorf("%s: %s %s covers other ground", day, want.Code, want.Name)
			}
		}
		for _, l := range []division.Level{division.Township, division.Village} {
			if got := len(r.s.InForce(l, day)); got != counts[l] {
				t.Errorf("%s: %d units of level %s, want %d", day, got, l, counts[l])
			}
		}
		t.Logf("%s: %d townships, %d villages", day, counts[division.Township], counts[division.Village])
	}
	// The lineage says what the truth says.
	for _, l := range w.Lineage {
		parts, lost, ok := r.s.BecameOf(l.Old, l.Date-1, l.Date)
		if !ok || lost != 0 || len(parts) != 1 || parts[0].Unit.Code != l.New || parts[0].AreaShare != 1 || !parts[0].PeopleKnown {
			t.Errorf("%s of %s became %v, lost %v; want %s", l.Old, l.Date, parts, lost, l.New)
		}
	}
	jianshan, _, _ := r.s.BecameOf("330727102000", tables.County.TownshipChange-1, tables.County.TownshipChange)
	if len(jianshan) != 1 || jianshan[0].Unit.Code != "330727109000" || jianshan[0].Unit.Name != "尖山镇" {
		t.Errorf("尖山镇 became %v", jianshan)
	}
	before, _ := r.s.WasHere("330727212000", tables.County.VillageChange, tables.County.TownshipChange-1)
	var names []string
	var sum float64
	for _, p := range before {
		names, sum = append(names, p.Unit.Name), sum+p.AreaShare
	}
	if !slices.Equal(names, []string{"盘峰乡", "高二乡"}) || math.Abs(sum-1) > 1e-12 {
		t.Errorf("盘峰乡 212 was %v, %v in all", names, sum)
	}
	if docs := r.s.Documents("330727212000", tables.County.VillageChange); len(docs) != 1 || docs[0].Document.Number != "浙政函〔2018〕1号" {
		t.Errorf("the documents of 盘峰乡 are %v", docs)
	}
	h, ok := r.s.History("330727102000", tables.County.TownshipChange-1)
	if !ok || len(h.Nodes) != 2 || len(h.Edges) != 1 || len(h.Events) != 1 {
		t.Errorf("the history of 尖山镇 102 has %d nodes, %d edges, %d events", len(h.Nodes), len(h.Edges), len(h.Events))
	}
}

// sameArea is exact but for vertices where the borders of others ended, which a union keeps.
func sameArea(a, b *division.Unit) bool {
	if a.GeomHash() == b.GeomHash() {
		return true
	}
	x, y := geodesy.AreaM2(a.Geom), geodesy.AreaM2(b.Geom)
	return math.Abs(x-y) < 1e-9*x
}

func ExampleState_BecameOf() {
	one := 1.0
	s := division.NewState([]division.Unit{
		{ID: 1, Code: "330727102000", Name: "尖山镇", Level: division.Township, Valid: division.Range{From: division.Past, To: 17835}},
		{ID: 2, Code: "330727109000", Name: "尖山镇", Level: division.Township, Valid: division.Range{From: 17835, To: division.Future}},
	}, nil, []division.Edge{{EventID: 1, Before: 1, After: 2, AreaShare: 1, PopulationShare: &one}}, nil)
	parts, _, _ := s.BecameOf("330727102000", 17000, 18000)
	fmt.Println(parts[0].Unit.Code, parts[0].AreaShare)
	// Output: 330727109000 1
}
