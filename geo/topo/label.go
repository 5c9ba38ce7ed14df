package topo

import (
	"container/heap"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/topo/exact"
)

const (
	// labelPrecision is how much farther from the border, as a part of the size of the area, the best place of all
	// could be than the one found.
	labelPrecision = 1.0 / 100
	// labelVertices is the number of vertices from which on the place is sought in a simplified ring first.
	labelVertices = 48
	// labelThinning is the part of the size of the area by which that ring may leave the true one: the search costs as
	// much as the ring has vertices, and half the precision is not worth two thirds of the vertices.
	labelThinning = 200
	// thinAtOnce is the longest ring whose vertices are weighed against each other.
	thinAtOnce = 20000
	// labelCells bounds the search in areas of strange shape.
	labelCells = 4000
)

// LabelPoint returns the place for the name of an area: the pole of inaccessibility of its largest polygon, the
// point farthest from its border, to within 1/60 of the polygon's size. Distances are taken on the ground near the
// polygon, not in degrees. The point lies on the grid of 1e-9 degree and strictly inside the polygon, holes taken
// out. Where no point of the grid is found inside (an area of no width, rings that cross), it is a vertex of the
// polygon; for a geometry without vertices it is the zero Point.
func LabelPoint(mp orb.MultiPolygon) orb.Point {
	var best orb.Polygon
	largest := -1.0
	for _, p := range mp {
		if len(p) == 0 || len(p[0]) == 0 {
			continue
		}
		a := math.Abs(planarArea(p[0]))
		for _, h := range p[1:] {
			a -= math.Abs(planarArea(h))
		}
		if a = a * math.Cos(p[0][0][1]*math.Pi/180); a > largest || best == nil {
			best, largest = p, a
		}
	}
	if best == nil {
		return orb.Point{}
	}
	rings := vertexRings(best)
	if len(rings) == 0 {
		return best[0][0]
	}
	if p, ok := pole(rings); ok {
		return p
	}
	if p, ok := onScanline(rings); ok {
		return p
	}
	return rings[0][0].point()
}

func planarArea(r orb.Ring) (sum float64) {
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		sum += (a[0]-r[0][0])*(b[1]-r[0][1]) - (b[0]-r[0][0])*(a[1]-r[0][1])
	}
	return sum
}

// vertexRings puts the rings on the grid, without closing and repeated vertices; none when the shell is not on the earth.
func vertexRings(p orb.Polygon) [][]Vertex {
	var out [][]Vertex
	for i, r := range p {
		ring := make([]Vertex, 0, len(r))
		for _, pt := range r {
			v, err := vertexOf(pt)
			if err != nil {
				return nil
			}
			if len(ring) == 0 || ring[len(ring)-1] != v {
				ring = append(ring, v)
			}
		}
		for len(ring) > 1 && ring[0] == ring[len(ring)-1] {
			ring = ring[:len(ring)-1]
		}
		if len(ring) == 0 || len(ring) < 3 && i > 0 {
			continue
		}
		out = append(out, ring)
	}
	return out
}

// inside says whether v lies strictly inside the rings, a shell and its holes in any order and sense, by the
// even-odd rule; exact. A point on a border is not inside.
func inside(v Vertex, rings [][]Vertex) bool {
	in := false
	for _, r := range rings {
		a := r[len(r)-1]
		for _, b := range r {
			if (a.Y > v.Y) != (b.Y > v.Y) || a.Y == v.Y || b.Y == v.Y {
				o := orientVertices(a, b, v)
				if o == 0 && v.X >= min(a.X, b.X) && v.X <= max(a.X, b.X) && v.Y >= min(a.Y, b.Y) && v.Y <= max(a.Y, b.Y) {
					return false
				}
				if (a.Y > v.Y) != (b.Y > v.Y) && (o > 0) == (b.Y > a.Y) {
					in = !in
				}
			}
			a = b
		}
	}
	return in
}

// orientVertices is the sign of the area of the triangle.
func orientVertices(a, b, c Vertex) int { return exact.Orient(a.X, a.Y, b.X, b.Y, c.X, c.Y) }

// plane is a flat copy of the polygon near its middle, in units of which one is a degree of latitude.
type plane struct {
	o     Vertex
	k     float64 // length of a degree of longitude
	rings [][][2]float64
	lo    [2]float64
	hi    [2]float64
}

func flatten(rings [][]Vertex) *plane {
	box := [2]Vertex{rings[0][0], rings[0][0]}
	for _, v := range rings[0] {
		box[0].X, box[0].Y = min(box[0].X, v.X), min(box[0].Y, v.Y)
		box[1].X, box[1].Y = max(box[1].X, v.X), max(box[1].Y, v.Y)
	}
	p := &plane{o: Vertex{(box[0].X + box[1].X) / 2, (box[0].Y + box[1].Y) / 2}}
	p.k = max(0.01, math.Cos(float64(p.o.Y)/nano*math.Pi/180))
	for _, r := range rings {
		flat := make([][2]float64, len(r))
		for i, v := range r {
			flat[i] = p.to(v)
		}
		p.rings = append(p.rings, flat)
	}
	p.lo, p.hi = p.to(box[0]), p.to(box[1])
	return p
}

func (p *plane) to(v Vertex) [2]float64 {
	return [2]float64{float64(v.X-p.o.X) / nano * p.k, float64(v.Y-p.o.Y) / nano}
}

func (p *plane) from(f [2]float64) Vertex {
	return Vertex{p.o.X + int64(math.Round(f[0]/p.k*nano)), p.o.Y + int64(math.Round(f[1]*nano))}
}

// distance is how far f lies from the border, negative outside. It may give up, and say −Inf, where the border is
// nearer than least.
func (p *plane) distance(f [2]float64, least float64) float64 {
	in, best, enough := false, math.Inf(1), max(0, least)*max(0, least)
	for _, r := range p.rings {
		a := r[len(r)-1]
		for _, b := range r {
			if (a[1] > f[1]) != (b[1] > f[1]) && f[0] < (b[0]-a[0])*(f[1]-a[1])/(b[1]-a[1])+a[0] {
				in = !in
			}
			dx, dy := b[0]-a[0], b[1]-a[1]
			x, y := f[0]-a[0], f[1]-a[1]
			if t := x*dx + y*dy; t > 0 {
				if l := dx*dx + dy*dy; t >= l {
					x, y = f[0]-b[0], f[1]-b[1]
				} else {
					t /= l
					x, y = x-t*dx, y-t*dy
				}
			}
			if best = min(best, x*x+y*y); best < enough {
				return math.Inf(-1)
			}
			a = b
		}
	}
	if in {
		return math.Sqrt(best)
	}
	return -math.Sqrt(best)
}

// cell is a square of the search with the greatest distance any point in it can have.
type cell struct {
	c        [2]float64
	half     float64
	distance float64
	most     float64
}

type cells []cell

func (c cells) Len() int           { return len(c) }
func (c cells) Less(i, j int) bool { return c[i].most > c[j].most }
func (c cells) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *cells) Push(x any)        { *c = append(*c, x.(cell)) }
func (c *cells) Pop() any {
	old := *c
	x := old[len(old)-1]
	*c = old[:len(old)-1]
	return x
}

// pole seeks the pole of inaccessibility; ok is false when the point found is not strictly inside.
// The method is that of Agafonkin's polylabel: squares are quartered, the most promising first.
func pole(rings [][]Vertex) (orb.Point, bool) {
	p := flatten(rings)
	count := 0
	for _, r := range p.rings {
		count += len(r)
	}
	if count > labelVertices {
		coarse := *p
		coarse.rings = nil
		size := max(p.hi[0]-p.lo[0], p.hi[1]-p.lo[1])
		for _, r := range p.rings {
			if s := thin(r, size/labelThinning); len(s) > 2 {
				coarse.rings = append(coarse.rings, s)
			}
		}
		if v := p.from(coarse.seek()); inside(v, rings) {
			return v.point(), true
		}
	}
	v := p.from(p.seek())
	return v.point(), inside(v, rings)
}

// thin leaves out vertices of a closed ring from which the outline then differs by at most d (Douglas and Peucker 1973).
func thin(r [][2]float64, d float64) [][2]float64 {
	if len(r) > thinAtOnce {
		r = sparse(r, d/10)
	}
	// The time of the method is quadratic at worst, in a ring nobody would draw.
	if len(r) < 4 || len(r) > thinAtOnce {
		return r
	}
	keep := make([]bool, len(r)+1)
	far, most := 0, 0.0
	for i, f := range r {
		if l := square(f[0]-r[0][0]) + square(f[1]-r[0][1]); l > most {
			far, most = i, l
		}
	}
	at := func(i int) [2]float64 { return r[i%len(r)] }
	keep[0], keep[far] = true, true
	for stack := [][2]int{{0, far}, {far, len(r)}}; len(stack) > 0; {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		a, b := at(s[0]), at(s[1])
		dx, dy := b[0]-a[0], b[1]-a[1]
		l := dx*dx + dy*dy
		split, worst := 0, d*d
		for i := s[0] + 1; i < s[1]; i++ {
			x, y := r[i][0]-a[0], r[i][1]-a[1]
			if t := x*dx + y*dy; t > 0 && l > 0 {
				t = min(t/l, 1)
				x, y = x-t*dx, y-t*dy
			}
			if e := x*x + y*y; e > worst {
				split, worst = i, e
			}
		}
		if split > 0 {
			keep[split] = true
			stack = append(stack, [2]int{s[0], split}, [2]int{split, s[1]})
		}
	}
	out := make([][2]float64, 0, len(r)/2)
	for i, f := range r {
		if keep[i] {
			out = append(out, f)
		}
	}
	return out
}

// sparse leaves out vertices closer than d to the last one kept, in one pass.
func sparse(r [][2]float64, d float64) [][2]float64 {
	out := r[:1:1]
	for _, f := range r[1:] {
		l := out[len(out)-1]
		if square(f[0]-l[0])+square(f[1]-l[1]) >= d*d {
			out = append(out, f)
		}
	}
	return out
}

func square(f float64) float64 { return f * f }

func (p *plane) seek() [2]float64 {
	w, h := p.hi[0]-p.lo[0], p.hi[1]-p.lo[1]
	precision := max(w, h) * labelPrecision
	if min(w, h) == 0 {
		return [2]float64{(p.lo[0] + p.hi[0]) / 2, (p.lo[1] + p.hi[1]) / 2}
	}
	best := cell{distance: math.Inf(-1)}
	// A square is of no interest where nothing in it can be better by more than the precision.
	at := func(c [2]float64, half float64) cell {
		d := p.distance(c, best.distance+precision-half*math.Sqrt2)
		return cell{c, half, d, d + half*math.Sqrt2}
	}
	for _, c := range [][2]float64{p.centroid(), {(p.lo[0] + p.hi[0]) / 2, (p.lo[1] + p.hi[1]) / 2}} {
		if m := at(c, 0); m.distance > best.distance || math.IsInf(best.distance, -1) {
			best = m
		}
	}
	var queue cells
	half := max(min(w, h), max(w, h)/32) / 2
	for x := p.lo[0] + half; x-half < p.hi[0]; x += 2 * half {
		for y := p.lo[1] + half; y-half < p.hi[1]; y += 2 * half {
			queue = append(queue, at([2]float64{x, y}, half))
		}
	}
	heap.Init(&queue)
	for n := len(queue); len(queue) > 0 && n < labelCells; n += 4 {
		c := heap.Pop(&queue).(cell)
		if c.distance > best.distance {
			best = c
		}
		// Nothing inside found so far: go on until there is, however narrow the area.
		if best.distance > 0 && c.most-best.distance <= precision {
			break
		}
		for _, d := range [4][2]float64{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}} {
			if q := at([2]float64{c.c[0] + d[0]*c.half/2, c.c[1] + d[1]*c.half/2}, c.half/2); q.most > best.distance {
				heap.Push(&queue, q)
			}
		}
	}
	return best.c
}

func (p *plane) centroid() [2]float64 {
	var x, y, area float64
	r := p.rings[0]
	a := r[len(r)-1]
	for _, b := range r {
		f := a[0]*b[1] - b[0]*a[1]
		x, y, area = x+(a[0]+b[0])*f, y+(a[1]+b[1])*f, area+3*f
		a = b
	}
	if area == 0 {
		return r[0]
	}
	return [2]float64{x / area, y / area}
}

// onScanline looks for the widest stretch inside on rows through the area; it finds a place in areas too narrow for
// the search by squares.
func onScanline(rings [][]Vertex) (orb.Point, bool) {
	ys := make([]int64, 0, len(rings[0]))
	for _, v := range rings[0] {
		ys = append(ys, v.Y)
	}
	slices.Sort(ys)
	ys = slices.Compact(ys)
	step := max(1, len(ys)/64)
	var best Vertex
	widest := int64(0)
	for i := 0; i+1 < len(ys); i += step {
		y := ys[i] + (ys[i+1]-ys[i])/2
		var xs []float64
		for _, r := range rings {
			a := r[len(r)-1]
			for _, b := range r {
				if (a.Y > y) != (b.Y > y) {
					xs = append(xs, float64(a.X)+float64(b.X-a.X)*(float64(y-a.Y)/float64(b.Y-a.Y)))
				}
				a = b
			}
		}
		slices.Sort(xs)
		for k := 0; k+1 < len(xs); k += 2 {
			v := Vertex{int64(math.Round((xs[k] + xs[k+1]) / 2)), y}
			if w := int64(xs[k+1] - xs[k]); w >= widest && inside(v, rings) {
				best, widest = v, w
			}
		}
	}
	return best.point(), widest > 0 || best != Vertex{}
}
