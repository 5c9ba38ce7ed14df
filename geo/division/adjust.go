package division

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/topo"
)

// adjust replaces a stretch of the border between two units. All units of all levels that have the stretch change together.
func (p *plan) adjust() {
	units, ok := p.subjects(2, 2)
	if !ok {
		return
	}
	if len(p.r.Line) < 2 {
		p.refuse("line-missing", "line", "需要新界线（至少两点）。", "The new border is needed, at least two positions.")
		return
	}
	near, shapes, sides := p.near(units)
	res, err := topo.Reroute(shapes, sides, orb.LineString(p.r.Line))
	if err != nil {
		p.edit("line", err)
		return
	}
	p.insert(res.Inserted)
	changes := map[*Unit]orb.MultiPolygon{}
	for i, u := range near {
		if res.Changed[i] && !sameGround(res.Shapes[i], p.geom(u)) {
			changes[u] = res.Shapes[i]
		}
	}
	if len(changes) == 0 {
		p.refuse("nothing-changes", "line", "新界线与原界线相同。", "The new border is the old one.")
		return
	}
	lenses := lensesOf(res.Old, res.New)
	for _, u := range near {
		geom, changed := changes[u]
		if !changed || !p.open(u, "line") {
			continue
		}
		p.end(u)
		// What came from others of the level lies in lenses that are in the new shape and were in theirs.
		var from []share
		gained, lost := 0.0, 0.0
		for _, l := range lenses {
			was, is := placeOf(p.geom(u), l.at) > 0, placeOf(geom, l.at) > 0
			switch {
			case was && !is:
				lost += p.area(l.area)
			case is && !was:
				gained += p.area(l.area)
				if d := giver(near, changes, u, l.at); d != nil {
					from = addShare(from, d, p.area(l.area), p.area(p.geom(d)))
				}
			}
		}
		own := share{before: u, areaM2: p.area(geom) - gained, area: 1 - ratio(lost, p.area(p.geom(u)))}
		if lost == 0 {
			own = p.whole(u)
		}
		p.begin(*u, geom, true, append([]share{own}, from...)...)
	}
}

// near collects the units in force around the two, which come first of their own.
func (p *plan) near(units []*Unit) (near []*Unit, shapes []orb.MultiPolygon, sides [2]int) {
	box := orb.LineString(p.r.Line).Bound()
	a, b := units[0].Geom.Bound(), units[1].Geom.Bound()
	if a.Intersects(b) {
		// The stretch that is replaced lies in both.
		box = box.Union(orb.Bound{Min: orb.Point{max(a.Min[0], b.Min[0]), max(a.Min[1], b.Min[1])},
			Max: orb.Point{min(a.Max[0], b.Max[0]), min(a.Max[1], b.Max[1])}})
	}
	for i := range p.s.units {
		u := &p.s.units[i]
		// A version that ends on this very day takes part: where the line changes it, that is the reason for refusal.
		if !u.Valid.Contains(p.eve) || !p.s.bounds[i].Intersects(box) && !slices.Contains(units, u) {
			continue
		}
		for k := range units {
			if u == units[k] {
				sides[k] = len(near)
			}
		}
		near, shapes = append(near, u), append(shapes, u.Geom)
	}
	return near, shapes, sides
}

// giver is the unit of u's level on whose ground the place was, among those that changed.
func giver(near []*Unit, changes map[*Unit]orb.MultiPolygon, u *Unit, at vertex) *Unit {
	for _, d := range near {
		if _, changed := changes[d]; changed && d != u && d.Level == u.Level && placeOf(d.Geom, at) > 0 {
			return d
		}
	}
	return nil
}

func addShare(list []share, u *Unit, areaM2, all float64) []share {
	for i := range list {
		if list[i].before == u {
			list[i].areaM2 += areaM2
			list[i].area = ratio(list[i].areaM2, all)
			return list
		}
	}
	return append(list, share{before: u, areaM2: areaM2, area: ratio(areaM2, all)})
}

// sameGround reports whether two shapes are written alike, whatever vertex their rings begin at.
func sameGround(a, b orb.MultiPolygon) bool {
	x, y := Unit{Geom: a}, Unit{Geom: b}
	return x.GeomHash() == y.GeomHash()
}

// lens is a piece of ground between the old and the new course of a border.
type lens struct {
	area orb.MultiPolygon
	at   vertex // inside
}

// lensesOf cuts the ground between two lines that begin and end together into pieces, each on one side of both.
func lensesOf(before, after orb.LineString) []lens {
	a, b := noded(before, after), noded(after, before)
	slices.Reverse(b)
	walk := append(a, b...)
	var out []lens
	var path []orb.Point
	at := map[orb.Point]int{}
	for _, v := range walk {
		if len(path) > 0 && path[len(path)-1] == v {
			continue
		}
		if i, seen := at[v]; seen {
			ring := append(slices.Clone(orb.Ring(path[i:])), v)
			for _, w := range path[i+1:] {
				delete(at, w)
			}
			path = path[:i+1]
			if len(ring) > 3 {
				mp := orb.MultiPolygon{{ring}}
				out = append(out, lens{mp, vertexOf(topo.LabelPoint(mp))})
			}
			continue
		}
		at[v] = len(path)
		path = append(path, v)
	}
	return out
}

// noded returns the line with vertices where it crosses the other; both lines get the same.
func noded(line, other orb.LineString) []orb.Point {
	out := []orb.Point{line[0]}
	for i := 1; i < len(line); i++ {
		a, b := vertexOf(line[i-1]), vertexOf(line[i])
		first := len(out)
		for k := 1; k < len(other); k++ {
			c, d := vertexOf(other[k-1]), vertexOf(other[k])
			if !cross(a, b, c, d) {
				continue
			}
			// The same arithmetic whichever line asks, so that the point is the same.
			p, q, r, s := line[i-1], line[i], other[k-1], other[k]
			if comparePoints(r, p) < 0 || r == p && comparePoints(s, q) < 0 {
				p, q, r, s = r, s, p, q
			}
			out = append(out, meeting(p, q, r, s))
		}
		from := line[i-1]
		slices.SortFunc(out[first:], func(x, y orb.Point) int {
			dx := math.Hypot(x[0]-from[0], x[1]-from[1]) - math.Hypot(y[0]-from[0], y[1]-from[1])
			switch {
			case dx < 0:
				return -1
			case dx > 0:
				return 1
			}
			return 0
		})
		out = append(out, line[i])
	}
	return out
}
