package synth

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/crs"
)

// frame turns kilometres east and north of a centre into degrees. It is linear: lines that do not cross on the mesh do not
// cross on the ellipsoid's chart either.
type frame struct {
	lon, lat   float64 // of the centre
	perX, perY float64 // degrees per km
}

// newFrame is true to scale at the centre when scale is 1. cosLat and sin2Lat are cosine and squared sine of the latitude,
// given as numbers because the standard library's differ in the last bit between processors.
func newFrame(lon, lat, cosLat, scale float64) frame {
	const (
		a  = 6378.137              // km, GB 22021-2008
		e2 = 0.0066943800229007876 // f(2−f), f = 1/298.257222101
		pi = math.Pi
	)
	w := math.Sqrt(1 - float64(e2*(1-float64(cosLat*cosLat))))
	n := a / w
	m := a * (1 - e2) / (w * w * w)
	return frame{lon: lon, lat: lat, perX: scale * 180 / (pi * n * cosLat), perY: scale * 180 / (pi * m)}
}

func (f frame) point(x, y float64) orb.Point {
	return crs.Snap(orb.Point{f.lon + float64(x*f.perX), f.lat + float64(y*f.perY)})
}

// warp bends the plane a little, so that lines wind as real ones do and the mesh does not show. The displacement changes
// slowly against the length over which it changes: the plane is stretched, hardly ever folded, and place sees to the rest.
type warp struct{ octaves []octave }

type octave struct {
	x, y noise
	amp  float64 // km
}

func newWarp(seed uint64, spacing float64) warp {
	var w warp
	for i, o := range []struct{ wavelength, amp float64 }{
		{16, 0.6}, {5.5, 0.35}, {2.1, 0.22}, {0.9, 0.1}, {0.42, 0.042},
	} {
		if o.wavelength < 1.5*spacing {
			break
		}
		k := uint64(2 * i)
		w.octaves = append(w.octaves, octave{noise{hash2(seed, k), o.wavelength}, noise{hash2(seed, k+1), o.wavelength}, o.amp})
	}
	return w
}

func (w warp) at(x, y float64) (float64, float64) {
	dx, dy := 0.0, 0.0
	for _, o := range w.octaves {
		dx += float64(o.amp * o.x.at(x, y))
		dy += float64(o.amp * o.y.at(x, y))
	}
	return x + dx, y + dy
}

// lines is the net of all borders, rivers and ridges: a chosen set of the mesh's edges, each with a position of its own for its
// middle and for its two corners. Whatever runs along an edge takes its positions from here, so all share their vertices.
type lines struct {
	m      *mesh
	middle map32 // edge → index of its middle
	corner map32 // corner → index of its position
	// For each index: the position in km, where it would be on the bare mesh, and what it is joined to.
	x, y     []float64
	bx, by   []float64
	joined   [][3]int32
	at       []orb.Point // final, on the grid
	segments [][2]int32
	// drawnBack counts the positions that had to go back towards the mesh because their lines crossed.
	drawnBack int
}

// map32 maps small non-negative integers to indices; absent is none.
type map32 []int32

func newMap32(n int) map32 {
	m := make(map32, n)
	for i := range m {
		m[i] = none
	}
	return m
}

// newLines lays the net over the chosen edges.
func newLines(m *mesh, seed uint64, f frame, chosen []bool) (*lines, error) {
	l := &lines{m: m, middle: newMap32(3 * m.cells()), corner: newMap32(2 * m.cells())}
	add := func(x, y float64) int32 {
		k := int32(len(l.bx))
		l.bx, l.by = append(l.bx, x), append(l.by, y)
		l.joined = append(l.joined, [3]int32{none, none, none})
		return k
	}
	join := func(a, b int32) {
		for i := range 3 {
			if l.joined[a][i] == none {
				l.joined[a][i] = b
				return
			}
		}
	}
	for e, ok := range chosen {
		if !ok {
			continue
		}
		from, to, _, _ := m.ends(int32(e))
		xa, ya := m.cornerAt(from)
		xb, yb := m.cornerAt(to)
		mid := add((xa+xb)/2, (ya+yb)/2)
		l.middle[e] = mid
		for _, v := range [2]int32{from, to} {
			if l.corner[v] == none {
				l.corner[v] = add(m.cornerAt(v))
			}
			join(mid, l.corner[v])
			join(l.corner[v], mid)
			l.segments = append(l.segments, [2]int32{l.corner[v], mid})
		}
	}
	l.relax()
	for k := range l.x {
		// A hand that traces a line trembles by a few metres.
		l.x[k] += float64(0.035 * m.s * unit(hash2(seed, uint64(2*k))))
		l.y[k] += float64(0.035 * m.s * unit(hash2(seed, uint64(2*k+1))))
	}
	return l, l.place(newWarp(seed, m.s), f)
}

// relax rounds the corners of the mesh off: every position moves to the mean of itself and its neighbours along the line.
func (l *lines) relax() {
	l.x, l.y = slices.Clone(l.bx), slices.Clone(l.by)
	nx, ny := make([]float64, len(l.x)), make([]float64, len(l.y))
	for range 4 {
		for k, j := range l.joined {
			switch {
			case j[1] == none: // the end of a line stays
				nx[k], ny[k] = l.x[k], l.y[k]
			case j[2] == none:
				nx[k] = (l.x[j[0]] + l.x[j[1]] + float64(2*l.x[k])) / 4
				ny[k] = (l.y[j[0]] + l.y[j[1]] + float64(2*l.y[k])) / 4
			default:
				nx[k] = (l.x[j[0]] + l.x[j[1]] + l.x[j[2]]) / 3
				ny[k] = (l.y[j[0]] + l.y[j[1]] + l.y[j[2]]) / 3
			}
		}
		l.x, nx = nx, l.x
		l.y, ny = ny, l.y
	}
}

// place bends the net, snaps it to the grid of coordinates and makes sure that no two lines cross or touch where they do not
// meet: where they do, both are drawn half-way back to the bare mesh, and in the end wholly.
func (l *lines) place(w warp, f frame) error {
	l.at = make([]orb.Point, len(l.x))
	set := func(k int32) { l.at[k] = f.point(w.at(l.x[k], l.y[k])) }
	for k := range l.at {
		set(int32(k))
	}
	const rounds = 8
	for round := range rounds + 1 {
		bad := l.crossings(f)
		if len(bad) == 0 {
			return nil
		}
		if round == rounds {
			x, y := l.bx[bad[0]], l.by[bad[0]]
			return fmt.Errorf("lines cross at %v after %d rounds of repair", f.point(x, y), rounds)
		}
		l.drawnBack += len(bad)
		for _, k := range bad {
			if round < rounds/2 {
				l.x[k], l.y[k] = (l.x[k]+l.bx[k])/2, (l.y[k]+l.by[k])/2
			} else {
				l.x[k], l.y[k] = l.bx[k], l.by[k]
			}
			set(k)
		}
	}
	return nil
}

// crossings returns the positions, sorted, whose segments cross or touch others. It compares exact integers.
func (l *lines) crossings(f frame) []int32 {
	quanta := make([][2]int64, len(l.at))
	for k, p := range l.at {
		quanta[k] = [2]int64{int64(math.Round((p[0] - f.lon) / crs.Quantum)), int64(math.Round((p[1] - f.lat) / crs.Quantum))}
	}
	// Squares of about the mesh's spacing; a segment is much shorter and lies in at most four.
	side := int64(l.m.s * f.perX / crs.Quantum)
	type slot struct {
		key uint64
		seg int32
	}
	slots := make([]slot, 0, 2*len(l.segments))
	floor := func(v int64) int64 {
		q := v / side
		if v%side < 0 {
			q--
		}
		return q + 1<<30
	}
	for i, s := range l.segments {
		a, b := quanta[s[0]], quanta[s[1]]
		for gx := floor(min(a[0], b[0])); gx <= floor(max(a[0], b[0])); gx++ {
			for gy := floor(min(a[1], b[1])); gy <= floor(max(a[1], b[1])); gy++ {
				slots = append(slots, slot{uint64(gy)<<32 | uint64(gx), int32(i)})
			}
		}
	}
	slices.SortFunc(slots, func(a, b slot) int {
		if a.key != b.key {
			if a.key < b.key {
				return -1
			}
			return 1
		}
		return int(a.seg) - int(b.seg)
	})
	var bad []int32
	for i := range slots {
		for j := i + 1; j < len(slots) && slots[j].key == slots[i].key; j++ {
			s, t := l.segments[slots[i].seg], l.segments[slots[j].seg]
			if conflict(quanta, s, t) {
				bad = append(bad, s[0], s[1], t[0], t[1])
			}
		}
	}
	slices.Sort(bad)
	return slices.Compact(bad)
}

// conflict reports whether two segments have a point in common other than an end at which they are joined.
func conflict(q [][2]int64, s, t [2]int32) bool {
	for i := range 2 {
		for j := range 2 {
			if s[i] != t[j] {
				continue
			}
			// Joined: they must leave the common end in different directions.
			o, a, b := q[s[i]], q[s[1-i]], q[t[1-j]]
			if s[1-i] == t[1-j] || a == o || b == o {
				return true
			}
			dot := (a[0]-o[0])*(b[0]-o[0]) + (a[1]-o[1])*(b[1]-o[1])
			return turn(o, a, b) == 0 && dot > 0
		}
	}
	a, b, c, d := q[s[0]], q[s[1]], q[t[0]], q[t[1]]
	if max(a[0], b[0]) < min(c[0], d[0]) || max(c[0], d[0]) < min(a[0], b[0]) ||
		max(a[1], b[1]) < min(c[1], d[1]) || max(c[1], d[1]) < min(a[1], b[1]) {
		return false
	}
	// Their boxes meet; they are apart only if one lies wholly on one side of the other.
	return !(turn(a, b, c)*turn(a, b, d) > 0 || turn(c, d, a)*turn(c, d, b) > 0)
}

// turn is the sense of the corner o, a, b: 1 left, −1 right, 0 straight. Segments are below 2^27 quanta (13 km), so the
// products are exact.
func turn(o, a, b [2]int64) int {
	v := (a[0]-o[0])*(b[1]-o[1]) - (a[1]-o[1])*(b[0]-o[0])
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// path returns the positions along a chain of corners that are joined by edges of the net.
func (l *lines) path(corners []int32) orb.LineString {
	ls := make(orb.LineString, 0, 2*len(corners))
	for i, v := range corners {
		if i > 0 {
			next, edges := l.m.corner(corners[i-1])
			for k, n := range next {
				if n == v {
					ls = append(ls, l.at[l.middle[edges[k]]])
				}
			}
		}
		ls = append(ls, l.at[l.corner[v]])
	}
	return ls
}

// areas builds the polygon of every unit. label gives each cell's unit, none for cells without; n is the number of units.
// Borders must have been chosen when the net was laid. Shells run counter-clockwise, holes clockwise.
func (l *lines) areas(label []int32, n int) []orb.MultiPolygon {
	m := l.m
	unitOf := func(c int32) int32 {
		if !m.in[c] {
			return none
		}
		return label[c]
	}
	rings := make([][]orb.Ring, n)
	seen := make([]uint8, 3*m.cells()) // bit 0: walked with the left cell inside, bit 1: with the right one
	var ring orb.Ring
	for e := range seen {
		if l.middle[e] == none {
			continue
		}
		_, _, left, right := m.ends(int32(e))
		for side, c := range [2]int32{left, right} {
			u := unitOf(c)
			if u == none || unitOf(left) == unitOf(right) || seen[e]>>side&1 == 1 {
				continue
			}
			ring = ring[:0]
			at, s := int32(e), side
			for seen[at]>>s&1 == 0 {
				seen[at] |= 1 << s
				from, to, _, _ := m.ends(at)
				if s == 1 {
					from, to = to, from
				}
				ring = append(ring, l.at[l.corner[from]], l.at[l.middle[at]])
				at, s = l.turnAt(to, at, u, unitOf)
			}
			rings[u] = append(rings[u], append(slices.Clone(ring), ring[0]))
		}
	}
	out := make([]orb.MultiPolygon, n)
	for u, rs := range rings {
		out[u] = assemble(rs)
	}
	return out
}

// turnAt continues a walk with unit u on its left: it arrived at the corner v along the edge came, and leaves along the one
// other edge that has u on one side only.
func (l *lines) turnAt(v, came, u int32, unitOf func(int32) int32) (e int32, side int) {
	_, edges := l.m.corner(v)
	for _, e := range edges {
		if e == came {
			continue
		}
		from, _, left, right := l.m.ends(e)
		if inL, inR := unitOf(left) == u, unitOf(right) == u; inL != inR {
			if from == v && inL {
				return e, 0
			}
			if from != v && inR {
				return e, 1
			}
		}
	}
	panic("a border ends at a corner of the mesh") // three cells round a corner: impossible
}

// assemble makes polygons of rings that share no vertex.
func assemble(rings []orb.Ring) orb.MultiPolygon {
	var mp orb.MultiPolygon
	for _, r := range rings {
		if doubleArea(r) > 0 {
			mp = append(mp, orb.Polygon{r})
		}
	}
	for _, r := range rings {
		if doubleArea(r) > 0 {
			continue
		}
		for i := range mp {
			if len(mp) == 1 || inRing(mp[i][0], r[0]) {
				mp[i] = append(mp[i], r)
				break
			}
		}
	}
	return mp
}

func doubleArea(r orb.Ring) float64 {
	sum := 0.0
	for i := 1; i < len(r); i++ {
		sum += float64((r[i-1][0]-r[0][0])*(r[i][1]-r[0][1])) - float64((r[i][0]-r[0][0])*(r[i-1][1]-r[0][1]))
	}
	return sum
}

func inRing(r orb.Ring, p orb.Point) bool {
	in := false
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+float64((b[0]-a[0])*(p[1]-a[1]))/(b[1]-a[1]) {
			in = !in
		}
	}
	return in
}
