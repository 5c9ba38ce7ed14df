package atlas

import (
	"math"

	"github.com/paulmach/orb"

	"yutu/geo/division"
	"yutu/geo/geodesy"
)

// Known answers what an import wants to know of the units that the database already holds, as of one day.
type Known struct {
	s     *Snapshot
	at    division.Date
	has   [6]bool
	trees [6]*tree
}

// Known returns the snapshot as an import sees it on the day at.
func (s *Snapshot) Known(at division.Date) *Known {
	k := &Known{s: s, at: at, trees: s.trees}
	for l, n := range s.Stats(at).Counts {
		k.has[l] = n > 0
	}
	return k
}

// UnitAt returns name and level of the unit with the code.
func (k *Known) UnitAt(code division.Code) (name string, level division.Level, ok bool) {
	it, ok := k.s.ByCode(code, k.at)
	if !ok {
		return "", 0, false
	}
	return it.Unit.Name, it.Unit.Level, true
}

// HasLevel reports whether any unit of the level is held.
func (k *Known) HasLevel(l division.Level) bool { return l != 0 && treeOf(l) != 0 && k.has[l] }

// BorderDistanceM returns the ellipsoidal distance in metres from p to the nearest border of any unit; false when
// there is no border or p is not a place on earth. Which border point is nearest is decided in a plane that is true
// to scale at p: within 100 km the result is too long by less than a thousandth, farther away it is a rough upper bound.
func (k *Known) BorderDistanceM(p orb.Point) (float64, bool) {
	if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
		return 0, false
	}
	pl := planeAt(p)
	best, at := math.Inf(1), orb.Point{}
	for _, t := range k.trees {
		t.Nearby(
			func(lo, hi [2]float64, _ *Item, _ bool) float64 {
				return pl.boxDistance(box{lo[0], lo[1], hi[0], hi[1]})
			},
			func(_, _ [2]float64, it *Item, dist float64) bool {
				if dist >= best {
					return false
				}
				if it.Unit.Valid.Contains(k.at) {
					best, at = pl.nearest(it.runs, best, at)
				}
				return true
			})
	}
	if math.IsInf(best, 1) {
		return 0, false
	}
	return geodesy.DistanceM(p, at), true
}

// plane measures around a point with one scale for each axis.
type plane struct {
	o      orb.Point
	kx, ky float64 // metres a degree
}

func planeAt(o orb.Point) plane {
	// A step that is short against the earth and long against rounding.
	const step = 1e-3
	toPole := step
	if o[1] > 0 {
		toPole = -step
	}
	return plane{
		o:  o,
		kx: geodesy.DistanceM(o, orb.Point{o[0] - math.Copysign(step, o[0]), o[1]}) / step,
		ky: geodesy.DistanceM(o, orb.Point{o[0], o[1] + toPole}) / step,
	}
}

// boxDistance is the squared distance from the origin to the rectangle in square metres, 0 within it.
func (pl plane) boxDistance(b box) float64 {
	x := max(b.minX-pl.o[0], 0, pl.o[0]-b.maxX) * pl.kx
	y := max(b.minY-pl.o[1], 0, pl.o[1]-b.maxY) * pl.ky
	return x*x + y*y
}

// nearest returns the squared distance and the point of the runs that is nearest to the origin, if it is nearer
// than best, else best and at.
func (pl plane) nearest(runs []run, best float64, at orb.Point) (float64, orb.Point) {
	for k := range runs {
		r := &runs[k]
		if pl.boxDistance(r.box) >= best {
			continue
		}
		for j := 1; j < len(r.line); j++ {
			a, b := r.line[j-1], r.line[j]
			ax, ay := (a[0]-pl.o[0])*pl.kx, (a[1]-pl.o[1])*pl.ky
			dx, dy := (b[0]-a[0])*pl.kx, (b[1]-a[1])*pl.ky
			t := 0.0
			if l2 := dx*dx + dy*dy; l2 > 0 {
				t = min(max(-(ax*dx+ay*dy)/l2, 0), 1)
			}
			x, y := ax+t*dx, ay+t*dy
			if d := x*x + y*y; d < best {
				best, at = d, orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
			}
		}
	}
	return best, at
}
