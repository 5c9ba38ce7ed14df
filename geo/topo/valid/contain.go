package valid

import (
	"cmp"
	"slices"

	"github.com/tidwall/rtree"
)

// touching judges the single points at which rings meet: two rings may pass through each other at a vertex, and holes
// that touch may cut the interior into pieces.
func (c *checker) touching() {
	if len(c.touches) == 0 {
		return
	}
	list := make([]touch, 0, len(c.touches))
	for t := range c.touches {
		if t.a != t.b {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(s, t touch) int {
		return cmp.Or(cmp.Compare(s.a, t.a), cmp.Compare(s.b, t.b), cmp.Compare(s.p.x, t.p.x), cmp.Compare(s.p.y, t.p.y))
	})
	places := map[int32]map[pt][2]pt{}
	around := func(r int32, p pt) (prev, next pt) {
		at := places[r]
		if at == nil {
			at = c.around(r, list)
			places[r] = at
		}
		n := at[p]
		return n[0], n[1]
	}
	for _, t := range list {
		a1, a2 := around(t.a, t.p)
		b1, b2 := around(t.b, t.p)
		if separated(t.p, a1, a2, b1, b2) {
			c.report(c.overlapRule(t.a, t.b), t.p, t.a, t.b)
		}
	}
	// Rings and the points where they touch form a graph; a circle in it encloses a piece of the interior.
	type place struct {
		polygon int
		p       pt
	}
	type edge struct{ ring, at int32 }
	parent := make([]int32, len(c.rings))
	for i := range parent {
		parent[i] = int32(i)
	}
	root := func(x int32) int32 {
		for parent[x] != x {
			parent[x] = parent[parent[x]]
			x = parent[x]
		}
		return x
	}
	nodes := map[place]int32{}
	joined := map[edge]bool{}
	for _, t := range list {
		ra, rb := &c.rings[t.a], &c.rings[t.b]
		if ra.polygon != rb.polygon || c.pairBad(t.a, t.b) {
			continue
		}
		at, ok := nodes[place{ra.polygon, t.p}]
		if !ok {
			at = int32(len(parent))
			parent = append(parent, at)
			nodes[place{ra.polygon, t.p}] = at
		}
		for _, r := range [...]int32{t.a, t.b} {
			if joined[edge{r, at}] {
				continue
			}
			joined[edge{r, at}] = true
			x, y := root(r), root(at)
			if x == y {
				c.add(InteriorDisconnected, t.p.degrees(), rb.polygon, rb.index)
				continue
			}
			parent[x] = y
		}
	}
}

// around finds for every touched point of a ring the neighbours of that point along the ring.
func (c *checker) around(r int32, list []touch) map[pt][2]pt {
	pts := c.rings[r].pts
	out := map[pt][2]pt{}
	wanted := map[pt]bool{}
	for _, t := range list {
		if t.a == r || t.b == r {
			wanted[t.p] = true
		}
	}
	for i, p := range pts {
		if wanted[p] {
			out[p] = [2]pt{pts[(i+len(pts)-1)%len(pts)], pts[(i+1)%len(pts)]}
			delete(wanted, p)
		}
	}
	if len(wanted) == 0 {
		return out
	}
	// The rest lie inside an edge of this ring.
	var tree rtree.RTreeG[int]
	for i := range pts {
		a, b := pts[i], pts[(i+1)%len(pts)]
		tree.Insert([2]float64{float64(min(a.x, b.x)), float64(min(a.y, b.y))}, [2]float64{float64(max(a.x, b.x)), float64(max(a.y, b.y))}, i)
	}
	for p := range wanted {
		at := [2]float64{float64(p.x), float64(p.y)}
		tree.Search(at, at, func(_, _ [2]float64, i int) bool {
			a, b := pts[i], pts[(i+1)%len(pts)]
			if orient(a, b, p) != 0 {
				return true
			}
			out[p] = [2]pt{a, b}
			return false
		})
	}
	return out
}

// separated reports whether the directions from p to b1 and to b2 lie on different sides of the path a1, p, a2.
// A direction that both paths share has been reported as a shared edge.
func separated(p, a1, a2, b1, b2 pt) bool {
	in1, on1 := inSector(p, a1, a2, b1)
	in2, on2 := inSector(p, a1, a2, b2)
	return !on1 && !on2 && in1 != in2
}

// inSector reports whether the direction p→b lies strictly within the sector that opens counter-clockwise from p→a1 to
// p→a2; on is true when it lies on one of the two sides.
func inSector(p, a1, a2, b pt) (in, on bool) {
	same := func(a pt) bool { return orient(p, a, b) == 0 && dot(p, a, b) > 0 }
	if same(a1) || same(a2) {
		return false, true
	}
	o1, o2 := orient(p, a1, b), orient(p, b, a2)
	switch o := orient(p, a1, a2); {
	case o > 0:
		return o1 > 0 && o2 > 0, false
	case o < 0:
		return o1 > 0 || o2 > 0, false
	default: // a straight line through p
		return o1 > 0, false
	}
}

// containment checks that holes lie in their shells and not in each other, and that polygons lie beside each other or
// in each other's holes. It is asked of rings that do not cross, so that one vertex decides.
func (c *checker) containment() {
	var tree rtree.RTreeG[int32]
	shells := map[int]int32{}
	for i := range c.rings {
		r := &c.rings[i]
		tree.Insert([2]float64{float64(r.minX), float64(r.minY)}, [2]float64{float64(r.maxX), float64(r.maxY)}, int32(i))
		if r.index == 0 {
			shells[r.polygon] = int32(i)
		}
	}
	for i := range c.rings {
		r := &c.rings[i]
		if r.index > 0 {
			if shell, ok := shells[r.polygon]; ok && !c.pairBad(shell, int32(i)) && !c.lies(int32(i), shell) {
				c.report(HoleOutsideShell, r.pts[0], shell, int32(i))
			}
		}
		if r.index > 0 && len(c.found) >= MaxViolations {
			return
		}
		// Every ring whose box holds this ring's box may hold the ring itself.
		corner := [2]float64{float64(r.minX), float64(r.minY)}
		tree.Search(corner, corner, func(_, _ [2]float64, j int32) bool {
			o := &c.rings[j]
			if int(j) == i || o.maxX < r.maxX || o.maxY < r.maxY || c.pairBad(int32(i), j) {
				return true
			}
			switch {
			case r.index > 0 && o.index > 0 && r.polygon == o.polygon:
				if c.lies(int32(i), j) {
					c.report(HolesOverlap, r.pts[0], j, int32(i))
				}
			case r.index == 0 && o.index == 0 && r.polygon != o.polygon:
				if c.lies(int32(i), j) && !c.inHole(int32(i), o.polygon, &tree) {
					c.report(ShellsOverlap, r.pts[0], j, int32(i))
				}
			}
			return len(c.found) < MaxViolations
		})
	}
}

func (c *checker) pairBad(a, b int32) bool { return c.bad[[2]int32{min(a, b), max(a, b)}] }

// inHole reports whether a shell lies in one of the holes of a polygon.
func (c *checker) inHole(shell int32, polygon int, tree *rtree.RTreeG[int32]) bool {
	r := &c.rings[shell]
	corner := [2]float64{float64(r.minX), float64(r.minY)}
	found := false
	tree.Search(corner, corner, func(_, _ [2]float64, j int32) bool {
		o := &c.rings[j]
		if o.polygon == polygon && o.index > 0 && o.maxX >= r.maxX && o.maxY >= r.maxY && c.lies(shell, j) {
			found = true
		}
		return !found
	})
	return found
}

// lies reports whether ring inner lies within ring outer, given that they do not cross. The first vertex off outer's
// border decides; if all lie on it, the middle of an edge does.
func (c *checker) lies(inner, outer int32) bool {
	in, out := &c.rings[inner], &c.rings[outer]
	if in.minX < out.minX || in.minY < out.minY || in.maxX > out.maxX || in.maxY > out.maxY {
		return false
	}
	for _, p := range in.pts {
		if side := out.side(p); side != 0 {
			return side > 0
		}
	}
	// Doubling the grid makes middles exact.
	double := &ring{pts: make([]pt, len(out.pts))}
	for i, p := range out.pts {
		double.pts[i] = pt{2 * p.x, 2 * p.y}
	}
	for i, p := range in.pts {
		q := in.pts[(i+1)%len(in.pts)]
		if side := double.side(pt{p.x + q.x, p.y + q.y}); side != 0 {
			return side > 0
		}
	}
	return true
}

// slabs holds the edges of a ring by stretches of y, for rings that are asked often.
type slabs struct {
	minY, step int64
	edges      [][]int32
}

// side is 1 for a point inside the ring, −1 outside, 0 on its border. Exact.
func (r *ring) side(p pt) int {
	inside := false
	n := len(r.pts)
	test := func(i int) (on bool) {
		a, b := r.pts[i], r.pts[(i+1)%n]
		if (a.y > p.y) == (b.y > p.y) {
			return a.y == p.y && b.y == p.y && between(p, a, b) || a == p || b == p
		}
		o := orient(a, b, p)
		if o == 0 {
			return true
		}
		if (o > 0) == (b.y > a.y) {
			inside = !inside
		}
		return false
	}
	if n < 64 {
		for i := range n {
			if test(i) {
				return 0
			}
		}
	} else {
		if r.slabs == nil {
			r.slabs = newSlabs(r)
		}
		s := r.slabs
		k := (p.y - s.minY) / s.step
		if p.y < s.minY || k >= int64(len(s.edges)) {
			return -1
		}
		for _, i := range s.edges[k] {
			if test(int(i)) {
				return 0
			}
		}
	}
	if inside {
		return 1
	}
	return -1
}

func newSlabs(r *ring) *slabs {
	lo, hi := r.pts[0].y, r.pts[0].y
	for _, p := range r.pts {
		lo, hi = min(lo, p.y), max(hi, p.y)
	}
	count := max(int64(len(r.pts))/8, 1)
	for {
		s := &slabs{minY: lo, step: (hi-lo)/count + 1}
		entries := int64(0)
		for i, a := range r.pts {
			b := r.pts[(i+1)%len(r.pts)]
			entries += (max(a.y, b.y)-lo)/s.step - (min(a.y, b.y)-lo)/s.step + 1
		}
		// An edge stands in every slab it runs through: where edges are long, wider slabs keep memory bounded.
		if entries > 8*int64(len(r.pts)) && count > 1 {
			count /= 2
			continue
		}
		s.edges = make([][]int32, (hi-lo)/s.step+1)
		for i, a := range r.pts {
			b := r.pts[(i+1)%len(r.pts)]
			for k := (min(a.y, b.y) - lo) / s.step; k <= (max(a.y, b.y)-lo)/s.step; k++ {
				s.edges[k] = append(s.edges[k], int32(i))
			}
		}
		return s
	}
}
