package fit

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/topo/internal/plane"
)

// ErrTolerance is a tolerance that is not above 0 and at most MaxToleranceM.
var ErrTolerance = errors.New("the tolerance must be above 0 and at most 1000 metres")

// snapper joins what nearly meets.
type snapper struct {
	c        *check
	tol      float64
	involved []bool // by area: named in a conflict
	order    []plane.Vertex
	owners   map[plane.Vertex][]int32 // of vertices of involved areas
	to       map[plane.Vertex]plane.Vertex
	settled  map[plane.Vertex]bool // no conflict and no open ground beside it
	stops    map[segment][]plane.Vertex
}

// segment is an edge, the smaller end first.
type segment struct{ a, b plane.Vertex }

func segmentOf(a, b plane.Vertex) segment {
	if b.X < a.X || b.X == a.X && b.Y < a.Y {
		a, b = b, a
	}
	return segment{a, b}
}

// collect finds the vertices of all areas that some conflict names, and which of them stand firm.
func (s *snapper) collect(areas []Area) {
	s.involved = make([]bool, len(areas))
	for _, x := range s.c.report.Conflicts {
		if x.Kind < Exclave {
			for _, a := range x.Areas {
				s.involved[a] = true
			}
		}
	}
	for i := range areas {
		if !s.involved[i] {
			continue
		}
		for _, poly := range areas[i].Geom {
			for _, r := range poly {
				for _, p := range r[:max(len(r)-1, 0)] {
					v, _ := plane.VertexOf(p)
					o, ok := s.owners[v]
					if !ok {
						s.order = append(s.order, v)
					}
					if len(o) == 0 || o[len(o)-1] != int32(i) {
						s.owners[v] = append(o, int32(i))
					}
				}
			}
		}
	}
	bad := s.c.badFaces()
	s.settled = map[plane.Vertex]bool{}
	for i := range s.c.p.Arcs {
		h := plane.Half(2 * i)
		firm := !bad[s.c.p.Left(h)] && !bad[s.c.p.Right(h)]
		for _, id := range s.c.p.Arcs[i].Pts {
			v := s.c.p.Vertices[id]
			if was, ok := s.settled[v]; !ok || was {
				s.settled[v] = firm
			}
		}
	}
}

// badFaces are those that some rank covers twice, not at all, or under the wrong parent.
func (c *check) badFaces() []bool {
	bad := make([]bool, len(c.p.Faces))
	for f := range c.p.Faces {
		cover := c.p.Faces[f].Cover
		for i, a := range cover {
			if p := c.parent[a]; p >= 0 && !slices.Contains(cover, int32(p)) {
				bad[f] = true
			}
			for _, b := range cover[i+1:] {
				bad[f] = bad[f] || c.areas[a].Rank == c.areas[b].Rank
			}
		}
		for _, rank := range c.ranks {
			_, open := c.above(int32(f), rank)
			bad[f] = bad[f] || open
		}
	}
	return bad
}

// join gives every vertex a place: its own, or that of a vertex within the tolerance that no area of its own has come to
// yet, so that no ring loses a vertex. Firm vertices and those of many areas come first and stay.
func (s *snapper) join() {
	rank := func(v plane.Vertex) int {
		if s.settled[v] {
			return -1000
		}
		return -len(s.owners[v])
	}
	slices.SortFunc(s.order, func(a, b plane.Vertex) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y))
	})
	if len(s.order) == 0 {
		return
	}
	kx, ky := degreeM(s.order[0].Point()[1])
	cells := map[[2]int32][]plane.Vertex{}
	cell := func(p orb.Point) [2]int32 {
		return [2]int32{int32(math.Floor(p[0] * kx / (1.1 * s.tol))), int32(math.Floor(p[1] * ky / (1.1 * s.tol)))}
	}
	members := map[plane.Vertex][]int32{}
	for _, v := range s.order {
		p := v.Point()
		at := cell(p)
		lx, ly := degreeM(p[1])
		best, where, found := s.tol, v, false
		if !s.settled[v] {
			for dx := int32(-1); dx <= 1; dx++ {
				for dy := int32(-1); dy <= 1; dy++ {
					near := cells[[2]int32{at[0] + dx, at[1] + dy}]
					for _, r := range near[:min(len(near), gridCrowd)] {
						q := r.Point()
						d := math.Hypot((p[0]-q[0])*lx, (p[1]-q[1])*ly)
						if d <= best && !meets(members[r], s.owners[v]) {
							best, where, found = d, r, true
						}
					}
				}
			}
		}
		if found {
			s.to[v] = where
		} else {
			cells[at] = append(cells[at], v)
		}
		members[where] = append(members[where], s.owners[v]...)
	}
	// From here on a place belongs to all who came to it.
	s.owners = members
}

func meets(a, b []int32) bool {
	return slices.ContainsFunc(a, func(x int32) bool { return slices.Contains(b, x) })
}

func (s *snapper) place(v plane.Vertex) plane.Vertex {
	if w, ok := s.to[v]; ok {
		return w
	}
	return v
}

// edges puts vertices beside a conflict into the edges of other areas that pass within the tolerance.
func (s *snapper) edges() {
	s.stops = map[segment][]plane.Vertex{}
	var sides []side
	seen := map[segment]int{}
	var owners [][]int32
	for i := range s.c.areas {
		if !s.involved[i] || !s.c.report.InForce[i] {
			continue
		}
		for _, poly := range s.c.areas[i].Geom {
			for _, r := range poly {
				for k := 1; k < len(r); k++ {
					a, _ := plane.VertexOf(r[k-1])
					b, _ := plane.VertexOf(r[k])
					if s.settled[a] || s.settled[b] {
						continue
					}
					a, b = s.place(a), s.place(b)
					if a == b {
						continue
					}
					g := segmentOf(a, b)
					at, ok := seen[g]
					if !ok {
						at = len(sides)
						seen[g] = at
						sides = append(sides, side{area: int32(at), a: g.a.Point(), b: g.b.Point()})
						owners = append(owners, nil)
					}
					owners[at] = append(owners[at], int32(i))
				}
			}
		}
	}
	g := newGrid(sides, s.tol)
	for _, v := range s.order {
		if _, gone := s.to[v]; gone {
			continue
		}
		p := v.Point()
		for {
			e, _ := g.nearest(p, func(o *side) bool {
				return o.a != p && o.b != p && !meets(owners[o.area], s.owners[v])
			})
			if e == nil {
				break
			}
			a, _ := plane.VertexOf(e.a)
			b, _ := plane.VertexOf(e.b)
			k := segmentOf(a, b)
			s.stops[k] = append(s.stops[k], v)
			// The edge's areas have the vertex now, and no second of their edges comes to it.
			s.owners[v] = append(slices.Clone(s.owners[v]), owners[e.area]...)
		}
	}
	for k, list := range s.stops {
		along := func(v plane.Vertex) float64 {
			return float64(v.X-k.a.X)*float64(k.b.X-k.a.X) + float64(v.Y-k.a.Y)*float64(k.b.Y-k.a.Y)
		}
		slices.SortFunc(list, func(x, y plane.Vertex) int {
			return cmp.Or(cmp.Compare(along(x), along(y)), cmp.Compare(x.X, y.X), cmp.Compare(x.Y, y.Y))
		})
	}
}

// apply moves the vertices of an area and puts the new ones in.
func (s *snapper) apply(mp orb.MultiPolygon) orb.MultiPolygon {
	out := make(orb.MultiPolygon, 0, len(mp))
	for _, poly := range mp {
		var rings orb.Polygon
		for _, r := range poly {
			ring := make(orb.Ring, 0, len(r))
			put := func(v plane.Vertex) {
				if p := v.Point(); len(ring) == 0 || ring[len(ring)-1] != p {
					ring = append(ring, p)
				}
			}
			for k := range max(len(r)-1, 0) {
				from, _ := plane.VertexOf(r[k])
				next, _ := plane.VertexOf(r[k+1])
				a, b := s.place(from), s.place(next)
				put(a)
				if s.settled[from] || s.settled[next] {
					continue
				}
				g := segmentOf(a, b)
				stops := s.stops[g]
				for i := range stops {
					if g.a == a {
						put(stops[i])
					} else {
						put(stops[len(stops)-1-i])
					}
				}
			}
			if len(ring) > 0 && ring[len(ring)-1] != ring[0] {
				ring = append(ring, ring[0])
			}
			if len(ring) >= 4 {
				rings = append(rings, ring)
			}
		}
		if len(rings) > 0 {
			out = append(out, rings)
		}
	}
	return out
}
