package division_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"yutu/geo"
	"yutu/geo/division"
)

const (
	townA, townB = division.Code("330727100000"), division.Code("330727200000")
	villageA     = division.Code("330727100200")
)

func drawnState(t testing.TB) *division.State {
	return division.NewState(drawnWorld(), nil, nil, codeRanges(t))
}

// Every refusal of the rule book, one request each, with the part of the request that it concerns.
func TestRefusals(t *testing.T) {
	s := drawnState(t)
	r := &recorder{t: t, s: s, ids: 1000}
	doc := division.Document{Number: "浙政函〔2019〕9号"}
	r.record(division.Request{Kind: division.Rename, Date: day0 + 100, Document: doc, Units: []division.Code{townA}, Results: []division.Result{{Name: "新名镇"}}})
	far := division.Line{{119, 30}, {119, 31}}
	through := division.Line{corner(1, -1), corner(1, 3)}
	for name, c := range map[string]struct {
		s           *division.State
		q           division.Request
		rule, field string
	}{
		"kind":   {s, division.Request{Kind: "explode"}, "kind-unknown", "kind"},
		"date":   {s, division.Request{Kind: division.Merge, Date: division.Future}, "date-missing", "date"},
		"nobody": {s, division.Request{Kind: division.Rename, Units: []division.Code{"330799000000"}, Results: []division.Result{{Name: "x"}}}, "unit-unknown", "units.0"},
		"few":    {s, division.Request{Kind: division.Merge, Units: []division.Code{townA}}, "units-count", "units"},
		"levels": {s, division.Request{Kind: division.Merge, Units: []division.Code{townA, villageA}}, "level-differs", "units"},
		"twice":  {s, division.Request{Kind: division.Merge, Units: []division.Code{townA, townA}}, "unit-twice", "units"},
		"later": {r.s, division.Request{Kind: division.Merge, Units: []division.Code{townA, townB}, Results: []division.Result{{Name: "x"}}},
			"later-event", "units.0"},
		"parents": {s, division.Request{Kind: division.Merge, Units: []division.Code{townB, "330726100000"}}, "parent-mismatch", "results.0.parent"},
		"below": {s, division.Request{Kind: division.Merge, Units: []division.Code{townA, townB}, Results: []division.Result{{Parent: villageA}}},
			"parent-mismatch", "results.0.parent"},
		"digits": {s, division.Request{Kind: division.Recode, Units: []division.Code{townA}, Results: []division.Result{{Code: "330726105000"}}},
			"parent-mismatch", "results.0.code"},
		"in use": {s, division.Request{Kind: division.Upgrade, Units: []division.Code{townB}, Results: []division.Result{{Code: townA, Type: "镇"}}},
			"code-in-use", "results.0.code"},
		"range": {s, division.Request{Kind: division.Upgrade, Units: []division.Code{townB}, Results: []division.Result{{Code: "330727101000", Type: "街道"}}},
			"code-range", "results.0.code"},
		"child range": {s, division.Request{Kind: division.Recode, Units: []division.Code{townA}, Results: []division.Result{{Code: "330727105000"}},
			Children: []division.Recoding{{Code: villageA, NewCode: "330727105001"}}}, "code-range", "children"},
		"no child": {s, division.Request{Kind: division.Recode, Units: []division.Code{townA}, Results: []division.Result{{Code: "330727105000"}},
			Children: []division.Recoding{{Code: "330727200200", NewCode: "330727105200"}}}, "child-unknown", "children"},
		"apart": {s, division.Request{Kind: division.Merge, Units: []division.Code{villageA, "330727100202"}}, "not-touching", "enclave"},
		"no line": {s, division.Request{Kind: division.Split, Units: []division.Code{villageA}, Results: []division.Result{{Name: "a"}, {Name: "b"}}},
			"line-missing", "line"},
		"line off": {s, division.Request{Kind: division.Split, Units: []division.Code{villageA}, Line: far, Results: []division.Result{{Name: "a"}, {Name: "b"}}},
			"line-does-not-cross", "line"},
		"cuts a child": {s, division.Request{Kind: division.Split, Units: []division.Code{townA}, Results: []division.Result{{Name: "a"}, {Name: "b"}},
			Line: division.Line{{120.005, 28.9}, {120.006, 29.1}}}, "line-cuts-child", "line"},
		"all go": {s, division.Request{Kind: division.Transfer, To: townB, Members: []division.Code{"330727100200", "330727100201", "330727100202",
			"330727100203", "330727100204", "330727100205"}}, "nothing-left", "members"},
		"ownerless":  {s, division.Request{Kind: division.Abolish, Units: []division.Code{villageA}}, "area-not-conserved", "to"},
		"orphans":    {s, division.Request{Kind: division.Abolish, Units: []division.Code{townA}}, "children-left", "to"},
		"itself":     {s, division.Request{Kind: division.Abolish, Units: []division.Code{townA}, To: townA}, "same-unit", "to"},
		"same name":  {s, division.Request{Kind: division.Rename, Units: []division.Code{townA}, Results: []division.Result{{Name: "乡镇00"}}}, "nothing-changes", "results.0.name"},
		"seat":       {s, division.Request{Kind: division.Reseat, Units: []division.Code{townA}, Seat: &[2]float64{100, 20}}, "seat-outside", "seat"},
		"seat NaN":   {s, division.Request{Kind: division.Reseat, Units: []division.Code{townA}, Seat: &[2]float64{math.NaN(), 20}}, "seat-missing", "seat"},
		"shares":     {s, division.Request{Kind: division.Split, Units: []division.Code{villageA}, PopulationShares: []float64{0.5, 0.4}, Line: through, Results: []division.Result{{Name: "a"}, {Name: "b"}}}, "population-shares", "population_shares"},
		"no border":  {s, division.Request{Kind: division.Adjust, Units: []division.Code{villageA, "330726200205"}, Line: through}, "border-not-shared", "line"},
		"on a unit":  {s, division.Request{Kind: division.Establish, Results: []division.Result{{Code: "330727100210", Name: "x", Type: "村民委员会", Geometry: division.Area(block(0, 0, 1, 1))}}}, "overlaps-unit", "geometry"},
		"outside":    {s, division.Request{Kind: division.Establish, Results: []division.Result{{Code: "330727100210", Name: "x", Type: "村民委员会", Geometry: division.Area(block(2, 0, 4, 1))}}}, "outside-parent", "geometry"},
		"no area":    {s, division.Request{Kind: division.Establish, Results: []division.Result{{Code: "330727100210", Name: "x"}}}, "geometry-missing", "results.0.geometry"},
		"bow":        {s, division.Request{Kind: division.Establish, Results: []division.Result{{Code: "330727100210", Name: "x", Geometry: division.Area{{{{120, 29}, {120.1, 29.1}, {120.1, 29}, {120, 29.1}, {120, 29}}}}}}}, "ring-self-crossing", "geometry"},
		"two of one": {s, division.Request{Kind: division.Recode, Units: []division.Code{townA}, Children: []division.Recoding{{Code: villageA, NewCode: "1"}, {Code: villageA, NewCode: "2"}}}, "child-twice", "children.1"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.q.Date == 0 {
				c.q.Date = day0 + 50
			}
			e, refusals := c.s.Apply(c.q)
			i := slices.IndexFunc(refusals, func(r division.Refusal) bool { return r.Rule == c.rule })
			if i < 0 || len(e.Begin) > 0 {
				t.Fatalf("want %s, got %+v", c.rule, refusals)
			}
			got := refusals[i]
			if got.Field != c.field || got.Severity != geo.Error || got.Message.ZH == "" || got.Message.EN == "" {
				t.Errorf("%+v, want field %s", got, c.field)
			}
			if c.rule == "line-does-not-cross" && got.Nearest == nil {
				t.Error("the two nearest points are missing")
			}
			if c.rule == "later-event" && got.EventID != 1 {
				t.Errorf("event %d stands in the way, want 1", got.EventID)
			}
		})
	}
}

// The unit may be established where nothing stands, and a part of a merged unit may lie apart when that is meant.
func TestWhatIsAllowed(t *testing.T) {
	world := drawnWorld()
	world = slices.DeleteFunc(world, func(u division.Unit) bool { return u.Code == villageA })
	s := division.NewState(world, nil, nil, codeRanges(t))
	e, refusals := s.Apply(division.Request{Kind: division.Establish, Date: day0, Results: []division.Result{{Code: "330727100210", Name: "新村",
		Type: "村民委员会", Geometry: division.Area(block(0, 0, 1, 1))}}})
	if len(refusals) > 0 || len(e.Begin) != 1 || e.Begin[0].Parent != townA || len(e.Lineage) != 1 || e.Lineage[0].Before != 0 {
		t.Errorf("%+v %+v", e, refusals)
	}
	e, refusals = drawnState(t).Apply(division.Request{Kind: division.Merge, Date: day0, Units: []division.Code{villageA, "330727100202"}, Enclave: true})
	if len(refusals) > 0 || len(e.Begin) != 1 || len(e.Begin[0].Geom) != 2 {
		t.Errorf("%+v %+v", e, refusals)
	}
	// A code that was borne before is issued again, and said so.
	r := &recorder{t: t, s: drawnState(t), ids: 1000}
	r.record(division.Request{Kind: division.Recode, Date: day0, Units: []division.Code{townA}, Results: []division.Result{{Code: "330727105000"}}})
	e = r.record(division.Request{Kind: division.Upgrade, Date: day0 + 10, Units: []division.Code{townB}, Results: []division.Result{{Code: townA, Type: "镇"}}})
	if !slices.ContainsFunc(e.Warnings, func(w division.Refusal) bool { return w.Rule == "code-reissued" && w.Severity == geo.Warning }) {
		t.Errorf("%+v", e.Warnings)
	}
}

// Merge, then split along the former border: the arcs are those that were there, bit for bit.
func TestMergeThenSplitBackGivesTheSameBorders(t *testing.T) {
	s := drawnState(t)
	a, b := division.Code("330727100201"), division.Code("330727100204") // one above the other
	first, _ := s.At(a, day0)
	second, _ := s.At(b, day0)
	r := &recorder{t: t, s: s, ids: 1000}
	r.record(division.Request{Kind: division.Merge, Date: day0, Units: []division.Code{a, b}, Results: []division.Result{{Code: a}}})
	e := r.record(division.Request{Kind: division.Split, Date: day0 + 1, Units: []division.Code{a}, Line: division.Line{corner(1, 1), corner(2, 1)},
		Results: []division.Result{{Name: "北", Code: "330727100220"}, {Name: "南", Code: a}}})
	if len(e.Amend) > 0 {
		t.Errorf("%d versions got vertices", len(e.Amend))
	}
	north, _ := r.s.At("330727100220", day0+1)
	south, _ := r.s.At(a, day0+1)
	if north == nil || south == nil || north.GeomHash() != second.GeomHash() || south.GeomHash() != first.GeomHash() {
		t.Error("the borders are not those that were there")
	}
}

// An event on which others rest names them; when they are withdrawn, it can be.
func TestWithdrawal(t *testing.T) {
	r := &recorder{t: t, s: drawnState(t), ids: 1000}
	r.record(division.Request{Kind: division.Merge, Date: day0, Units: []division.Code{townA, townB}, Results: []division.Result{{Code: "330727101000", Name: "合镇"}}})
	r.record(division.Request{Kind: division.Rename, Date: day0 + 10, Units: []division.Code{"330727101200"}, Results: []division.Result{{Name: "新村"}}})
	r.record(division.Request{Kind: division.Rename, Date: day0 + 10, Units: []division.Code{"330726100200"}, Results: []division.Result{{Name: "别处"}}})
	r.record(division.Request{Kind: division.Recode, Date: day0 + 20, Units: []division.Code{"330727101000"}, Results: []division.Result{{Code: "330727102000"}}})
	r.record(division.Request{Kind: division.Recode, Date: day0 + 30, Units: []division.Code{"330726100000"}, Results: []division.Result{{Code: "330726101000"}}})
	ids := func(events []division.Event) (out []int64) {
		for _, e := range events {
			out = append(out, e.ID)
		}
		return out
	}
	if got := ids(r.s.Dependents(1)); !slices.Equal(got, []int64{4, 2}) {
		t.Errorf("on the first rest %v", got)
	}
	if _, in := r.s.Withdraw(1, nil, nil); len(in) != 2 {
		t.Error(in)
	}
	s := r.s
	for _, id := range []int64{4, 2, 1} {
		back, in := s.Withdraw(id, nil, nil)
		if len(in) > 0 {
			t.Fatalf("%d: %v", id, ids(in))
		}
		s = s.Without(id, back)
	}
	for _, code := range []division.Code{townA, townB, villageA} {
		if u, ok := s.At(code, day0+100); !ok || u.Valid != division.Always {
			t.Errorf("%s is not back", code)
		}
	}
	if u, ok := s.At("330726101000", day0+100); !ok || u.Name != "县1" && u.Level != division.Township {
		t.Error("what has nothing to do with it is gone")
	}
}

func FuzzDecodeRequest(f *testing.F) {
	seat := [2]float64{120, 29}
	day := day0
	for _, q := range []division.Request{
		{Kind: division.Merge, Date: day0, Units: []division.Code{townA, townB}, Results: []division.Result{{Name: "x"}}},
		{Kind: division.Split, Date: day0, Line: division.Line{{120, 29}, {121, 30}}, PopulationShares: []float64{0.5, 0.5}},
		{Kind: division.Establish, Date: day0, Document: division.Document{Date: &day}, Results: []division.Result{{Geometry: division.Area(block(0, 0, 1, 1))}}},
		{Kind: division.Reseat, Date: day0, Seat: &seat, Children: []division.Recoding{{Code: "1", NewCode: "2"}}},
	} {
		b, err := json.Marshal(q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"kind":"merge","line":{"type":"LineString","coordinates":[[1e999,0],[0,0]]}}`))
	f.Add([]byte(`{"units":["a"],"date":"2018-02-30"}`))
	s := drawnState(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		q, bad := division.DecodeRequest(b)
		if len(bad) > 0 {
			for _, r := range bad {
				if r.Message.ZH == "" || r.Severity != geo.Error {
					t.Fatalf("%+v", r)
				}
			}
			return
		}
		for _, c := range q.Units {
			if c != "" && len(c) != 12 {
				t.Fatalf("code %q", c)
			}
		}
		out, err := json.Marshal(q)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if _, bad := division.DecodeRequest(out); len(bad) > 0 {
			t.Fatalf("%s was read and written as %s, which is refused: %+v", b, out, bad)
		}
		// Whatever it says, deciding on it ends, and either refuses or loses nothing.
		e, refusals := s.Apply(q)
		if len(refusals) > 0 && len(e.Begin) > 0 {
			t.Fatal("an effect beside refusals")
		}
	})
}

func TestDecodeRequestSaysWhatIsWrong(t *testing.T) {
	for text, field := range map[string]string{
		`{"kindd":"merge"}`: "", `{"units":"330727"}`: "units", `{"units":["33072"]}`: "units.0", `{"date":"2018年"}`: "", `[]`: "", `{} {}`: "",
		`{"line":{"type":"Point","coordinates":[1,2]}}`: "", `{"line":{"type":"LineString","coordinates":[[200,0],[0,0]]}}`: "",
		`{"results":[{"code":"x"}]}`: "results.0.code", `{"children":[{"code":"330727","new_code":"9"}]}`: "children.0.new_code", `{"note":"` + "\x00" + `"}`: "",
	} {
		if _, bad := division.DecodeRequest([]byte(text)); len(bad) == 0 || bad[0].Field != field {
			t.Errorf("%s: %+v, want field %q", text, bad, field)
		}
	}
	q, bad := division.DecodeRequest([]byte(`{"kind":"merge","date":"2018-10-31","units":["330727102","330727209000"],"document":{"number":" 浙政函 ","date":null},"line":null}`))
	if len(bad) > 0 || q.Units[0] != "330727102000" || q.Date.String() != "2018-10-31" || q.Document.Number != "浙政函" || q.Line != nil {
		t.Errorf("%+v %+v", q, bad)
	}
}
