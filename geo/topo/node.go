package topo

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/geodesy"
)

// SnapM is how near, in metres, the end of a line or its crossing with a border must come to a vertex or an edge of the
// border to be put on it: what rounding to six decimals moves a position. A line along a former border whose ends have
// been through such a file finds its vertices again, and no sliver shorter than that arises.
const SnapM = 0.1

// flat measures short distances in metres near one latitude, good to a part in a hundred over a county: it decides what
// is nearest; what is reported is measured on the ellipsoid.
type flat struct{ kx, ky float64 }

func flatAt(v Vertex) flat {
	const metresPerStep = equatorM / 360 / nano
	return flat{metresPerStep * max(0.01, math.Cos(float64(v.Y)/nano*math.Pi/180)), metresPerStep}
}

func (f flat) distance(a, b Vertex) float64 {
	return math.Hypot(float64(a.X-b.X)*f.kx, float64(a.Y-b.Y)*f.ky)
}

// foot is the point of the segment nearest to v, rounded to the grid, and its distance in metres before rounding.
func (f flat) foot(v, a, b Vertex) (Vertex, float64) {
	dx, dy := float64(b.X-a.X)*f.kx, float64(b.Y-a.Y)*f.ky
	px, py := float64(v.X-a.X)*f.kx, float64(v.Y-a.Y)*f.ky
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = max(0, min(1, (px*dx+py*dy)/l))
	}
	return Vertex{a.X + int64(math.Round(t*float64(b.X-a.X))), a.Y + int64(math.Round(t*float64(b.Y-a.Y)))}, f.off(v, a, b)
}

// off is the distance in metres from v to the segment.
func (f flat) off(v, a, b Vertex) float64 {
	dx, dy := float64(b.X-a.X)*f.kx, float64(b.Y-a.Y)*f.ky
	px, py := float64(v.X-a.X)*f.kx, float64(v.Y-a.Y)*f.ky
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = max(0, min(1, (px*dx+py*dy)/l))
	}
	px, py = px-t*dx, py-t*dy
	return math.Sqrt(px*px + py*py)
}

// steps is how many grid steps of either ordinate the metres are at most.
func (f flat) steps(metres float64) int64 { return int64(metres/min(f.kx, f.ky)) + 1 }

// stretch is a piece of an edge of the border: what is left of edge number `of` between two vertices.
type stretch struct {
	a, b Vertex
	of   int
}

// noder brings a line and a border to share a vertex wherever they meet.
type noder struct {
	flat
	line   []Vertex
	border []stretch
	edges  [][2]Vertex        // the border's edges as they were
	at     map[int][]Vertex   // what came into them
	moved  map[string]float64 // metres: "line", "border"
}

// lineOn reads a line onto the grid, without repeated vertices.
func lineOn(line orb.LineString) ([]Vertex, error) {
	var vs []Vertex
	for _, p := range line {
		v, err := vertexOf(p)
		if err != nil {
			return nil, err
		}
		if len(vs) == 0 || vs[len(vs)-1] != v {
			vs = append(vs, v)
		}
	}
	if len(vs) < 2 {
		at := orb.Point{}
		if len(vs) == 1 {
			at = vs[0].point()
		}
		return nil, &SelfCrossing{at}
	}
	return vs, simple(vs)
}

// simple refuses a line that meets itself.
func simple(line []Vertex) error {
	n := len(line) - 1
	for i := range n {
		p, q := line[i], line[i+1]
		lo, hi := boxOf(p, q)
		for j := i + 1; j < n; j++ {
			r, s := line[j], line[j+1]
			if max(r.X, s.X) < lo.X || min(r.X, s.X) > hi.X || max(r.Y, s.Y) < lo.Y || min(r.Y, s.Y) > hi.Y {
				continue
			}
			if j == i+1 {
				if orientVertices(p, q, s) == 0 && ahead(q, p, s) {
					return &SelfCrossing{q.point()}
				}
				continue
			}
			if at, meets := contact(p, q, r, s); meets {
				return &SelfCrossing{at.point()}
			}
		}
	}
	return nil
}

func boxOf(p, q Vertex) (lo, hi Vertex) {
	return Vertex{min(p.X, q.X), min(p.Y, q.Y)}, Vertex{max(p.X, q.X), max(p.Y, q.Y)}
}

// ahead reports whether a and b, on one line with o, lie on the same side of it.
func ahead(o, a, b Vertex) bool {
	return cmp.Compare(a.X, o.X) == cmp.Compare(b.X, o.X) && cmp.Compare(a.Y, o.Y) == cmp.Compare(b.Y, o.Y)
}

// on reports whether v, known to lie on the line through p and q, lies on the segment.
func on(v, p, q Vertex) bool {
	lo, hi := boxOf(p, q)
	return lo.X <= v.X && v.X <= hi.X && lo.Y <= v.Y && v.Y <= hi.Y
}

// contact is a point that two segments have in common, rounded to the grid where they cross.
func contact(p, q, r, s Vertex) (Vertex, bool) {
	o1, o2, o3, o4 := orientVertices(p, q, r), orientVertices(p, q, s), orientVertices(r, s, p), orientVertices(r, s, q)
	switch {
	case o1 == 0 && on(r, p, q):
		return r, true
	case o2 == 0 && on(s, p, q):
		return s, true
	case o3 == 0 && on(p, r, s):
		return p, true
	case o4 == 0 && on(q, r, s):
		return q, true
	case o1*o2 < 0 && o3*o4 < 0:
		return crossing(p, q, r, s), true
	}
	return Vertex{}, false
}

// crossing is where two segments cross, to the nearest point of the grid.
func crossing(p, q, r, s Vertex) Vertex {
	ux, uy := float64(q.X-p.X), float64(q.Y-p.Y)
	vx, vy := float64(s.X-r.X), float64(s.Y-r.Y)
	t := (float64(r.X-p.X)*vy - float64(r.Y-p.Y)*vx) / (ux*vy - uy*vx)
	t = max(0, min(1, t))
	return Vertex{p.X + int64(math.Round(t*ux)), p.Y + int64(math.Round(t*uy))}
}

// newNoder takes the edges of the border near the line.
func newNoder(line []Vertex, edges [][2]Vertex) *noder {
	n := &noder{flat: flatAt(line[0]), line: line, edges: edges, at: map[int][]Vertex{}, moved: map[string]float64{}}
	lo, hi := line[0], line[0]
	for _, v := range line {
		lo, hi = Vertex{min(lo.X, v.X), min(lo.Y, v.Y)}, Vertex{max(hi.X, v.X), max(hi.Y, v.Y)}
	}
	m := n.steps(2 * SnapM)
	for i, e := range edges {
		a, b := e[0], e[1]
		if max(a.X, b.X) >= lo.X-m && min(a.X, b.X) <= hi.X+m && max(a.Y, b.Y) >= lo.Y-m && min(a.Y, b.Y) <= hi.Y+m {
			n.border = append(n.border, stretch{a, b, i})
		}
	}
	return n
}

// snapEnd puts the first or last vertex of the line on the border when that is no farther than SnapM: on a vertex if
// there is one so near, else on an edge, which gets a vertex there.
func (n *noder) snapEnd(end int) {
	k := end * (len(n.line) - 1)
	v := n.line[k]
	to, best, in := v, math.Inf(1), -1
	for _, s := range n.border {
		for _, c := range [2]Vertex{s.a, s.b} {
			if d := n.distance(v, c); d <= SnapM && (d < best || d == best && c.less(to)) {
				to, best = c, d
			}
		}
	}
	if math.IsInf(best, 1) {
		for i, s := range n.border {
			if c, d := n.foot(v, s.a, s.b); d <= SnapM && d < best {
				to, best, in = c, d, i
			}
		}
	}
	if math.IsInf(best, 1) {
		return
	}
	n.note("line", n.distance(v, to))
	n.line[k] = to
	if in >= 0 {
		n.cut(in, to)
	}
	n.line = slices.Compact(n.line)
}

func (n *noder) note(what string, metres float64) { n.moved[what] = max(n.moved[what], metres) }

// cut puts v into stretch number i of the border, unless it is an end of it.
func (n *noder) cut(i int, v Vertex) {
	s := n.border[i]
	if v == s.a || v == s.b {
		return
	}
	_, d := n.foot(v, n.edges[s.of][0], n.edges[s.of][1])
	n.note("border", d)
	n.at[s.of] = append(n.at[s.of], v)
	n.border[i].b = v
	n.border = append(n.border, stretch{v, s.b, s.of})
}

// nodingRounds is how often crossings are sought again after rounding has moved what they lie on.
const nodingRounds = 16

// run inserts vertices until line and border meet at common vertices only. It reports false when rounding brings up
// ever new crossings, which needs edges a few grid steps long.
func (n *noder) run() bool {
	for range nodingRounds {
		if !n.pass() {
			return true
		}
	}
	return false
}

func (n *noder) pass() (changed bool) {
	for k := 0; k+1 < len(n.line); k++ {
		for i := 0; i < len(n.border); i++ {
			p, q := n.line[k], n.line[k+1]
			s := n.border[i]
			if max(s.a.X, s.b.X) < min(p.X, q.X) || min(s.a.X, s.b.X) > max(p.X, q.X) ||
				max(s.a.Y, s.b.Y) < min(p.Y, q.Y) || min(s.a.Y, s.b.Y) > max(p.Y, q.Y) {
				continue
			}
			v, meets := n.meet(p, q, s)
			if !meets {
				continue
			}
			if v != p && v != q {
				_, d := n.foot(v, p, q)
				n.note("line", d)
				n.line = slices.Insert(n.line, k+1, v)
				changed = true
			}
			if v != s.a && v != s.b {
				n.cut(i, v)
				changed = true
			}
		}
	}
	if changed {
		n.line = slices.Compact(n.line)
	}
	return changed
}

// meet is a common point of a segment of the line and a stretch of the border that is not yet a vertex of both.
func (n *noder) meet(p, q Vertex, s stretch) (Vertex, bool) {
	o1, o2 := orientVertices(p, q, s.a), orientVertices(p, q, s.b)
	o3, o4 := orientVertices(s.a, s.b, p), orientVertices(s.a, s.b, q)
	switch {
	case o1 == 0 && s.a != p && s.a != q && on(s.a, p, q):
		return s.a, true
	case o2 == 0 && s.b != p && s.b != q && on(s.b, p, q):
		return s.b, true
	case o3 == 0 && p != s.a && p != s.b && on(p, s.a, s.b):
		return p, true
	case o4 == 0 && q != s.a && q != s.b && on(q, s.a, s.b):
		return q, true
	case o1*o2 >= 0 || o3*o4 >= 0:
		return Vertex{}, false
	}
	v := crossing(p, q, s.a, s.b)
	da, db := n.distance(v, s.a), n.distance(v, s.b)
	if da <= SnapM && da <= db {
		v = s.a
	} else if db <= SnapM {
		v = s.b
	}
	return v, true
}

// insertions says what came into the border's edges, and puts it in order along them.
func (n *noder) insertions() []Insertion {
	var out []Insertion
	for _, of := range sortedInts(n.at) {
		a, b := n.edges[of][0], n.edges[of][1]
		vs := n.at[of]
		slices.SortFunc(vs, func(v, w Vertex) int {
			return cmp.Or(cmp.Compare(n.along(v, a, b), n.along(w, a, b)), compareVertices(v, w))
		})
		n.at[of] = slices.Compact(vs)
		ins := Insertion{From: a.point(), To: b.point()}
		for _, v := range n.at[of] {
			ins.At = append(ins.At, v.point())
		}
		out = append(out, ins)
	}
	return out
}

func (n *noder) along(v, a, b Vertex) float64 {
	return float64(v.X-a.X)*float64(b.X-a.X) + float64(v.Y-a.Y)*float64(b.Y-a.Y)
}

func sortedInts[V any](m map[int]V) []int {
	out := make([]int, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// noCrossing finds the two nearest points of some vertices or of a line's segments and of a border.
func noCrossing(line []Vertex, edges [][2]Vertex) error {
	f := flatAt(line[0])
	best, from, to := math.Inf(1), line[0], line[0]
	try := func(v, w Vertex, d float64) {
		if d < best {
			best, from, to = d, v, w
		}
	}
	for _, e := range edges {
		for i, v := range line {
			w, d := f.foot(v, e[0], e[1])
			try(v, w, d)
			if i > 0 {
				w, d = f.foot(e[0], line[i-1], v)
				try(w, e[0], d)
			}
		}
	}
	return &NoCrossing{from.point(), to.point(), geodesy.DistanceM(from.point(), to.point())}
}
