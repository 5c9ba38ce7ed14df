package crs

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// border is a made-up border around 120.45° E, 29.05° N of some 6 km radius, a point every 40 m.
func border() []orb.Point {
	var out []orb.Point
	for i := range 1000 {
		s, c := math.Sincos(2 * math.Pi * float64(i) / 4000)
		r := 0.05 + 0.0075*math.Sin(7*2*math.Pi*float64(i)/1000)
		out = append(out, orb.Point{120.45 + r*c, 29.05 + r*s})
	}
	return out
}

// distTo measures to the nearest of the points, near enough for points every 40 m.
func distTo(line []orb.Point) func(orb.Point) (float64, bool) {
	return func(p orb.Point) (float64, bool) {
		best := math.Inf(1)
		for _, q := range line {
			best = min(best, math.Hypot((p[0]-q[0])*math.Cos(29*degree), p[1]-q[1]))
		}
		return best * degree * semiMajorAxisM, best < 10
	}
}

// as writes the points in a system, as a file would hold them.
func as(t *testing.T, c CRS, pts []orb.Point) []orb.Point {
	t.Helper()
	var out []orb.Point
	for _, p := range pts {
		x, y, err := c.FromLonLat(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, orb.Point{x, y})
	}
	return out
}

func TestSuspect(t *testing.T) {
	line := border()
	// Another release of the same border: off by some metres.
	r := rand.New(rand.NewPCG(1, 1))
	var file, villages []orb.Point
	for i, p := range line[:750] {
		q := orb.Point{p[0] + 5e-5*(r.Float64()-0.5), p[1] + 5e-5*(r.Float64()-0.5)}
		file = append(file, q)
		villages = append(villages, q)
		for range 5 * (i % 2) { // vertices in the inside, on no border that is known
			villages = append(villages, orb.Point{120.45 + 0.05*(r.Float64()-0.5), 29.05 + 0.05*(r.Float64()-0.5)})
		}
	}
	known := distTo(line)
	gk, gkPrefix, gk117, gk6 := CRS{4549}, CRS{4528}, CRS{4548}, CRS{4510}
	for _, c := range []struct {
		name     string
		declared CRS
		raw      []orb.Point
		dist     func(orb.Point) (float64, bool)
		kind     string
		proposed string
	}{
		{"right, degrees", CGCS2000, file, known, "", ""},
		{"right, no border known", CGCS2000, file, nil, "", ""},
		{"right, metres", gk, as(t, gk, file), known, "", ""},
		{"right, metres with prefix", gkPrefix, as(t, gkPrefix, file), nil, "", ""},
		{"right, web mercator", WebMercator, as(t, WebMercator, file), known, "", ""},
		{"right, villages", CGCS2000, villages, known, "", ""},
		{"right, shifted", GCJ02, as(t, GCJ02, file), known, "", ""},
		{"nothing", CGCS2000, nil, known, "", ""},
		{"only NaN", CGCS2000, []orb.Point{{math.NaN(), 1}}, known, "", ""},

		{"degrees swapped", CGCS2000, turn(file), nil, AxesSwapped, "EPSG:4490 swap-axes"},
		{"metres swapped", gk, turn(as(t, gk, file)), nil, AxesSwapped, "EPSG:4549 swap-axes"},
		{"metres with prefix swapped", gkPrefix, turn(as(t, gkPrefix, file)), nil, AxesSwapped, "EPSG:4528 swap-axes"},

		{"metres as degrees, prefix", CGCS2000, as(t, gkPrefix, file), nil, ProjectedAsDegrees, "EPSG:4528"},
		{"metres as degrees, 6° prefix", WGS84, as(t, CRS{4499}, file), nil, ProjectedAsDegrees, "EPSG:4499"},
		{"metres as degrees, border known", CGCS2000, as(t, gk, file), known, ProjectedAsDegrees, "EPSG:4549"},
		{"metres as degrees, swapped", CGCS2000, turn(as(t, gkPrefix, file)), nil, ProjectedAsDegrees, "EPSG:4528 swap-axes"},
		{"metres as degrees, no prefix, swapped", CGCS2000, turn(as(t, gk, file)), known, ProjectedAsDegrees, "EPSG:4549 swap-axes"},
		{"web mercator as degrees, border known", WGS84, as(t, WebMercator, file), known, ProjectedAsDegrees, "EPSG:3857"},
		// 13 408 000 m could be zone 13, in the far west.
		{"web mercator as degrees", WGS84, as(t, WebMercator, file), nil, ProjectedAsDegrees, "EPSG:4491 EPSG:3857"},
		{"no sense at all", CGCS2000, []orb.Point{{1e9, 1e9}}, nil, ProjectedAsDegrees, ""},

		{"degrees as metres", gk, file, nil, DegreesAsProjected, "EPSG:4490"},
		{"degrees as web mercator", WebMercator, file, known, DegreesAsProjected, "EPSG:4490"},
		{"swapped degrees as metres", gk, turn(file), nil, DegreesAsProjected, "EPSG:4490 swap-axes"},

		{"prefix where none is declared", gk, as(t, gkPrefix, file), nil, WrongZone, "EPSG:4528"},
		{"another prefix", CRS{4529}, as(t, gkPrefix, file), nil, WrongZone, "EPSG:4528"},
		{"no prefix where one is declared", gkPrefix, as(t, gk, file), known, WrongZone, "EPSG:4549"},
		{"another meridian", gk117, as(t, gk, file), known, WrongZone, "EPSG:4549"},
		{"another width", gk, as(t, gk6, file), known, WrongZoneWidth, "EPSG:4510"},
		{"6° with prefix for 3°", gkPrefix, as(t, CRS{4499}, file), nil, WrongZoneWidth, "EPSG:4499"},
		{"3° for 6°", gk6, as(t, gk, file), known, WrongZoneWidth, "EPSG:4549"},
		{"another zone of 6°", CRS{4509}, as(t, gk6, file), known, WrongZone, "EPSG:4510"},
		{"another meridian, nothing known", gk117, as(t, gk, file), nil, "", ""},

		{"gcj", CGCS2000, as(t, GCJ02, file), known, ShiftedGCJ02, "GCJ02"},
		{"gcj, nothing known", CGCS2000, as(t, GCJ02, file), nil, "", ""},
		{"bd", WGS84, as(t, BD09, file), known, ShiftedBD09, "BD09"},
		{"bd declared gcj", GCJ02, as(t, BD09, file), known, ShiftedBD09, "BD09"},
		{"gcj, villages", CGCS2000, as(t, GCJ02, villages), known, ShiftedGCJ02, "GCJ02"},
		{"gcj projected", gk, as(t, gk, as(t, GCJ02, file)), known, ShiftedGCJ02, ""},
		{"another county", CGCS2000, func() []orb.Point {
			var out []orb.Point
			for _, p := range file {
				out = append(out, orb.Point{p[0] + 0.7, p[1]})
			}
			return out
		}(), known, "", ""},
	} {
		// A few wild positions hide nothing.
		raw := append([]orb.Point{}, c.raw...)
		if len(raw) > 500 {
			for i := range 20 {
				raw[37*i] = orb.Point{0, 0}
			}
			raw[5] = orb.Point{math.Inf(1), math.NaN()}
		}
		got := Suspect(c.declared, raw, c.dist)
		switch {
		case c.kind == "" && len(got) != 0:
			t.Errorf("%s: %+v", c.name, got)
		case c.kind != "" && (len(got) != 1 || got[0].Kind != c.kind || got[0].Proposed != c.proposed):
			t.Errorf("%s: %+v, want %s %q", c.name, got, c.kind, c.proposed)
		}
		for _, s := range got {
			for _, sentence := range []string{s.Message.ZH, s.Message.EN, s.Advice.ZH, s.Advice.EN} {
				if sentence == "" || strings.Contains(sentence, "%!") {
					t.Errorf("%s: %q", c.name, sentence)
				}
			}
			if t.Logf("%s: %s → %q: %s | %s", c.name, s.Kind, s.Proposed, s.Message.EN, s.Advice.ZH); len(got) == 1 {
				for name := range strings.FieldsSeq(s.Proposed) {
					if _, err := Parse(name); err != nil && name != SwapAxes {
						t.Errorf("%s proposes %q: %v", c.name, name, err)
					}
				}
			}
		}
	}
}

func TestSuspectListsZonesWhereNoPrefixTells(t *testing.T) {
	got := Suspect(CGCS2000, as(t, CRS{4549}, border()), nil)
	if len(got) != 1 || len(strings.Fields(got[0].Proposed)) != 21 || !strings.Contains(got[0].Proposed, "EPSG:4549") {
		t.Errorf("%+v", got)
	}
}

func FuzzSuspect(f *testing.F) {
	f.Add(int16(4490), 29.05, 120.45, 100.0)
	f.Add(int16(4549), 40543395.0, 3215702.0, 1e9)
	f.Fuzz(func(t *testing.T, id int16, x, y, d float64) {
		Suspect(CRS{id}, []orb.Point{{x, y}, {y, x}, {x, y}}, func(orb.Point) (float64, bool) { return d, d > 0 })
	})
}
