package fit

import (
	"cmp"
	"math"
	"slices"

	"yutu/geo/topo/internal/plane"
)

// passes bounds how often the faces are gone over: one that lies among others waits for them.
const passes = 8

// assigner gives conflicted faces to one area of each rank.
type assigner struct {
	*check
	tol     float64
	open    []map[uint8]bool // by face: the ranks in which it is open to the outside
	pieces  []int            // by area: faces that it has
	changed []bool
}

// assign gives every thin face that a rank covers twice, not at all, or under the wrong parent to one area. It changes the
// covers of the arrangement and returns which areas changed.
func (c *check) assign(toleranceM float64) []bool {
	a := &assigner{check: c, tol: toleranceM, open: make([]map[uint8]bool, len(c.p.Faces)), pieces: make([]int, len(c.areas)), changed: make([]bool, len(c.areas))}
	for _, rank := range c.ranks {
		by := map[pair][]int32{}
		for f := range c.p.Faces {
			if upper, open := c.above(int32(f), rank); open {
				by[pair{upper, 0}] = append(by[pair{upper, 0}], int32(f))
			}
		}
		c.each(by, func(_ pair, faces []int32) {
			if slices.Contains(faces, 0) {
				for _, f := range faces {
					if a.open[f] == nil {
						a.open[f] = map[uint8]bool{}
					}
					a.open[f][rank] = true
				}
			}
		})
	}
	var bad []int32
	for f, is := range c.badFaces() {
		for _, x := range c.p.Faces[f].Cover {
			a.pieces[x]++
		}
		if is && f != 0 {
			bad = append(bad, int32(f))
		}
	}
	size := make(map[int32]float64, len(bad))
	for _, f := range bad {
		size[f] = c.p.PlanarArea(f)
	}
	slices.SortFunc(bad, func(f, g int32) int { return cmp.Or(cmp.Compare(size[f], size[g]), cmp.Compare(f, g)) })
	for range passes {
		any := false
		for _, f := range bad {
			any = a.settle(f) || any
		}
		if !any {
			break
		}
	}
	return a.changed
}

// settle decides the ranks of a face from the top and reports whether anything changed.
func (a *assigner) settle(f int32) bool {
	changed := false
	for _, rank := range a.ranks {
		own, lacks := a.ofRank(f, rank)
		fits := func(x int32) bool {
			p := a.parent[x]
			return p < 0 || slices.Contains(a.p.Faces[f].Cover, int32(p))
		}
		if len(own) == 1 && fits(own[0]) || len(own) == 0 && (!lacks || a.open[f][rank]) {
			continue
		}
		border := a.borders(f, rank)
		best, longest := int32(-1), -1.0
		consider := func(x int32) {
			if l := border[x]; fits(x) && (l > longest || l == longest && x < best) {
				best, longest = x, l
			}
		}
		for _, x := range own {
			consider(x)
		}
		if best < 0 {
			for x := range border {
				consider(x)
			}
		}
		if best < 0 && !a.parentless(f, own) {
			continue
		}
		changed = a.give(f, own, best) || changed
	}
	return changed
}

// parentless reports whether the face belongs to units below only, whose upper units all end before it.
func (a *assigner) parentless(f int32, own []int32) bool {
	for _, x := range own {
		for _, y := range a.p.Faces[f].Cover {
			if p := a.parent[x]; p >= 0 && a.areas[y].Rank == a.areas[p].Rank {
				return false
			}
		}
	}
	return len(own) > 0
}

// ofRank are the areas of the rank that cover the face; lacks tells whether one is missing.
func (a *assigner) ofRank(f int32, rank uint8) (own []int32, lacks bool) {
	for _, x := range a.p.Faces[f].Cover {
		if a.areas[x].Rank == rank {
			own = append(own, x)
		}
	}
	_, lacks = a.above(f, rank)
	return own, lacks
}

// borders says how long the areas of the rank run along the face on the other side.
func (a *assigner) borders(f int32, rank uint8) map[int32]float64 {
	out := map[int32]float64{}
	for _, h := range a.p.Faces[f].Halves {
		g := a.p.Right(h)
		if g == f {
			continue
		}
		l := a.lengthM(h)
		for _, x := range a.p.Faces[g].Cover {
			if a.areas[x].Rank == rank {
				out[x] += l
			}
		}
	}
	return out
}

func (a *assigner) lengthM(h plane.Half) float64 {
	sum := 0.0
	for _, s := range a.sides(h) {
		kx, ky := degreeM(s.a[1])
		sum += math.Hypot((s.a[0]-s.b[0])*kx, (s.a[1]-s.b[1])*ky)
	}
	return sum
}

func (a *assigner) sides(h plane.Half) []side {
	pts := a.p.Points(h)
	out := make([]side, 0, len(pts)-1)
	for i := 1; i < len(pts); i++ {
		out = append(out, side{a: a.p.Vertices[pts[i-1]].Point(), b: a.p.Vertices[pts[i]].Point()})
	}
	return out
}

// give makes best the only one of the areas on the face, −1 for none, if no border moves too far and no area loses its last.
func (a *assigner) give(f int32, own []int32, best int32) bool {
	cover := slices.Clone(a.p.Faces[f].Cover)
	var all []int32 // whose extent changes
	for _, x := range own {
		if x != best {
			if a.pieces[x] == 1 {
				return false
			}
			all = append(all, x)
			cover = slices.DeleteFunc(cover, func(y int32) bool { return y == x })
		}
	}
	if best >= 0 && !slices.Contains(cover, best) {
		all = append(all, best)
		cover = append(cover, best)
		slices.Sort(cover)
	}
	for _, x := range all {
		if !a.within(f, x) {
			return false
		}
	}
	if len(all) == 0 {
		return false
	}
	a.p.Faces[f].Cover = cover
	for _, x := range all {
		a.changed[x] = true
		if x == best {
			a.pieces[x]++
		} else {
			a.pieces[x]--
		}
	}
	return true
}

// within reports whether the border of the area stays within the tolerance when the face changes hands: the arcs around the
// face that are its border now, and those that become it, are not farther from each other than that.
func (a *assigner) within(f, area int32) bool {
	var now, then []side
	has := slices.Contains(a.p.Faces[f].Cover, area)
	length := 0.0
	for _, h := range a.p.Faces[f].Halves {
		g := a.p.Right(h)
		if g == f {
			continue
		}
		length += a.lengthM(h)
		if slices.Contains(a.p.Faces[g].Cover, area) != has {
			now = append(now, a.sides(h)...)
		} else {
			then = append(then, a.sides(h)...)
		}
	}
	if len(now) == 0 || len(then) == 0 {
		// All of its border here goes, or comes into being: the face is as wide as its area by half its outline.
		if length == 0 {
			return false
		}
		h := a.p.Faces[f].Halves[0]
		kx, ky := degreeM(a.sides(h)[0].a[1])
		return 2*a.p.PlanarArea(f)*kx*ky/length <= a.tol
	}
	return reaches(now, then, a.tol) && reaches(then, now, a.tol)
}

// samples is at how many places an edge is held against the other border.
const samples = 4

// reaches reports whether every edge of from lies within the distance of some edge of to.
func reaches(from, to []side, distM float64) bool {
	g := newGrid(to, distM)
	for _, s := range from {
		for k := range samples {
			t := float64(k) / samples
			p := s.a
			p[0], p[1] = p[0]+t*(s.b[0]-s.a[0]), p[1]+t*(s.b[1]-s.a[1])
			if near, _ := g.nearest(p, func(*side) bool { return true }); near == nil {
				return false
			}
		}
	}
	return true
}
