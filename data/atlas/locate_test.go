package atlas

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yutu/geo/crs"
	"yutu/geo/division"
)

// At every vertex and on every edge of the mesh, and anywhere else, a point has one unit a level, and the chain nests.
func TestLocateGivesOneNestingChain(t *testing.T) {
	l := newLattice(11, 9, 9, 3)
	units := l.units(3)
	s := mustBuild(t, units)
	check := func(t fataler, p orb.Point) {
		chain := s.Locate(p, 0)
		if len(chain) != 3 {
			t.Fatalf("%v: chain %v", p, codesOf(chain))
		}
		for i, it := range chain {
			if it.Unit.Level != division.Level(i+3) || it.locate(crs.Snap(p)) == outside {
				t.Fatalf("%v: chain %v", p, codesOf(chain))
			}
			if i > 0 && it.Unit.Parent != chain[i-1].Unit.Code {
				t.Fatalf("%v: %s does not lie in %s", p, it.Unit.Code, chain[i-1].Unit.Code)
			}
		}
		// Of all villages that hold the point it is the one with the smallest code.
		for _, u := range units {
			if u.Level == division.Village && u.Code < chain[2].Unit.Code && newItem(u).locate(crs.Snap(p)) != outside {
				t.Fatalf("%v: %s, but %s holds it too", p, chain[2].Unit.Code, u.Code)
			}
		}
	}
	for _, u := range units {
		for _, p := range u.Geom[0][0] {
			check(t, p)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		u := units[rapid.IntRange(0, len(units)-1).Draw(t, "unit")]
		ring := u.Geom[0][0]
		i := rapid.IntRange(1, len(ring)-1).Draw(t, "edge")
		a, b := ring[i-1], ring[i]
		f := rapid.Float64Range(0, 1).Draw(t, "at")
		p := orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])}
		// A point beside the outer border by rounding may be in nothing; all others are in one chain.
		if county := newItem(units[0]); county.locate(crs.Snap(p)) != outside {
			check(t, p)
		}
	})
}

func square(id int64, code, parent division.Code, w, s, e, n float64) division.Unit {
	u := named(id, code, string(code), division.Always)
	u.Parent = parent
	u.Geom = orb.MultiPolygon{{{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}}}}
	u.Label = orb.Point{(w + e) / 2, (s + n) / 2}
	return u
}

func TestLocateBorderPolicy(t *testing.T) {
	//	  A  |  B      A and B are counties, each with one township; the lower
	//	 a   |   b     code of the township is on the east side, so the chain is
	//	     |         B, b on the border although A has the smaller code.
	s := mustBuild(t, []division.Unit{
		square(1, "330701000000", "330700000000", 120, 29, 121, 30),
		square(2, "330702000000", "330700000000", 121, 29, 122, 30),
		square(3, "330701900000", "330701000000", 120, 29, 121, 30),
		square(4, "330701100000", "330702000000", 121, 29, 122, 30),
	})
	for _, c := range []struct {
		p    orb.Point
		want []division.Code
	}{
		{orb.Point{120.5, 29.5}, []division.Code{"330701000000", "330701900000"}},
		{orb.Point{121.5, 29.5}, []division.Code{"330702000000", "330701100000"}},
		{orb.Point{121, 29.5}, []division.Code{"330702000000", "330701100000"}},
		{orb.Point{121.0000000004, 29.5}, []division.Code{"330702000000", "330701100000"}}, // the nearest grid point is the border
		{orb.Point{120.999999999, 29.5}, []division.Code{"330701000000", "330701900000"}},
		{orb.Point{122, 30}, []division.Code{"330702000000", "330701100000"}}, // the outer border belongs to it
		{orb.Point{122.000000001, 30}, []division.Code{}},
		{orb.Point{500, 30}, []division.Code{}},
	} {
		if got := codesOf(s.Locate(c.p, 0)); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.p, got, c.want)
		}
	}
}

func TestLocateWithoutNesting(t *testing.T) {
	// A county directly under its province: a prefecture beside it that shares the border is not in the chain.
	s := mustBuild(t, []division.Unit{
		square(1, "330000000000", "", 119, 28, 123, 31),
		square(2, "330100000000", "330000000000", 120, 29, 121, 30),
		square(3, "330003000000", "330000000000", 121, 29, 122, 30),
	})
	if got, want := codesOf(s.Locate(orb.Point{121, 29.5}, 0)), []division.Code{"330000000000", "330003000000"}; !slices.Equal(got, want) {
		t.Errorf("beside a prefecture: %v, want %v", got, want)
	}
	// A parent that does not hold the point is not followed.
	s = mustBuild(t, []division.Unit{
		square(1, "330701000000", "", 120, 29, 121, 30),
		square(2, "330702000000", "", 121, 29, 122, 30),
		square(3, "330701001000", "330701000000", 121.2, 29.2, 121.3, 29.3),
	})
	if got, want := codesOf(s.Locate(orb.Point{121.25, 29.25}, 0)), []division.Code{"330702000000", "330701001000"}; !slices.Equal(got, want) {
		t.Errorf("beyond its parent: %v, want %v", got, want)
	}
}

func TestLocateAtDates(t *testing.T) {
	old := square(1, "330701000000", "", 120, 29, 122, 30)
	old.Valid.To = day(t, "2000-01-01")
	young := square(2, "330702000000", "", 120, 29, 122, 30)
	young.Valid.From = day(t, "2000-01-01")
	s := mustBuild(t, []division.Unit{old, young})
	p := orb.Point{121, 29.5}
	if got := s.Locate(p, day(t, "1999-12-31")); len(got) != 1 || got[0].Unit.ID != 1 {
		t.Errorf("the day before: %v", codesOf(got))
	}
	if got := s.Locate(p, day(t, "2000-01-01")); len(got) != 1 || got[0].Unit.ID != 2 {
		t.Errorf("the day itself: %v", codesOf(got))
	}
}
