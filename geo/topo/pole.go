package topo

import (
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
)

// cell is a square of the search with the greatest distance any point in it can have.
type cell struct {
	c        [2]float64
	half     float64
	distance float64 // of the middle from the border, negative outside
	most     float64
	// near are the edges of which one is nearest to any point of the square: search.near[from:to].
	from, to int
}

// push puts a square into the queue, a heap with the most promising on top.
func (s *search) push(c cell) {
	s.queue = append(s.queue, c)
	q, i := s.queue, len(s.queue)-1
	for i > 0 && q[(i-1)/2].most < c.most {
		q[i] = q[(i-1)/2]
		i = (i - 1) / 2
	}
	q[i] = c
}

// pop takes the most promising square.
func (s *search) pop() cell {
	top, last := s.queue[0], len(s.queue)-1
	c := s.queue[last]
	s.queue = s.queue[:last]
	if last == 0 {
		return top
	}
	q, i := s.queue, 0
	for {
		k := 2*i + 1
		if k+1 < last && q[k+1].most > q[k].most {
			k++
		}
		if k >= last || q[k].most <= c.most {
			break
		}
		q[i] = q[k]
		i = k
	}
	q[i] = c
	return top
}

// search is the state of one search for a pole. A square asks only the edges that were near enough to the square
// it is a quarter of: a dozen instead of all.
type search struct {
	edges [][2][2]float64
	near  []int32
	d2    []float64 // squared distances of the last call of nearest, parallel to its list
	queue []cell
	flat  [][2]float64 // memory of plane.rings
	rings [][][2]float64
}

var searches = sync.Pool{New: func() any { return new(search) }}

// nearest returns the squared distance of f from the nearest of the listed edges. It gives up where that is below
// enough.
func (s *search) nearest(f [2]float64, list []int32, enough float64) (best float64, ok bool) {
	best = math.Inf(1)
	s.d2 = s.d2[:0]
	for _, i := range list {
		e := &s.edges[i]
		dx, dy := e[1][0]-e[0][0], e[1][1]-e[0][1]
		x, y := f[0]-e[0][0], f[1]-e[0][1]
		if t := x*dx + y*dy; t > 0 {
			if l := dx*dx + dy*dy; t >= l {
				x, y = f[0]-e[1][0], f[1]-e[1][1]
			} else {
				t /= l
				x, y = x-t*dx, y-t*dy
			}
		}
		d := x*x + y*y
		if best = min(best, d); best < enough {
			return best, false
		}
		s.d2 = append(s.d2, d)
	}
	return best, true
}

// crossed says whether the way from a, along its row to the column of b and then along that to b, crosses an odd
// number of the listed edges.
func (s *search) crossed(list []int32, a, b [2]float64) (odd bool) {
	west, east := min(a[0], b[0]), max(a[0], b[0])
	south, north := min(a[1], b[1]), max(a[1], b[1])
	for _, i := range list {
		e := &s.edges[i]
		if (e[0][1] > a[1]) != (e[1][1] > a[1]) {
			if x := (e[1][0]-e[0][0])*(a[1]-e[0][1])/(e[1][1]-e[0][1]) + e[0][0]; x > west && x <= east {
				odd = !odd
			}
		}
		if (e[0][0] > b[0]) != (e[1][0] > b[0]) {
			if y := (e[1][1]-e[0][1])*(b[0]-e[0][0])/(e[1][0]-e[0][0]) + e[0][1]; y > south && y <= north {
				odd = !odd
			}
		}
	}
	return odd
}

// plane is a flat copy of a polygon near its middle, in units of which one is a degree of latitude.
type plane struct {
	o     Vertex
	k     float64 // length of a degree of longitude
	rings [][][2]float64
	lo    [2]float64
	hi    [2]float64
}

func (s *search) flatten(rings [][]Vertex) *plane {
	box := [2]Vertex{rings[0][0], rings[0][0]}
	n := 0
	for i, r := range rings {
		if n += len(r); i > 0 {
			continue
		}
		for _, v := range r {
			box[0].X, box[0].Y = min(box[0].X, v.X), min(box[0].Y, v.Y)
			box[1].X, box[1].Y = max(box[1].X, v.X), max(box[1].Y, v.Y)
		}
	}
	p := &plane{o: Vertex{(box[0].X + box[1].X) / 2, (box[0].Y + box[1].Y) / 2}}
	p.k = max(0.01, math.Cos(float64(p.o.Y)/nano*math.Pi/180))
	s.flat = slices.Grow(s.flat[:0], 2*n)
	s.rings = s.rings[:0]
	for _, r := range rings {
		from := len(s.flat)
		for _, v := range r {
			s.flat = append(s.flat, p.to(v))
		}
		s.rings = append(s.rings, s.flat[from:len(s.flat):len(s.flat)])
	}
	p.rings = s.rings
	p.lo, p.hi = p.to(box[0]), p.to(box[1])
	return p
}

func (p *plane) to(v Vertex) [2]float64 {
	return [2]float64{float64(v.X-p.o.X) / nano * p.k, float64(v.Y-p.o.Y) / nano}
}

func (p *plane) from(f [2]float64) Vertex {
	return Vertex{p.o.X + int64(math.Round(f[0]/p.k*nano)), p.o.Y + int64(math.Round(f[1]*nano))}
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

// pole seeks the pole of inaccessibility; ok is false when the point found is not strictly inside.
func pole(rings [][]Vertex) (orb.Point, bool) {
	s := searches.Get().(*search)
	defer searches.Put(s)
	p := s.flatten(rings)
	if len(s.flat) > labelVertices {
		coarse := *p
		coarse.rings = nil
		d := max(p.hi[0]-p.lo[0], p.hi[1]-p.lo[1]) / labelThinning
		for _, r := range p.rings {
			if t := s.thin(r, d); len(t) > 2 {
				coarse.rings = append(coarse.rings, t)
			}
		}
		if len(coarse.rings) > 0 {
			if v := p.from(s.seek(&coarse)); inside(v, rings) {
				return v.point(), true
			}
		}
	}
	v := p.from(s.seek(p))
	return v.point(), inside(v, rings)
}

// thin leaves out vertices of a closed ring that lie within d of the line through the one kept before and the one
// kept after them, and do not run back along it by more than d. It is the sleeve of Zhao and Saalfeld (1997): one pass,
// with a wedge of the directions in which the line may go on.
func (s *search) thin(r [][2]float64, d float64) [][2]float64 {
	from := len(s.flat)
	s.flat = append(s.flat, r[0])
	anchor, before := r[0], r[0]
	var left, right [2]float64 // sides of the wedge, once it is not open to all sides
	open, farthest := true, 0.0
	for i := 1; i <= len(r); {
		f := r[i%len(r)]
		x, y := f[0]-anchor[0], f[1]-anchor[1]
		l := math.Sqrt(x*x + y*y)
		within := open || l <= d || x*left[1]-y*left[0] >= 0 && right[0]*y-right[1]*x >= 0
		if !within || l < farthest-d {
			// The line ends at the vertex before; from there, f is within reach.
			s.flat = append(s.flat, before)
			anchor, open, farthest = before, true, 0
			continue
		}
		if farthest = max(farthest, l); l > d {
			// The tangents from the anchor to the circle of radius d about the vertex.
			sin := d / l
			cos := math.Sqrt(1 - sin*sin)
			a, b := [2]float64{x*cos - y*sin, y*cos + x*sin}, [2]float64{x*cos + y*sin, y*cos - x*sin}
			if open || left[0]*a[1]-left[1]*a[0] < 0 {
				left = a
			}
			if open || right[0]*b[1]-right[1]*b[0] > 0 {
				right = b
			}
			open = false
		}
		before = f
		i++
	}
	return s.flat[from:len(s.flat):len(s.flat)]
}

// seek finds a point of the plane of which the distance from the border is within labelPrecision of the size of the
// area of the greatest there is. The method is that of Agafonkin's polylabel: squares are quartered, the most
// promising first.
func (s *search) seek(p *plane) [2]float64 {
	w, h := p.hi[0]-p.lo[0], p.hi[1]-p.lo[1]
	precision := max(w, h) * labelPrecision
	if min(w, h) == 0 {
		return [2]float64{(p.lo[0] + p.hi[0]) / 2, (p.lo[1] + p.hi[1]) / 2}
	}
	s.edges, s.near, s.queue = s.edges[:0], s.near[:0], s.queue[:0]
	for _, r := range p.rings {
		a := r[len(r)-1]
		for _, b := range r {
			s.near = append(s.near, int32(len(s.edges)))
			s.edges = append(s.edges, [2][2]float64{a, b})
			a = b
		}
	}
	all := len(s.edges)
	outside := [2]float64{p.lo[0] - w, p.lo[1] - h}
	best := cell{distance: math.Inf(-1)}
	// at looks at a square within the one that has the edges from … to near and its middle at seen, which is inside
	// the area or not. A square is of no interest where nothing in it can be better by more than the precision.
	at := func(c [2]float64, half float64, from, to int, seen [2]float64, inside bool) cell {
		m := cell{c: c, half: half, distance: math.Inf(-1), most: math.Inf(-1), from: len(s.near)}
		list, reach := s.near[from:to], half*math.Sqrt2
		least := max(0, best.distance+precision-reach)
		d2, ok := s.nearest(c, list, least*least)
		if !ok {
			return m
		}
		d := math.Sqrt(d2)
		if inside != s.crossed(list, seen, c) {
			m.distance = d
		} else {
			m.distance = -d
		}
		m.most = m.distance + reach
		// A point of the square is no farther than reach from its middle.
		limit := (d + 2*reach) * (d + 2*reach)
		for k, i := range list {
			if s.d2[k] <= limit {
				s.near = append(s.near, i)
			}
		}
		m.to = len(s.near)
		return m
	}
	for _, c := range [][2]float64{p.centroid(), {(p.lo[0] + p.hi[0]) / 2, (p.lo[1] + p.hi[1]) / 2}} {
		if m := at(c, 0, 0, all, outside, false); m.distance > best.distance || math.IsInf(best.distance, -1) {
			best = m
		}
	}
	half := max(min(w, h), max(w, h)/32) / 2
	for x := p.lo[0] + half; x-half < p.hi[0]; x += 2 * half {
		for y := p.lo[1] + half; y-half < p.hi[1]; y += 2 * half {
			s.push(at([2]float64{x, y}, half, 0, all, outside, false))
		}
	}
	for n := len(s.queue); len(s.queue) > 0 && n < labelCells; n += 4 {
		c := s.pop()
		if c.distance > best.distance {
			best = c
		}
		// Nothing inside found so far: go on until there is, however narrow the area.
		if best.distance > 0 && c.most-best.distance <= precision {
			break
		}
		for _, d := range [4][2]float64{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}} {
			q := at([2]float64{c.c[0] + d[0]*c.half/2, c.c[1] + d[1]*c.half/2}, c.half/2, c.from, c.to, c.c, c.distance > 0)
			if q.most > best.distance {
				s.push(q)
			}
		}
	}
	return best.c
}
