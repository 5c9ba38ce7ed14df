package fit

import (
	"cmp"
	"maps"
	"slices"

	"yutu/geo/topo/valid"
)

// invalid asks geo/topo/valid about the areas whose borders meet themselves.
func (c *check) invalid() {
	for _, a := range c.p.Selves {
		for _, v := range valid.Check(c.areas[a].Geom) {
			if v.Rule != valid.DuplicateVertex {
				c.add(Conflict{Kind: Invalid, Rank: c.areas[a].Rank, Areas: []int{int(a)}, At: v.Position, Rule: v.Rule})
			}
		}
	}
}

// maxPairs bounds how many pairs of areas over the same faces are followed, for data in which everything lies over everything.
const maxPairs = 5_000_000

type pair struct{ a, b int32 }

func (c *check) overlaps() {
	over := map[pair][]int32{}
	left := maxPairs
	for f := 1; f < len(c.p.Faces); f++ {
		cover := c.p.Faces[f].Cover
		for i, a := range cover {
			for _, b := range cover[i+1:] {
				if c.areas[a].Rank != c.areas[b].Rank {
					continue
				}
				if left--; left < 0 {
					c.report.Omitted[Overlap]++
					continue
				}
				over[pair{a, b}] = append(over[pair{a, b}], int32(f))
			}
		}
	}
	c.each(over, func(k pair, faces []int32) {
		c.region(Conflict{Kind: Overlap, Rank: c.areas[k.a].Rank, Areas: []int{int(k.a), int(k.b)}}, faces)
	})
}

// each calls fn for the connected groups of every entry, in a fixed order.
func (c *check) each(by map[pair][]int32, fn func(pair, []int32)) {
	keys := slices.SortedFunc(maps.Keys(by), func(x, y pair) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	for _, k := range keys {
		for _, group := range c.p.Connected(by[k], &c.marks) {
			fn(k, group)
		}
	}
}

// uncovered finds ground without an area of a rank: gaps, holes, and what units leave of the unit above.
func (c *check) uncovered() {
	for _, rank := range c.ranks {
		empty := map[pair][]int32{}
		for f := range c.p.Faces {
			upper, open := c.above(int32(f), rank)
			if open {
				empty[pair{upper, 0}] = append(empty[pair{upper, 0}], int32(f))
			}
		}
		c.each(empty, func(k pair, faces []int32) {
			if slices.Contains(faces, 0) {
				c.near(rank, faces)
				return
			}
			c.lacking(rank, k.a, faces)
		})
	}
}

// above looks whether a face lacks an area of the rank, and gives the lowest unit above that covers it, −1 for none.
func (c *check) above(f int32, rank uint8) (upper int32, open bool) {
	upper = -1
	for _, a := range c.p.Faces[f].Cover {
		switch r := c.areas[a].Rank; {
		case r == rank:
			return 0, false
		case r > rank:
		case !slices.Contains(c.divide[a], rank):
			return 0, false // not divided: nothing is missing
		case upper < 0 || r > c.areas[upper].Rank:
			upper = a
		}
	}
	return upper, true
}

// lacking judges one region that no area of the rank covers.
func (c *check) lacking(rank uint8, upper int32, faces []int32) {
	around := map[int32]bool{}
	atBorder := false
	for _, h := range c.p.Border(faces, &c.marks) {
		for _, a := range c.p.Faces[c.p.Right(h)].Cover {
			if c.areas[a].Rank == rank {
				around[a] = true
			}
		}
		atBorder = atBorder || upper >= 0 && slices.Contains(c.p.Arcs[h.Arc()].Areas, upper)
	}
	x := Conflict{Kind: Gap, Rank: rank, Areas: named(around)}
	switch {
	case upper >= 0 && (atBorder || len(around) == 0):
		x.Kind, x.Areas = Uncovered, append([]int{int(upper)}, x.Areas...)
	case upper < 0 && len(around) == 0:
		return // between upper units only: theirs to say
	case upper < 0 && len(around) == 1:
		x.Kind = Hole
	}
	c.region(x, faces)
}

func (c *check) outside() {
	out := map[pair][]int32{}
	for f := 1; f < len(c.p.Faces); f++ {
		cover := c.p.Faces[f].Cover
		for _, a := range cover {
			if p := c.parent[a]; p >= 0 && !slices.Contains(cover, int32(p)) {
				out[pair{a, int32(p)}] = append(out[pair{a, int32(p)}], int32(f))
			}
		}
	}
	c.each(out, func(k pair, faces []int32) {
		c.region(Conflict{Kind: Outside, Rank: c.areas[k.a].Rank, Areas: []int{int(k.a), int(k.b)}}, faces)
	})
}

func (c *check) junctions() {
	for _, j := range c.p.Junctions {
		// Among those that have the edge, one that lacks the vertex; others may have both, as an area that meets itself has.
		i := slices.IndexFunc(j.Edge, func(a int32) bool { return !slices.Contains(j.Areas, a) })
		if i < 0 {
			continue
		}
		c.add(Conflict{Kind: Junction, Rank: c.areas[j.Edge[i]].Rank, Areas: []int{int(j.Areas[0]), int(j.Edge[i])}, At: j.At.Point()})
	}
}

// parts finds the enclaves and exclaves of every area.
func (c *check) parts() {
	of := make([][]int32, len(c.areas))
	for f := 1; f < len(c.p.Faces); f++ {
		for _, a := range c.p.Faces[f].Cover {
			of[a] = append(of[a], int32(f))
		}
	}
	for a, faces := range of {
		groups := c.p.Connected(faces, &c.marks)
		size := make([]float64, len(groups))
		main := 0
		for i, g := range groups {
			if len(groups) == 1 {
				break
			}
			for _, f := range g {
				size[i] += c.p.PlanarArea(f)
			}
			if size[i] > size[main] {
				main = i
			}
		}
		for i, g := range groups {
			beside, open := c.beside(a, g)
			if len(beside) == 0 {
				continue
			}
			x := Conflict{Kind: Enclave, Rank: c.areas[a].Rank, Areas: append([]int{a}, named(beside)...)}
			if i != main {
				x.Kind = Exclave
			} else if open || len(beside) > 1 {
				continue
			}
			c.region(x, g)
		}
	}
}

// beside are the other areas of the rank around a part; open tells that some of its border has none.
func (c *check) beside(a int, faces []int32) (beside map[int32]bool, open bool) {
	beside = map[int32]bool{}
	for _, h := range c.p.Border(faces, &c.marks) {
		found := false
		for _, b := range c.p.Faces[c.p.Right(h)].Cover {
			if c.areas[b].Rank == c.areas[a].Rank {
				beside[b], found = true, true
			}
		}
		open = open || !found
	}
	// What covers the part itself overlaps it and does not enclose it.
	for _, f := range faces {
		for _, b := range c.p.Faces[f].Cover {
			delete(beside, b)
		}
	}
	return beside, open
}
