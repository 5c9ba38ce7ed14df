package atlas

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/division"
	"yutu/geo/geodesy"
)

func TestKnown(t *testing.T) {
	units := newLattice(2, 4, 4, 2).units(2)
	ended := square(900, "330799000000", "", 121, 29, 121.1, 29.1)
	ended.Valid.To = day(t, "2000-01-01")
	k := mustBuild(t, append(units, ended)).Known(day(t, "2026-01-01"))
	if name, level, ok := k.UnitAt("330727002000"); !ok || name != "第2镇" || level != division.Township {
		t.Errorf("UnitAt: %q %v %v", name, level, ok)
	}
	if _, _, ok := k.UnitAt("330799000000"); ok {
		t.Error("a unit that ended is known")
	}
	for l := division.Level(0); l < 9; l++ {
		if got, want := k.HasLevel(l), l >= 3 && l <= 5; got != want {
			t.Errorf("HasLevel(%d) = %v", l, got)
		}
	}
	if _, ok := mustBuild(t, nil).Known(0).BorderDistanceM(orb.Point{120, 29}); ok {
		t.Error("a distance to no border")
	}
	if _, ok := k.BorderDistanceM(orb.Point{math.NaN(), 29}); ok {
		t.Error("a distance from NaN")
	}

	// On a border, and straight north of one.
	v := units[2].Geom[0][0][0]
	if got, _ := k.BorderDistanceM(v); got > 1e-6 {
		t.Errorf("on a vertex: %v m", got)
	}
	s := mustBuild(t, []division.Unit{square(1, "330701000000", "", 120, 29, 121, 30)})
	p, foot := orb.Point{120.5, 30.01}, orb.Point{120.5, 30}
	if got, _ := s.Known(0).BorderDistanceM(p); math.Abs(got-geodesy.DistanceM(p, foot)) > 0.01 {
		t.Errorf("north of a border: %v m, geodesic %v m", got, geodesy.DistanceM(p, foot))
	}
}
