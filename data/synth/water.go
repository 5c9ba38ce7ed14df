package synth

import (
	"cmp"
	"slices"
)

const (
	riverKM2     = 4   // catchment from which a stream is drawn
	ridgeKM2     = 4   // streams on both sides of a ridge have at least this catchment
	ridgeAboveDM = 600 // and it stands this much higher than they
	ridgeCorners = 9   // and has at least so many corners of the mesh: 1.2 km
)

// inCounty reports whether an edge has the county on one side at least.
func (c *county) inCounty(e int32) bool {
	_, _, left, right := c.m.ends(e)
	return c.counties[left] == ownCounty || c.counties[right] == ownCounty
}

// riverEdge is the edge by which a river leaves a corner; none where there is no river in the county.
func (c *county) riverEdge(v int32) int32 {
	if c.t.up[v] < c.t.catchment(riverKM2) || c.t.down[v] == none {
		return none
	}
	next, edges := c.m.corner(v)
	for k, n := range next {
		if n == c.t.down[v] && c.inCounty(edges[k]) {
			return edges[k]
		}
	}
	return none
}

func (c *county) riverEdges() []int32 {
	var out []int32
	for _, v := range c.t.order {
		if e := c.riverEdge(v); e != none {
			out = append(out, e)
		}
	}
	return out
}

// traceWater writes the rivers and ridges of the county.
func (c *county) traceWater() error {
	c.traceRivers()
	names := newNamer(newRNG(c.Seed, 71), c.tables.Names)
	for _, chain := range c.ridgeChains() {
		r := Ridge{ID: len(c.Ridges) + 1, Line: c.line.path(chain)}
		top := int32(0)
		for _, v := range chain {
			top = max(top, c.t.height[v])
		}
		r.TopAlt = metres(top)
		if len(chain) >= 24 {
			r.Name = names.one("", []string{"stem", "summit"}, []string{"prefix", "stem", "summit"})
		}
		c.Ridges = append(c.Ridges, r)
	}
	return nil
}

func (c *county) traceRivers() {
	feeders := map[int32][]int32{} // corner → the corners whose river reaches it
	var onRiver []int32
	for _, v := range c.t.order { // downstream first
		if c.riverEdge(v) != none {
			d := c.t.down[v]
			feeders[d] = append(feeders[d], v)
			onRiver = append(onRiver, v)
		}
	}
	type reach struct {
		River
		corners []int32 // upstream first; the last is the next reach's first
		next    int
	}
	var reaches []reach
	reachAt := map[int32]int{} // first corner → reach
	for i := len(onRiver) - 1; i >= 0; i-- {
		v := onRiver[i]
		if len(feeders[v]) == 1 {
			continue
		}
		corners := []int32{v}
		for {
			last := corners[len(corners)-1]
			if len(corners) > 1 && len(feeders[last]) != 1 || c.riverEdge(last) == none {
				break
			}
			corners = append(corners, c.t.down[last])
		}
		reachAt[v] = len(reaches)
		last := corners[len(corners)-2]
		reaches = append(reaches, reach{corners: corners, next: -1, River: River{
			Line:      c.line.path(corners),
			CatchKM2:  float64(c.t.up[last]) * c.m.cellKM2() / 2,
			SourceAlt: metres(c.t.height[v]), MouthAlt: metres(c.t.height[corners[len(corners)-1]]),
		}})
	}
	for i := range reaches {
		last := reaches[i].corners[len(reaches[i].corners)-1]
		if k, ok := reachAt[last]; ok {
			reaches[i].next = k
		}
	}
	// Larger catchments lie downstream: sorted by them, a reach stands before the ones that feed it.
	order := make([]int, len(reaches))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(-cmp.Compare(reaches[a].CatchKM2, reaches[b].CatchKM2), cmp.Compare(a, b))
	})
	best, twice := make([]int, len(reaches)), make([]bool, len(reaches))
	for k := len(order) - 1; k >= 0; k-- { // Strahler's order, upstream first
		i := order[k]
		r := &reaches[i]
		r.Order = max(1, best[i])
		if twice[i] {
			r.Order++
		}
		if n := r.next; n >= 0 {
			if r.Order > best[n] {
				best[n], twice[n] = r.Order, false
			} else if r.Order == best[n] {
				twice[n] = true
			}
		}
	}
	names := newNamer(newRNG(c.Seed, 70), c.tables.Names)
	generic := c.tables.Names["river"]
	id := make([]int, len(reaches))
	main := make([]bool, len(reaches)) // the name of this reach has gone upstream
	for _, i := range order {
		r := &reaches[i]
		id[i] = len(c.Rivers) + 1
		r.ID = id[i]
		if n := r.next; n >= 0 {
			r.Next = id[n]
			if !main[n] {
				main[n] = true
				r.Name = reaches[n].Name
			}
		}
		if r.Name == "" {
			r.Name = names.one(generic[min(r.Order/4, len(generic)-1)], []string{"stem"}, []string{"stem", "town"})
		}
		c.Rivers = append(c.Rivers, r.River)
	}
}

// ridgeChains finds the watersheds between the county's streams: chains of corners, each between two places where ridges end
// or branch.
func (c *county) ridgeChains() [][]int32 {
	if c.chains != nil {
		return c.chains
	}
	basin, above := c.t.basins(ridgeKM2)
	m := c.m
	isRidge := func(e int32) bool {
		from, to, left, right := m.ends(e)
		return m.in[left] && m.in[right] && c.inCounty(e) && basin[left] != basin[right] &&
			min(above[from], above[to]) >= ridgeAboveDM && c.t.down[from] != to && c.t.down[to] != from
	}
	links := func(v int32) (out []int32) {
		next, edges := m.corner(v)
		for k, e := range edges {
			if m.in[e/3] && isRidge(e) {
				out = append(out, next[k])
			}
		}
		return out
	}
	seen := map[[2]int32]bool{}
	walk := func(from, to int32) {
		if seen[[2]int32{from, to}] {
			return
		}
		chain := []int32{from, to}
		for {
			a, b := chain[len(chain)-2], chain[len(chain)-1]
			seen[[2]int32{a, b}], seen[[2]int32{b, a}] = true, true
			n := links(b)
			if len(n) != 2 || b == from {
				break
			}
			if n[0] == a {
				n[0] = n[1]
			}
			chain = append(chain, n[0])
		}
		if len(chain) >= ridgeCorners {
			c.chains = append(c.chains, chain)
		}
	}
	var corners []int32
	for cell, l := range c.counties {
		if l == ownCounty {
			for _, v := range m.corners(int32(cell)) {
				corners = append(corners, v)
			}
		}
	}
	slices.Sort(corners)
	corners = slices.Compact(corners)
	for _, v := range corners {
		if n := links(v); len(n) != 2 {
			for _, w := range n {
				walk(v, w)
			}
		}
	}
	for _, v := range corners { // what is left are closed rings
		for _, w := range links(v) {
			walk(v, w)
		}
	}
	return c.chains
}

func (c *county) ridgeEdges() []int32 {
	var out []int32
	for _, chain := range c.ridgeChains() {
		for i := 1; i < len(chain); i++ {
			next, edges := c.m.corner(chain[i-1])
			for k, n := range next {
				if n == chain[i] {
					out = append(out, edges[k])
				}
			}
		}
	}
	return out
}

func metres(dm int32) float64 { return float64(dm) / 10 }
