package division

import (
	"errors"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/topo"
	"yutu/geo/topo/exact"
	"yutu/geo/topo/valid"
)

// edit refuses what the arithmetic of borders refuses, in its own words.
func (p *plan) edit(field string, err error) {
	var no topo.Refusal
	if !errors.As(err, &no) {
		p.broken(field, err)
		return
	}
	r := Refusal{Finding: no.Finding(), Field: field}
	var apart *topo.NoCrossing
	if errors.As(err, &apart) {
		r.Nearest = &[2][2]float64{apart.Line, apart.Border}
	}
	p.refusals = append(p.refusals, r)
}

// broken refuses ground on which the arithmetic of borders cannot work.
func (p *plan) broken(field string, err error) {
	var no topo.Refusal
	if errors.As(err, &no) {
		p.edit(field, err)
		return
	}
	p.refuse("borders-broken", field, "界线无法运算：%v。请先检查界线（yutu check topology）。",
		"The borders cannot be computed with: %v. Check them first (yutu check topology).", err)
}

// cutByLine cuts a unit in two along the request's line and passes the new vertices on to everybody, of all dates, who has the edge.
func (p *plan) cutByLine(u *Unit) ([]orb.MultiPolygon, bool) {
	if len(p.r.Line) < 2 {
		p.refuse("line-missing", "line", "需要一条划线（至少两点）。", "A line of at least two positions is needed.")
		return nil, false
	}
	res, err := topo.Split(u.Geom, orb.LineString(p.r.Line))
	if err != nil {
		p.edit("line", err)
		return nil, false
	}
	p.insert(res.Inserted)
	return res.Parts, true
}

// insert amends every version that has one of the edges.
func (p *plan) insert(ins []topo.Insertion) {
	if len(ins) == 0 {
		return
	}
	var box orb.Bound
	for i, in := range ins {
		b := orb.MultiPoint{in.From, in.To}.Bound()
		if i == 0 {
			box = b
		}
		box = box.Union(b)
	}
	for i := range p.s.units {
		if !p.s.bounds[i].Intersects(box) {
			continue
		}
		u := &p.s.units[i]
		if g, changed := topo.Insert(p.geom(u), ins); changed {
			p.amended[u.ID] = g
		}
	}
}

// moveAncestors gives ground that passed from below one unit to below another to the units above: each loses and gains exactly
// what its children did.
func (p *plan) moveAncestors() {
	type ancestor struct {
		unit         *Unit
		lost, gained []orb.MultiPolygon
		from         []share
	}
	var order []*ancestor
	find := func(u *Unit) *ancestor {
		for _, a := range order {
			if a.unit.ID == u.ID {
				return a
			}
		}
		a := &ancestor{unit: u}
		order = append(order, a)
		return a
	}
	for _, m := range p.moves {
		from, to := p.chain(m.from), p.chain(m.to)
		for _, u := range from {
			if !slices.Contains(to, u) {
				find(u).lost = append(find(u).lost, m.geom)
			}
		}
		for _, u := range to {
			if slices.Contains(from, u) {
				continue
			}
			a := find(u)
			a.gained = append(a.gained, m.geom)
			for _, d := range from {
				if d.Level == u.Level {
					a.from = append(a.from, p.part(d, m.geom, nil))
				}
			}
		}
	}
	for _, a := range order {
		if !p.open(a.unit, "units") {
			continue
		}
		whole := p.geom(a.unit)
		geom, kept := whole, p.area(whole)
		var err error
		if len(a.lost) > 0 {
			if geom, err = topo.Subtract(geom, a.lost); err != nil {
				p.broken("units", err)
				continue
			}
			if len(geom) == 0 {
				p.refuse("nothing-left", "units", "%s 将一无所余。", "Nothing would be left of %s.", a.unit.title())
				continue
			}
			kept = p.area(geom)
		}
		if len(a.gained) > 0 {
			if geom, err = topo.Union(append([]orb.MultiPolygon{geom}, a.gained...)); err != nil {
				p.broken("units", err)
				continue
			}
		}
		p.end(a.unit)
		own := share{before: a.unit, areaM2: kept, area: ratio(kept, p.area(whole))}
		if len(a.lost) == 0 {
			own = p.whole(a.unit)
		}
		p.begin(*a.unit, geom, true, append([]share{own}, a.from...)...)
	}
}

// chain is the unit in force on the day before that bears the code, and those above it.
func (p *plan) chain(code Code) (out []*Unit) {
	for range Levels {
		u, ok := p.s.At(code, p.eve)
		if !ok {
			return out
		}
		out = append(out, u)
		code = u.Parent
	}
	return out
}

// checkDrawn refuses an area that is none.
func (p *plan) checkDrawn(geom orb.MultiPolygon) bool {
	bad := valid.Check(geom)
	for i, v := range bad {
		if i == 10 {
			break
		}
		f := p.refuse(v.Rule, "geometry", "范围不合规：%s。", "The area is not valid: %s.", v.Rule)
		f.Position = geo.At(v.Position[0], v.Position[1])
	}
	if len(bad) == 0 {
		valid.Orient(geom)
	}
	return len(bad) == 0
}

// checkWithin refuses an area that reaches beyond the unit above.
func (p *plan) checkWithin(geom orb.MultiPolygon, parent *Unit) bool {
	if at, out := firstOutside(geom, parent.Geom); out {
		f := p.refuse("outside-parent", "geometry", "范围超出 %s。", "The area reaches beyond %s.", parent.title())
		f.Object, f.Position = parent.title(), geo.At(at[0], at[1])
		return false
	}
	return true
}

// checkFree refuses an area on which another unit of the level stands.
func (p *plan) checkFree(geom orb.MultiPolygon, level Level) bool {
	n := len(p.refusals)
	box := geom.Bound()
	for i := range p.s.units {
		u := &p.s.units[i]
		if u.Level != level || u.Valid.To <= p.r.Date || !p.s.bounds[i].Intersects(box) {
			continue
		}
		if at, yes := firstOverlap(geom, u.Geom); yes {
			f := p.refuse("overlaps-unit", "geometry", "范围与 %s 重叠；从现有单位划出请用拆分或划转。",
				"The area overlaps %s; use split or transfer to take ground from it.", u.title())
			f.Object, f.Position = u.title(), geo.At(at[0], at[1])
		}
	}
	return len(p.refusals) == n
}

// vertex is a position in half steps of the grid, so that the middle of an edge is one too.
type vertex struct{ x, y int64 }

func vertexOf(p orb.Point) vertex {
	return vertex{2 * int64(math.Round(p[0]/crs.Quantum)), 2 * int64(math.Round(p[1]/crs.Quantum))}
}

func (v vertex) point() orb.Point {
	return orb.Point{float64(v.x) * crs.Quantum / 2, float64(v.y) * crs.Quantum / 2}
}

func middle(a, b vertex) vertex { return vertex{(a.x + b.x) / 2, (a.y + b.y) / 2} }

// eachEdge visits the edges of all rings, and ends when visit returns false.
func eachEdge(mp orb.MultiPolygon, visit func(a, b vertex) bool) {
	for _, poly := range mp {
		for _, ring := range poly {
			for i := 1; i < len(ring); i++ {
				if !visit(vertexOf(ring[i-1]), vertexOf(ring[i])) {
					return
				}
			}
		}
	}
}

func orient(a, b, c vertex) int { return exact.Orient(a.x, a.y, b.x, b.y, c.x, c.y) }

// placeOf is 1 inside the area, 0 on its border, −1 outside; exact.
func placeOf(mp orb.MultiPolygon, v vertex) int {
	in, on := false, false
	eachEdge(mp, func(a, b vertex) bool {
		if v.y < min(a.y, b.y) || v.y > max(a.y, b.y) {
			return true
		}
		o := orient(a, b, v)
		if o == 0 && min(a.x, b.x) <= v.x && v.x <= max(a.x, b.x) {
			on = true
			return false
		}
		if (a.y > v.y) != (b.y > v.y) && (o > 0) == (b.y > a.y) {
			in = !in
		}
		return true
	})
	switch {
	case on:
		return 0
	case in:
		return 1
	}
	return -1
}

// inside reports whether a position lies in an area or on its border.
func inside(mp orb.MultiPolygon, p orb.Point) bool { return placeOf(mp, vertexOf(p)) >= 0 }

// firstOutside finds a place of an area outside another.
func firstOutside(in, of orb.MultiPolygon) (at orb.Point, out bool) {
	eachEdge(in, func(a, b vertex) bool {
		for _, v := range [...]vertex{a, middle(a, b)} {
			if placeOf(of, v) < 0 {
				at, out = v.point(), true
				return false
			}
		}
		return true
	})
	if out {
		return at, true
	}
	return firstCrossing(in, of)
}

// firstOverlap finds a place that is inside both areas.
func firstOverlap(a, b orb.MultiPolygon) (at orb.Point, yes bool) {
	for _, pair := range [...][2]orb.MultiPolygon{{a, b}, {b, a}} {
		eachEdge(pair[0], func(p, q vertex) bool {
			for _, v := range [...]vertex{p, middle(p, q)} {
				if placeOf(pair[1], v) > 0 {
					at, yes = v.point(), true
					return false
				}
			}
			return true
		})
		if yes {
			return at, true
		}
		if l := topo.LabelPoint(pair[0]); placeOf(pair[1], vertexOf(l)) > 0 {
			return l, true
		}
	}
	return firstCrossing(a, b)
}

// firstCrossing finds two edges that cross at a point inside both.
func firstCrossing(a, b orb.MultiPolygon) (at orb.Point, yes bool) {
	var edges [][2]vertex
	box := a.Bound()
	lo, hi := vertexOf(box.Min), vertexOf(box.Max)
	eachEdge(b, func(p, q vertex) bool {
		if max(p.x, q.x) >= lo.x && min(p.x, q.x) <= hi.x && max(p.y, q.y) >= lo.y && min(p.y, q.y) <= hi.y {
			edges = append(edges, [2]vertex{p, q})
		}
		return true
	})
	eachEdge(a, func(p, q vertex) bool {
		for _, e := range edges {
			if max(e[0].x, e[1].x) < min(p.x, q.x) || min(e[0].x, e[1].x) > max(p.x, q.x) ||
				max(e[0].y, e[1].y) < min(p.y, q.y) || min(e[0].y, e[1].y) > max(p.y, q.y) {
				continue
			}
			if cross(p, q, e[0], e[1]) {
				at, yes = meeting(p.point(), q.point(), e[0].point(), e[1].point()), true
				return false
			}
		}
		return true
	})
	return at, yes
}

// cross reports whether the edges cross at a point inside both.
func cross(a, b, c, d vertex) bool {
	return orient(a, b, c)*orient(a, b, d) < 0 && orient(c, d, a)*orient(c, d, b) < 0
}

// meeting is where the lines of two edges that cross meet.
func meeting(a, b, c, d orb.Point) orb.Point {
	den := (b[0]-a[0])*(d[1]-c[1]) - (b[1]-a[1])*(d[0]-c[0])
	t := ((c[0]-a[0])*(d[1]-c[1]) - (c[1]-a[1])*(d[0]-c[0])) / den
	return orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
}

// sideOf says in which part an area lies, −1 when it lies in none of them whole.
func sideOf(mp orb.MultiPolygon, parts []orb.MultiPolygon) int {
	for i, part := range parts {
		if _, out := firstOutside(mp, part); !out {
			return i
		}
	}
	return -1
}

type edgeKey struct{ a, b vertex }

func keyOf(a, b vertex) edgeKey {
	if b.x < a.x || b.x == a.x && b.y < a.y {
		a, b = b, a
	}
	return edgeKey{a, b}
}

// touching reports whether two areas share an edge.
func touching(a, b orb.MultiPolygon) bool { return firstApart([]orb.MultiPolygon{a, b}) == 0 }

// firstApart returns the first area that no chain of shared edges joins to the first, 0 when all are joined.
func firstApart(areas []orb.MultiPolygon) int {
	root := make([]int, len(areas))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			i = root[i]
		}
		return i
	}
	owner := map[edgeKey]int{}
	for i, mp := range areas {
		eachEdge(mp, func(a, b vertex) bool {
			k := keyOf(a, b)
			if j, shared := owner[k]; shared {
				root[find(i)] = find(j)
			} else {
				owner[k] = i
			}
			return true
		})
	}
	for i := range areas {
		if find(i) != find(0) {
			return i
		}
	}
	return 0
}
