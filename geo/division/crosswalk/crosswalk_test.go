package crosswalk

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"yutu/geo"
	"yutu/geo/division"
)

const change = division.Date(17835)

func version(id int64, code division.Code, from, to division.Date) division.Unit {
	return division.Unit{ID: id, Code: code, Name: "名" + string(code[6:9]), Level: division.Township, Valid: division.Range{From: from, To: to}}
}

// The drawn case: 101 and 102 become 201 whole; 103 is split in thirds, by people 1:3, between 202 and 203; 104 stays.
//
//	101 102 │ 103      │ 104
//	└─ 201 ─┘ 202  203   104
func drawn() *division.State {
	one, quarter, rest := 1.0, 0.25, 0.75
	return division.NewState([]division.Unit{
		version(1, "330727101000", division.Past, change), version(2, "330727102000", division.Past, change),
		version(3, "330727103000", division.Past, change), version(4, "330727104000", division.Past, division.Future),
		version(5, "330727201000", change, division.Future), version(6, "330727202000", change, division.Future),
		version(7, "330727203000", change, division.Future),
	}, []division.Event{{ID: 1, Date: change}, {ID: 2, Date: change}}, []division.Edge{
		{EventID: 1, Before: 1, After: 5, AreaShare: 1, AreaM2: 10, PopulationShare: &one},
		{EventID: 1, Before: 2, After: 5, AreaShare: 1, AreaM2: 30, PopulationShare: &one},
		{EventID: 2, Before: 3, After: 6, AreaShare: 1. / 3, AreaM2: 10, PopulationShare: &quarter},
		{EventID: 2, Before: 3, After: 7, AreaShare: 2. / 3, AreaM2: 20, PopulationShare: &rest},
	}, nil)
}

func forward(byPeople bool) Options {
	return Options{From: change - 1, To: change, Level: division.Township, ByPopulation: byPeople}
}

func show(r Result) string {
	var b strings.Builder
	for _, row := range r.Rows {
		code := string(row.Code)
		if code != "" {
			code = code[6:9]
		}
		fmt.Fprintf(&b, "%s:%s:%s ", code, strings.Join(row.Values, ","), row.Ways[0])
	}
	return strings.TrimSpace(b.String())
}

func TestConvert(t *testing.T) {
	table := Table{Columns: []string{"人口", "面积"}, Rows: []Row{
		{2, "330727101", []string{"1,001", "1.5"}}, {3, "330727102", []string{"2", "0.25"}},
		{4, "330727103", []string{"10", "1"}}, {5, "330727104", []string{"7", "1"}},
	}}
	byPeople, findings := Convert(drawn(), table, forward(true))
	if len(findings) != 0 {
		t.Error(findings)
	}
	// 10 people 1:3 are 2.5 and 7.5: the first of equal remainders gets the one left over.
	if got := show(byPeople); got != "104:7,1.00:exact 201:1003,1.75:exact 202:3,0.25:population 203:7,0.75:population" {
		t.Error(got)
	}
	byArea, _ := Convert(drawn(), table, forward(false))
	if got := show(byArea); got != "104:7,1.00:exact 201:1003,1.75:exact 202:3,0.33:area 203:7,0.67:area" {
		t.Error(got)
	}
	back, _ := Convert(drawn(), Table{Columns: []string{"人口"}, Rows: []Row{
		{2, "330727201", []string{"100"}}, {3, "330727202", []string{"5"}}, {4, "330727203", []string{"6"}}, {5, "330727104", []string{"1"}},
	}}, Options{From: change, To: change - 1, Level: division.Township})
	if got := show(back); got != "101:25:area 102:75:area 103:11:exact 104:1:exact" {
		t.Error(got)
	}
}

func TestUnknownUnitsAreListedAndTotalsReconciled(t *testing.T) {
	r, findings := Convert(drawn(), Table{Columns: []string{"人口"}, Rows: []Row{
		{2, "330727101", []string{"5"}}, {3, "330727999", []string{"8"}}, {4, "330727201", []string{"9"}},
	}}, forward(true))
	if got := show(r); got != "201:5:exact :17:unmatched" {
		t.Error(got)
	}
	if !slices.Equal(r.Unmatched, []division.Code{"330727201000", "330727999000"}) {
		t.Error(r.Unmatched)
	}
	if r.Totals[0] != (Total{"22", "22"}) {
		t.Error(r.Totals)
	}
	if !slices.Equal(r.Missing, []division.Code{"330727102000", "330727103000", "330727104000"}) {
		t.Error(r.Missing)
	}
	if worst, _ := geo.Worst(findings); worst != geo.Warning || len(findings) != 2 {
		t.Error(findings)
	}
}

func TestABadTableGivesNothingHalf(t *testing.T) {
	for name, c := range map[string]struct {
		rows []Row
		rule string
		row  int
	}{
		"not numeric": {[]Row{{2, "330727101", []string{"5"}}, {3, "330727102", []string{"约五"}}}, "not-numeric", 3},
		"percent":     {[]Row{{2, "330727101", []string{"5%"}}}, "not-numeric", 2},
		"bad groups":  {[]Row{{2, "330727101", []string{"1,00"}}}, "not-numeric", 2},
		"total row":   {[]Row{{2, "330727101", []string{"5"}}, {3, "合计", []string{"5"}}}, "code-malformed", 3},
		"twice":       {[]Row{{2, "330727101", []string{"5"}}, {3, "330727101000", []string{"5"}}}, "code-twice", 3},
		"huge":        {[]Row{{2, "330727101", []string{"1e99999999"}}}, "not-numeric", 2},
		"long":        {[]Row{{2, "330727101", []string{strings.Repeat("9", 100000)}}}, "not-numeric", 2},
		"infinite":    {[]Row{{2, "330727101", []string{"Inf"}}}, "not-numeric", 2},
		"hex":         {[]Row{{2, "330727101", []string{"0x10"}}}, "not-numeric", 2},
	} {
		r, findings := Convert(drawn(), Table{Columns: []string{"人口"}, Rows: c.rows}, forward(true))
		if len(r.Rows) != 0 || len(findings) == 0 || findings[0].Rule != c.rule || findings[0].Record != c.row || findings[0].Severity != geo.Error {
			t.Errorf("%s: %v %+v", name, r.Rows, findings)
		}
	}
	if _, f := Convert(drawn(), Table{}, Options{From: division.Past}); len(f) != 2 {
		t.Error(f)
	}
}

func TestFiguresAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"12": "12", " 1,234,567.80 ": "1234567.80", "-3": "-3", "＋１２．５": "12.5", "−7": "-7", "1.2e3": "1200", "12e-1": "1.2",
		"": "0", "—": "0", "00012": "12", "-0.05": "-0.05", "3.30727E+11": "330727000000",
	} {
		cols, f := readColumns(Table{Columns: []string{"x"}, Rows: []Row{{2, "", []string{text}}}})
		if worst, _ := geo.Worst(f); worst == geo.Error {
			t.Errorf("%q: %v", text, f)
			continue
		}
		if got := cols[0].format(cols[0].values[0]); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// Largest remainder: parts are whole, sum to the value, and differ from what is due by less than one.
func TestApportionKeepsTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := new(big.Int).Mul(big.NewInt(rapid.Int64().Draw(t, "value")), big.NewInt(rapid.Int64Range(1, 1<<40).Draw(t, "factor")))
		shares := rapid.SliceOfN(rapid.Float64Range(1e-12, 1), 1, 20).Draw(t, "shares")
		parts := apportion(value, shares)
		sum, all := new(big.Int), new(big.Rat)
		for i := range parts {
			sum.Add(sum, parts[i])
			all.Add(all, new(big.Rat).SetFloat64(shares[i]))
		}
		if sum.Cmp(value) != 0 {
			t.Fatalf("%v sums to %v, not %v", parts, sum, value)
		}
		for i := range parts {
			due := new(big.Rat).Mul(new(big.Rat).SetInt(value), new(big.Rat).Quo(new(big.Rat).SetFloat64(shares[i]), all))
			if d := new(big.Rat).Sub(new(big.Rat).SetInt(parts[i]), due); d.Abs(d).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("part %d of %v is %v, %v is due", i, value, parts[i], due)
			}
		}
	})
}

// Through any history of splits and mergers the totals stay.
func TestTotalsStayThroughAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var units []division.Unit
		var edges []division.Edge
		layer := []int64{}
		put := func(from, to division.Date) int64 {
			id := int64(len(units) + 1)
			units = append(units, version(id, division.Code(fmt.Sprintf("330727%03d000", id)), from, to))
			return id
		}
		n := rapid.IntRange(1, 8).Draw(t, "units")
		layers := rapid.IntRange(1, 4).Draw(t, "layers")
		for range n {
			layer = append(layer, put(0, 10))
		}
		for l := 1; l <= layers; l++ {
			var next []int64
			for range rapid.IntRange(1, 8).Draw(t, "next") {
				to := division.Date(10 * (l + 1))
				if l == layers {
					to = division.Future
				}
				next = append(next, put(division.Date(10*l), to))
			}
			for _, b := range layer {
				weights := rapid.SliceOfN(rapid.Float64Range(0, 1), len(next), len(next)).Draw(t, "weights")
				weights[0] += 1e-3
				var all float64
				for _, w := range weights {
					all += w
				}
				for i, w := range weights {
					if w > 0 {
						edges = append(edges, division.Edge{EventID: int64(l), Before: b, After: next[i], AreaShare: w / all, AreaM2: w})
					}
				}
			}
			layer = next
		}
		table := Table{Columns: []string{"x"}}
		for i := range n {
			table.Rows = append(table.Rows, Row{i + 2, string(units[i].Code), []string{fmt.Sprintf("%d.%02d", rapid.IntRange(-1000, 1e6).Draw(t, "v"), rapid.IntRange(0, 99).Draw(t, "d"))}})
		}
		r, findings := Convert(division.NewState(units, nil, edges, nil), table, Options{From: 5, To: division.Date(10*layers + 5), Level: division.Township})
		if len(findings) > 0 {
			t.Fatal(findings)
		}
		if r.Totals[0].In != r.Totals[0].Out || len(r.Unmatched) > 0 {
			t.Fatalf("%v %v", r.Totals, r.Unmatched)
		}
	})
}

func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"1", "1,000", "-1.5e-3", "１２", "", "e", ".", "-", "1e400", "+-1", ",1", "1.", ".5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cols, findings := readColumns(Table{Columns: []string{"x"}, Rows: []Row{{2, "", []string{s}}}})
		if worst, _ := geo.Worst(findings); worst == geo.Error {
			return
		}
		text := cols[0].format(cols[0].values[0])
		again, f := readColumns(Table{Columns: []string{"x"}, Rows: []Row{{2, "", []string{text}}}})
		if len(f) > 0 || again[0].format(again[0].values[0]) != text {
			t.Fatalf("%q is %s, which reads as something else: %v", s, text, f)
		}
	})
}
