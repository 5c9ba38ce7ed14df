package topo

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/geodesy"
)

// RerouteResult is what a new border makes of the shapes around it.
type RerouteResult struct {
	// Shapes are parallel to those given; Changed says which differ from them.
	Shapes  []orb.MultiPolygon
	Changed []bool
	// Inserted are the vertices that came into existing edges where the line ends on one; every shape given has them.
	Inserted []Insertion
	// Old is the stretch that was replaced, New what stands in its place, both in the direction of the line given.
	Old, New orb.LineString
	// MovedM is how far, in metres, a vertex of either lies at most from the other. LineMovedM is how far the line was
	// moved to meet the border at its ends and at the nodes between, up to SnapM.
	MovedM, LineMovedM float64
}

// Reroute replaces the stretch of border that runs between the two ends of the line, common to the shapes number
// sides[0] and sides[1], by the line, in every shape that has the stretch: the two neighbours and the units of other
// levels on it change together and still share every vertex. The ends of the line lie on that border within SnapM.
// Where a border of another shape ends on the stretch the line must pass within SnapM of that node; which lower unit
// would get the ground is not for geometry to decide. Of the two stretches of a closed border (an enclave) the one that
// sweeps less ground is replaced. Shapes are all units of all levels near, at one date.
// Errors, all of them Refusals: *NoCrossing when an end is not on the common border, *NotShared, *LeavesNode,
// *CrossesBorder, *SelfCrossing, *BadShape when a shape would no longer be valid; and a position not on the earth.
func Reroute(shapes []orb.MultiPolygon, sides [2]int, line orb.LineString) (RerouteResult, error) {
	vs, err := lineOn(line)
	if err != nil {
		return RerouteResult{}, err
	}
	r := &rerouter{shapes: slices.Clone(shapes), changed: make([]bool, len(shapes)), edges: make([]map[[2]Vertex]bool, len(shapes))}
	if err := r.indexNear(sides, line); err != nil {
		return RerouteResult{}, err
	}
	inserted, err := r.putEnds(sides, vs)
	if err != nil {
		return RerouteResult{}, err
	}
	old, reversed, err := r.between(sides)
	if err != nil {
		return RerouteResult{}, err
	}
	if reversed {
		slices.Reverse(r.line)
	}
	at, err := r.nodes(old)
	if err != nil {
		return RerouteResult{}, err
	}
	if err := simple(r.line); err != nil {
		return RerouteResult{}, err
	}
	if err := r.clear(old, at); err != nil {
		return RerouteResult{}, err
	}
	if err := r.replace(old, at); err != nil {
		return RerouteResult{}, err
	}
	res := RerouteResult{Shapes: r.shapes, Changed: r.changed, Inserted: inserted, LineMovedM: r.moved["line"]}
	res.MovedM = max(farthestM(old, r.line), farthestM(r.line, old))
	if reversed {
		slices.Reverse(old)
		slices.Reverse(r.line)
	}
	res.Old, res.New = lineString(old), lineString(r.line)
	return res, nil
}

type rerouter struct {
	*noder
	shapes  []orb.MultiPolygon
	changed []bool
	edges   []map[[2]Vertex]bool // of each shape, the area on the left
	next    map[Vertex][]Vertex  // along the common border, the first side on the left
}

func (r *rerouter) index(i int) error {
	rings, _, err := ringsOf(r.shapes[i])
	if err != nil {
		return err
	}
	r.edges[i] = map[[2]Vertex]bool{}
	for _, ring := range rings {
		for k, v := range ring {
			r.edges[i][[2]Vertex{v, ring[(k+1)%len(ring)]}] = true
		}
	}
	return nil
}

// indexNear indexes the shapes that meet the line or the border which the two sides share; no other can change.
func (r *rerouter) indexNear(sides [2]int, line orb.LineString) error {
	for _, i := range sides {
		if err := r.index(i); err != nil {
			return err
		}
	}
	near := line.Bound()
	for _, e := range r.common(sides) {
		near = near.Extend(e[0].point()).Extend(e[1].point())
	}
	near = near.Pad(1e-5) // a metre, for what is snapped and rounded
	for i, s := range r.shapes {
		if r.edges[i] == nil && s.Bound().Intersects(near) {
			if err := r.index(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// putEnds puts the ends of the line on the common border, and the vertices which that takes into all shapes.
func (r *rerouter) putEnds(sides [2]int, vs []Vertex) ([]Insertion, error) {
	common := r.common(sides)
	if len(common) == 0 {
		return nil, &NotShared{vs[0].point()}
	}
	r.noder = newNoder(vs, common)
	for end := range 2 {
		r.snapEnd(end)
		at := r.line[end*(len(r.line)-1)]
		if !slices.ContainsFunc(r.border, func(s stretch) bool { return s.a == at || s.b == at }) {
			return nil, noCrossing([]Vertex{at}, common)
		}
	}
	if len(r.line) < 2 || r.line[0] == r.line[len(r.line)-1] {
		return nil, &SelfCrossing{r.line[0].point()}
	}
	inserted := r.insertions()
	for i := range r.shapes {
		if r.edges[i] == nil {
			continue
		}
		if shape, changed := Insert(r.shapes[i], inserted); changed {
			r.shapes[i], r.changed[i] = shape, true
			if err := r.index(i); err != nil {
				return nil, err
			}
		}
	}
	r.next = map[Vertex][]Vertex{}
	for _, e := range r.common(sides) {
		r.next[e[0]] = append(r.next[e[0]], e[1])
	}
	return inserted, nil
}

// common lists the edges of the first side that the other has on its other hand.
func (r *rerouter) common(sides [2]int) [][2]Vertex {
	var out [][2]Vertex
	other := r.edges[sides[1]]
	for e := range r.edges[sides[0]] {
		if other[[2]Vertex{e[1], e[0]}] {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b [2]Vertex) int {
		if c := compareVertices(a[0], b[0]); c != 0 {
			return c
		}
		return compareVertices(a[1], b[1])
	})
	return out
}

// between finds the stretch of common border between the ends of the line, the first side on its left; reversed says
// that the line runs the other way.
func (r *rerouter) between(sides [2]int) (old []Vertex, reversed bool, err error) {
	p, q := r.line[0], r.line[len(r.line)-1]
	there, stuck := r.path(p, q)
	back, _ := r.path(q, p)
	switch {
	case there == nil && back == nil:
		return nil, false, &NotShared{stuck.point()}
	case back == nil:
		return there, false, nil
	case there == nil:
		return back, true, nil
	}
	swept := func(path []Vertex, with []Vertex) float64 {
		ring := slices.Clone(path)
		for k := len(with) - 2; k > 0; k-- {
			ring = append(ring, with[k])
		}
		var sum float64
		for k, v := range ring {
			w := ring[(k+1)%len(ring)]
			sum += float64(v.X-p.X)*float64(w.Y-p.Y) - float64(w.X-p.X)*float64(v.Y-p.Y)
		}
		return math.Abs(sum)
	}
	turned := slices.Clone(r.line)
	slices.Reverse(turned)
	if swept(back, turned) < swept(there, r.line) {
		return back, true, nil
	}
	return there, false, nil
}

// path is the shortest way along the common border, in vertices, or nil and where it broke off.
func (r *rerouter) path(from, to Vertex) (way []Vertex, stuck Vertex) {
	came := map[Vertex]Vertex{from: from}
	queue := []Vertex{from}
	for len(queue) > 0 && stuck != to {
		stuck, queue = queue[0], queue[1:]
		for _, v := range r.next[stuck] {
			if _, seen := came[v]; !seen {
				came[v] = stuck
				queue = append(queue, v)
			}
		}
	}
	if stuck != to {
		return nil, stuck
	}
	for v := to; ; v = came[v] {
		way = append(way, v)
		if v == from {
			break
		}
	}
	slices.Reverse(way)
	return way, to
}

// nodes finds where other borders end on the stretch and leads the line through there. It returns pairs of places in
// the stretch and in the line, its ends included.
func (r *rerouter) nodes(old []Vertex) ([][2]int, error) {
	has := func(shape, k int) int {
		a, b := old[k], old[k+1]
		switch {
		case r.edges[shape][[2]Vertex{a, b}]:
			return 1
		case r.edges[shape][[2]Vertex{b, a}]:
			return 2
		}
		return 0
	}
	// Shapes that only touch the stretch in a vertex end a border there too.
	touching := map[Vertex]int{}
	inner := make(map[Vertex]bool, len(old))
	for _, v := range old[1 : len(old)-1] {
		inner[v] = true
	}
	for i := range r.edges {
		onStretch := map[Vertex]bool{}
		for k := range len(old) - 1 {
			if has(i, k) != 0 {
				onStretch[old[k]], onStretch[old[k+1]] = true, true
			}
		}
		for e := range r.edges[i] {
			if inner[e[0]] && !onStretch[e[0]] {
				touching[e[0]] = i
			}
		}
	}
	at := [][2]int{{0, 0}}
	from := 0
	for k := 1; k < len(old)-1; k++ {
		shape, isNode := touching[old[k]]
		for i := 0; i < len(r.edges) && !isNode; i++ {
			shape, isNode = i, has(i, k-1) != has(i, k)
		}
		if !isNode {
			continue
		}
		j := r.through(old[k], from)
		if j < 0 {
			err := noCrossing(r.line, [][2]Vertex{{old[k], old[k]}}).(*NoCrossing)
			return nil, &LeavesNode{shape, old[k].point(), err.Line, err.DistanceM}
		}
		at = append(at, [2]int{k, j})
		from = j
	}
	return append(at, [2]int{len(old) - 1, len(r.line) - 1}), nil
}

// through leads the line, after its vertex number from, through v when it passes within SnapM, and returns the place.
func (r *rerouter) through(v Vertex, from int) int {
	best, place, vertex := math.Inf(1), -1, false
	for k := from; k < len(r.line)-1; k++ {
		if k > from {
			if d := r.distance(r.line[k], v); d <= SnapM && (d < best || !vertex) {
				best, place, vertex = d, k, true
			}
		}
		if _, d := r.foot(v, r.line[k], r.line[k+1]); d <= SnapM && d < best && !vertex {
			best, place = d, k+1
		}
	}
	switch {
	case place < 0:
		return -1
	case vertex:
		r.line[place] = v
	default:
		r.line = slices.Insert(r.line, place, v)
	}
	r.note("line", best)
	return place
}

// clear refuses a line that meets a border other than the stretch it replaces elsewhere than at its ends and nodes.
func (r *rerouter) clear(old []Vertex, at [][2]int) error {
	gone := make(map[[2]Vertex]bool, 2*len(old))
	for k := 1; k < len(old); k++ {
		gone[[2]Vertex{old[k-1], old[k]}], gone[[2]Vertex{old[k], old[k-1]}] = true, true
	}
	allowed := map[Vertex]bool{}
	for _, k := range at {
		allowed[old[k[0]]] = true
	}
	lo, hi := r.line[0], r.line[0]
	for _, v := range r.line {
		lo, hi = Vertex{min(lo.X, v.X), min(lo.Y, v.Y)}, Vertex{max(hi.X, v.X), max(hi.Y, v.Y)}
	}
	var worst *CrossesBorder
	for i := range r.edges {
		for e := range r.edges[i] {
			a, b := e[0], e[1]
			if gone[e] || max(a.X, b.X) < lo.X || min(a.X, b.X) > hi.X || max(a.Y, b.Y) < lo.Y || min(a.Y, b.Y) > hi.Y {
				continue
			}
			for k := 1; k < len(r.line); k++ {
				p, q := r.line[k-1], r.line[k]
				c, meets := contact(p, q, a, b)
				if !meets {
					continue
				}
				if allowed[c] && (c == p || c == q) && (c == a || c == b) && !folded(c, p, q, a, b) {
					continue
				}
				// The smallest place of all, for edges come in the order of a map.
				if pt := c.point(); worst == nil || i == worst.Shape && c.less(mustVertex(worst.Position)) {
					worst = &CrossesBorder{i, pt}
				}
			}
		}
		if worst != nil {
			return worst
		}
	}
	return nil
}

func mustVertex(p orb.Point) Vertex { v, _ := vertexOf(p); return v }

// folded reports whether two segments with the common end c run along each other from there.
func folded(c, p, q, a, b Vertex) bool {
	if p == c {
		p = q
	}
	if a == c {
		a = b
	}
	return orientVertices(c, p, a) == 0 && ahead(c, p, a)
}

// replace walks the rings of every shape that has the stretch, or a part of it between two nodes, again.
func (r *rerouter) replace(old []Vertex, at [][2]int) error {
	for i := range r.shapes {
		touched := false
		for n := 1; n < len(at) && !touched; n++ {
			a, b := old[at[n-1][0]], old[at[n-1][0]+1]
			touched = r.edges[i][[2]Vertex{a, b}] || r.edges[i][[2]Vertex{b, a}]
		}
		if !touched {
			continue
		}
		f := newFlow(len(r.edges[i]))
		for _, e := range sortedEdges(r.edges[i]) {
			f.put(e[0], e[1])
		}
		for n := 1; n < len(at); n++ {
			was, now := old[at[n-1][0]:at[n][0]+1], r.line[at[n-1][1]:at[n][1]+1]
			was, now = slices.Clone(was), slices.Clone(now)
			if r.edges[i][[2]Vertex{was[1], was[0]}] {
				slices.Reverse(was)
				slices.Reverse(now)
			} else if !r.edges[i][[2]Vertex{was[0], was[1]}] {
				continue
			}
			for k := 1; k < len(was); k++ {
				f.drop(was[k-1], was[k])
			}
			for k := 1; k < len(now); k++ {
				if !f.put(now[k-1], now[k]) {
					return &BadShape{i, "overlap", now[k].point()}
				}
			}
		}
		faces, err := f.faces()
		if bad, ok := err.(*BadShape); ok {
			bad.Shape = i
		}
		if err != nil {
			return err
		}
		r.shapes[i], r.changed[i] = multiPolygon(faces), true
		if err := sound(r.shapes[i], i); err != nil {
			return err
		}
	}
	return nil
}

func sortedEdges(m map[[2]Vertex]bool) [][2]Vertex {
	out := make([][2]Vertex, 0, len(m))
	for e := range m {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b [2]Vertex) int {
		if c := compareVertices(a[0], b[0]); c != 0 {
			return c
		}
		return compareVertices(a[1], b[1])
	})
	return out
}

// farthestM is the largest distance in metres of a vertex of one line from the other.
func farthestM(from, to []Vertex) float64 {
	f := flatAt(from[0])
	var most float64
	for _, v := range from {
		best, at := math.Inf(1), v
		for k := 1; k < len(to); k++ {
			if w, d := f.foot(v, to[k-1], to[k]); d < best {
				best, at = d, w
			}
		}
		most = max(most, geodesy.DistanceM(v.point(), at.point()))
	}
	return most
}

func lineString(vs []Vertex) orb.LineString {
	out := make(orb.LineString, len(vs))
	for i, v := range vs {
		out[i] = v.point()
	}
	return out
}
