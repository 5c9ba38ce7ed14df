package topo_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/division"
	"yutu/geo/geodesy"
	"yutu/geo/topo"
)

func TestTheReportSaysWhatMoved(t *testing.T) {
	// A square of a hundredth of a degree with a dent of 10 m in its northern side, 29.5° north.
	dent := 10.0 / 110850
	mp := orb.MultiPolygon{{{{120, 29.49}, {120.01, 29.49}, {120.01, 29.5}, {120.005, 29.5 - math.Round(dent*1e9)/1e9}, {120, 29.5}, {120, 29.49}}}}
	r := thin(t, []orb.MultiPolygon{mp}, topo.DouglasPeucker, []float64{11}).Report(0)
	if r.VerticesAfter >= r.VerticesBefore || math.Abs(r.MaxM-10) > 0.01 || r.P50M != r.P95M {
		t.Errorf("%+v", r)
	}
	// The dent is a triangle 968.9 m wide and 10 m high.
	if c := r.Most[0]; math.Abs(c.AfterM2-c.BeforeM2-4850) > 10 || math.Abs(r.AreaChangedM2-4850) > 10 {
		t.Errorf("%+v", r.Most)
	}
	if at := *r.MaxAt; at[0] != 120.005 {
		t.Error(at)
	}
}

func TestTheReportOfTheCounty(t *testing.T) {
	c, err := county()
	if err != nil {
		t.Fatal(err)
	}
	var shapes []orb.MultiPolygon
	for _, v := range c[division.Village] {
		shapes = append(shapes, v.Geom)
	}
	for _, m := range methods {
		s := thin(t, shapes, m, []float64{200, 20, 2})
		for level, tolerance := range []float64{200, 20, 2} {
			r := s.Report(level)
			after := s.Shapes(level)
			if m == topo.DouglasPeucker && r.MaxM > tolerance*1.0001 {
				t.Errorf("%s %v m: moved %v m", m, tolerance, r.MaxM)
			}
			if r.P50M > r.P95M || r.P95M > r.MaxM || r.VerticesAfter >= r.VerticesBefore {
				t.Errorf("%+v", r)
			}
			for _, most := range r.Most {
				before, now := geodesy.AreaM2(shapes[most.Shape]), geodesy.AreaM2(after[most.Shape])
				if math.Abs((most.AfterM2-most.BeforeM2)-(now-before)) > 2e-3*math.Abs(now-before)+5 {
					t.Errorf("%s %v m: village %d changed by %v m², the ellipsoid says %v m²", m, tolerance, most.Shape, most.AfterM2-most.BeforeM2, now-before)
				}
			}
		}
	}
}

func TestSharesAreKept(t *testing.T) {
	shapes := topo.RoughSheet(0, 24)
	c, err := topo.NewCoverage(t.Context(), shapes)
	if err != nil {
		t.Fatal(err)
	}
	_, all := c.Vertices()
	for _, share := range []float64{0, 0.1, 0.5, 1} {
		s, err := c.SimplifyTo(t.Context(), topo.Visvalingam, share)
		if err != nil {
			t.Fatal(err)
		}
		r := s.Report(0)
		if got := float64(r.VerticesAfter) / float64(all); got < share || share == 1 && r.VerticesAfter != all || share < 1 && got > share+0.15 {
			t.Errorf("share %v: %d of %d kept, %d restored", share, r.VerticesAfter, all, r.Restored)
		}
	}
	if _, err := c.SimplifyTo(t.Context(), topo.Visvalingam, 1.5); err == nil {
		t.Error("more than all")
	}
	if _, err := c.Simplify(t.Context(), "guess", []float64{1}); err == nil {
		t.Error("an unknown method")
	}
	if _, err := c.Simplify(t.Context(), topo.Visvalingam, []float64{1, 2}); err == nil {
		t.Error("rising tolerances")
	}
}
