package topo

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/topo/exact"
	"yutu/geo/topo/valid"
)

// flow is a set of directed edges with the area on their left. Rings put into it lose the edges they share with
// rings that run the other way; what is left is walked into rings again.
type flow struct {
	verts *vertices
	has   map[uint64]bool
	order []uint64 // as put, so that results do not depend on the order of a map
}

func newFlow(edges int) *flow {
	return &flow{verts: newVertices(edges + 16), has: make(map[uint64]bool, edges)}
}

// put adds the edge from a to b; it reports false when the edge is there already. An edge and its opposite cancel.
func (f *flow) put(a, b Vertex) bool {
	from, to := f.verts.id(a), f.verts.id(b)
	if back := edgeKey(to, from); f.has[back] {
		delete(f.has, back)
		return true
	}
	return f.force(from, to)
}

// force adds the edge beside its opposite.
func (f *flow) force(from, to int32) bool {
	key := edgeKey(from, to)
	if f.has[key] {
		return false
	}
	f.has[key] = true
	f.order = append(f.order, key)
	return true
}

// drop takes the edge out and reports whether it was there.
func (f *flow) drop(a, b Vertex) bool {
	key := edgeKey(f.verts.id(a), f.verts.id(b))
	had := f.has[key]
	delete(f.has, key)
	return had
}

// ringsOf reads a shape on the grid: open rings without repeated vertices, the area on their left. Rings of fewer than
// three vertices are left out. The second result says to which polygon and ring of the shape each belongs.
func ringsOf(shape orb.MultiPolygon) (rings [][]Vertex, index [][2]int, err error) {
	for i, p := range shape {
		for j, r := range p {
			vs := make([]Vertex, 0, len(r))
			for _, pt := range r {
				v, err := vertexOf(pt)
				if err != nil {
					return nil, nil, err
				}
				if len(vs) == 0 || vs[len(vs)-1] != v {
					vs = append(vs, v)
				}
			}
			for len(vs) > 1 && vs[0] == vs[len(vs)-1] {
				vs = vs[:len(vs)-1]
			}
			if len(vs) < 3 {
				if j == 0 {
					break
				}
				continue
			}
			if counterClockwise(vs) != (j == 0) {
				slices.Reverse(vs)
			}
			rings, index = append(rings, vs), append(index, [2]int{i, j})
		}
	}
	return rings, index, nil
}

// counterClockwise says how a ring that does not cross itself runs: the turn at its smallest vertex decides, exactly.
func counterClockwise(r []Vertex) bool {
	k := leastVertex(r)
	n := len(r)
	return orientVertices(r[(k+n-1)%n], r[k], r[(k+1)%n]) > 0
}

func leastVertex(r []Vertex) int {
	k := 0
	for i := range r {
		if r[i].less(r[k]) {
			k = i
		}
	}
	return k
}

// face is one polygon: rings[0] its shell, counter-clockwise, the others its holes, clockwise.
type face struct {
	rings    [][]Vertex
	min, max Vertex // of the shell
}

// faces walks the edges into polygons. The walk stays in the corner it comes from, so that areas that meet at a vertex
// only come out as polygons of their own; where a walk comes back to a vertex, the loop is cut off as a ring, so that a
// hole that touches its shell is a hole. Faces and their rings are in the order of their smallest vertices, at which
// rings begin.
func (f *flow) faces() ([]face, error) {
	keys := f.verts.keys
	var edges []uint64
	for _, e := range f.order {
		if f.has[e] {
			edges = append(edges, e)
		}
	}
	slices.Sort(edges) // by the vertex they leave
	edges = slices.Compact(edges)
	first := make([]int32, len(keys)+1)
	for _, e := range edges {
		first[e>>32+1]++
	}
	for i := range keys {
		first[i+1] += first[i]
	}
	used := make([]bool, len(edges))
	at := make([]int32, len(keys)) // 1 + the place of a vertex in the walk
	var faces []face
	var loose [][]Vertex // holes whose shell another walk has
	for start := range edges {
		if used[start] {
			continue
		}
		var path []int32
		var shell []Vertex
		var holes [][]Vertex
		for k := start; ; {
			used[k] = true
			from, to := int32(edges[k]>>32), int32(uint32(edges[k]))
			at[from] = int32(len(path)) + 1
			path = append(path, from)
			if i := at[to]; i > 0 {
				loop := make([]Vertex, 0, len(path)-int(i)+1)
				for _, id := range path[i-1:] {
					loop = append(loop, keys[id])
					at[id] = 0
				}
				path = path[:i-1]
				switch {
				case !counterClockwise(loop):
					holes = append(holes, loop)
				case shell != nil:
					return nil, &BadShape{-1, valid.RingSelfCrossing, keys[to].point()}
				default:
					shell = loop
				}
				if to == int32(edges[start]>>32) && len(path) == 0 {
					// Back where the walk began: it may still have to leave there once more.
					if k = f.turn(edges, first, used, from, to); k < 0 || used[k] {
						break
					}
					continue
				}
			}
			if k = f.turn(edges, first, used, from, to); k < 0 {
				return nil, &BadShape{-1, valid.RingSelfCrossing, keys[to].point()}
			}
		}
		if shell == nil {
			loose = append(loose, holes...)
			continue
		}
		faces = append(faces, newFace(shell, holes))
	}
	for _, h := range loose {
		k := smallestAround(faces, h)
		if k < 0 {
			return nil, &BadShape{-1, valid.HoleOutsideShell, h[0].point()}
		}
		faces[k].rings = append(faces[k].rings, h)
	}
	for i := range faces {
		for _, r := range faces[i].rings {
			turnTo(r, leastVertex(r))
		}
		slices.SortFunc(faces[i].rings[1:], func(a, b []Vertex) int { return compareVertices(a[0], b[0]) })
	}
	slices.SortFunc(faces, func(a, b face) int { return compareVertices(a.rings[0][0], b.rings[0][0]) })
	return faces, nil
}

// turn chooses the edge on which a walk that came from u to v goes on: the first clockwise from the way it came, which
// has nothing but the area between. It returns -1 for none.
func (f *flow) turn(edges []uint64, first []int32, used []bool, u, v int32) int {
	lo, hi := int(first[v]), int(first[v+1])
	if hi-lo == 1 {
		if used[lo] {
			return -1
		}
		return lo
	}
	keys, best := f.verts.keys, -1
	for k := lo; k < hi; k++ {
		if best < 0 || sooner(keys[v], keys[u], keys[uint32(edges[k])], keys[uint32(edges[best])]) {
			best = k
		}
	}
	if best >= 0 && used[best] {
		return -1
	}
	return best
}

// sooner reports whether, turning clockwise from v→u, one meets v→a before v→b. The way back comes last.
func sooner(v, u, a, b Vertex) bool {
	third := func(w Vertex) int {
		switch o := orientVertices(v, u, w); {
		case o < 0:
			return 0
		case o > 0:
			return 2
		case exact.CompareProducts(u.X-v.X, w.X-v.X, v.Y-u.Y, w.Y-v.Y) < 0: // straight on
			return 1
		}
		return 3
	}
	if p, q := third(a), third(b); p != q {
		return p < q
	}
	return orientVertices(v, a, b) < 0
}

func newFace(shell []Vertex, holes [][]Vertex) face {
	f := face{rings: append([][]Vertex{shell}, holes...), min: shell[0], max: shell[0]}
	for _, v := range shell {
		f.min.X, f.min.Y = min(f.min.X, v.X), min(f.min.Y, v.Y)
		f.max.X, f.max.Y = max(f.max.X, v.X), max(f.max.Y, v.Y)
	}
	return f
}

// smallestAround finds the face with the smallest shell around a ring, or -1. Shells do not cross, so of two around the
// same ring one lies in the other.
func smallestAround(faces []face, ring []Vertex) int {
	best := -1
	for k := range faces {
		f := &faces[k]
		v := ring[0]
		if v.X < f.min.X || v.X > f.max.X || v.Y < f.min.Y || v.Y > f.max.Y || !within(ring, f.rings[0]) {
			continue
		}
		if best < 0 || within(f.rings[0], faces[best].rings[0]) {
			best = k
		}
	}
	return best
}

// within reports whether a ring lies in another, which it does not cross: the first vertex off the border decides, and
// if all lie on it, the middle of an edge.
func within(ring, around []Vertex) bool {
	for _, v := range ring {
		if s := sideOf(v, around, 1); s != 0 {
			return s > 0
		}
	}
	for i, v := range ring {
		w := ring[(i+1)%len(ring)]
		if s := sideOf(Vertex{v.X + w.X, v.Y + w.Y}, around, 2); s != 0 {
			return s > 0
		}
	}
	return false
}

// sideOf is 1 when v lies inside the ring, -1 outside, 0 on it; exact. The ring's coordinates are multiplied by scale.
func sideOf(v Vertex, ring []Vertex, scale int64) int {
	in := false
	last := ring[len(ring)-1]
	a := Vertex{last.X * scale, last.Y * scale}
	for _, b := range ring {
		b = Vertex{b.X * scale, b.Y * scale}
		if min(a.Y, b.Y) <= v.Y && v.Y <= max(a.Y, b.Y) {
			o := orientVertices(a, b, v)
			if o == 0 && min(a.X, b.X) <= v.X && v.X <= max(a.X, b.X) {
				return 0
			}
			if (a.Y > v.Y) != (b.Y > v.Y) && (o > 0) == (b.Y > a.Y) {
				in = !in
			}
		}
		a = b
	}
	if in {
		return 1
	}
	return -1
}

func turnTo(r []Vertex, k int) {
	slices.Reverse(r[:k])
	slices.Reverse(r[k:])
	slices.Reverse(r)
}

func compareVertices(a, b Vertex) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) }

// multiPolygon writes faces as closed rings.
func multiPolygon(faces []face) orb.MultiPolygon {
	out := make(orb.MultiPolygon, 0, len(faces))
	for _, f := range faces {
		p := make(orb.Polygon, 0, len(f.rings))
		for _, r := range f.rings {
			ring := make(orb.Ring, 0, len(r)+1)
			for _, v := range r {
				ring = append(ring, v.point())
			}
			p = append(p, append(ring, ring[0]))
		}
		out = append(out, p)
	}
	return out
}

// sound returns the first thing that is wrong with a shape, or nil.
func sound(shape orb.MultiPolygon, number int) error {
	if bad := valid.Check(shape); len(bad) > 0 {
		return &BadShape{number, bad[0].Rule, bad[0].Position}
	}
	return nil
}
