package synth

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/geodesy"
)

// roadClass ranks roads; the smaller, the more important. 0 is no road.
type roadClass uint8

const (
	national roadClass = 1 + iota
	provincial
	countyRoad
	townshipRoad
	villageRoad
)

var roadClasses = [...]string{"", "国道", "省道", "县道", "乡道", "村道"}

// roadNet is a net in the making: roads lead from middle to middle of cells that share an edge.
type roadNet struct {
	c     *county
	class []roadClass // of each edge of the mesh that a road crosses
	high  []int32     // height of each cell in decimetres
	above []int32     // height of each corner above the stream in decimetres
	on    []bool      // cells with a road
	from  []int32     // of each cell that was reached: where one came from
	cells []int32     // of the county
	queue front
}

// countySeat is the cell of the county's seat, in the first township of the table.
func (c *county) countySeat() int32 { return c.townshipSeat(0) }

// townshipSeat is the seat of the first committee of the first part of a township of today.
func (c *county) townshipSeat(k int) int32 {
	for _, h := range c.hamlets {
		if c.today(h.old) == k {
			return h.seat
		}
	}
	return none
}

func (c *county) buildRoads() error {
	n := &roadNet{c: c, class: make([]roadClass, 3*c.m.cells()), high: make([]int32, c.m.cells()),
		on: make([]bool, c.m.cells()), from: make([]int32, c.m.cells())}
	for i, l := range c.counties {
		if l == ownCounty {
			n.high[i] = c.t.cellHeight(int32(i))
			n.cells = append(n.cells, int32(i))
		}
	}
	_, n.above = c.t.basins(1.2)
	n.on[c.countySeat()] = true

	// Two roads of the state cross the county from border to border through its seat, between the gates that lie farthest
	// apart; roads of the province lead to the other neighbours.
	gates := n.gates()
	slices.SortFunc(gates, func(a, b int32) int {
		seat := c.countySeat()
		return cmp.Or(-cmp.Compare(c.m.dist2(a, seat), c.m.dist2(b, seat)), cmp.Compare(a, b))
	})
	for i, g := range gates {
		class := provincial
		if i < 2 {
			class = national
		}
		n.reach()
		n.take(g, class)
	}
	// Then the seats of townships, the nearest first.
	var seats []int32
	for k := range c.townships {
		seats = append(seats, c.townshipSeat(k))
	}
	for len(seats) > 0 {
		n.reach()
		nearest := 0
		for i := range seats {
			if c.g.dist[seats[i]] < c.g.dist[seats[nearest]] {
				nearest = i
			}
		}
		n.take(seats[nearest], countyRoad)
		seats = slices.Delete(seats, nearest, nearest+1)
	}
	// Then every village as the ground lets it; a stretch that serves more than two is the township's.
	n.reach()
	served := map[int32]int{}
	for _, v := range c.villages {
		for at := n.seat(v); !n.on[at]; at = n.from[at] {
			served[at]++
		}
	}
	for _, v := range c.villages {
		for at := n.seat(v); n.from[at] != none; at = n.from[at] {
			class := villageRoad
			if served[at] > 2 {
				class = townshipRoad
			}
			n.lay(at, n.from[at], class)
		}
	}
	for _, v := range c.villages {
		for at := n.seat(v); !n.on[at]; at = n.from[at] {
			n.on[at] = true
		}
	}
	n.closeLoops()
	n.write()
	return nil
}

func (n *roadNet) seat(v village) int32 { return n.c.hamlets[v.members[0]].seat }

// gates are the lowest places on the border with each neighbour.
func (n *roadNet) gates() []int32 {
	c := n.c
	gates := make([]int32, len(c.tables.Neighbours))
	for i := range gates {
		gates[i] = none
	}
	for i, l := range c.counties {
		if l != ownCounty {
			continue
		}
		for dir := range 6 {
			b := int(c.counties[c.m.nb(int32(i), dir)]) - 1
			if b >= 0 && b < len(gates) && (gates[b] == none || n.high[i] < n.high[gates[b]]) {
				gates[b] = int32(i)
			}
		}
	}
	return slices.DeleteFunc(gates, func(g int32) bool { return g == none })
}

// cost of going from a cell to its neighbour: climbing is paid by its square, so roads keep to the valleys, and bridges cost.
func (n *roadNet) cost(a, b int32, dir int) int32 {
	if n.c.counties[b] != ownCounty {
		return -1
	}
	e := edge(a, b, dir)
	if n.class[e] != 0 {
		return 40
	}
	climb := n.high[a] - n.high[b]
	cost := stepCost + min(climb*climb/500, 3000) + min(n.above[2*b], 2000)/10
	if n.c.line.middle[e] != none {
		if from, to, _, _ := n.c.m.ends(e); min(n.c.t.up[from], n.c.t.up[to]) >= n.c.t.catchment(riverKM2) {
			cost += 90
		}
	}
	return cost
}

// reach finds the best ways from the roads that exist to everywhere.
func (n *roadNet) reach() {
	n.clear()
	for _, cell := range n.cells {
		if n.on[cell] {
			n.c.g.dist[cell] = 0
			n.queue.push(cell, 0)
		}
	}
	n.c.g.spread(&n.queue, nil, n.cost, n.from)
}

// take builds the way that reach found to a cell.
func (n *roadNet) take(at int32, class roadClass) {
	for n.from[at] != none {
		n.lay(at, n.from[at], class)
		n.on[at] = true
		at = n.from[at]
	}
}

func (n *roadNet) lay(a, b int32, class roadClass) {
	for dir := range 6 {
		if n.c.m.nb(a, dir) == b {
			if e := edge(a, b, dir); n.class[e] == 0 || n.class[e] > class {
				n.class[e] = class
			}
		}
	}
}

// closeLoops joins neighbouring villages between which the way by road is many times the way over the ground.
func (n *roadNet) closeLoops() {
	c := n.c
	type pair struct{ a, b int }
	var pairs []pair
	seen := map[pair]bool{}
	for _, s := range c.sharedBorders() {
		p := pair{c.hamlets[s.a].into, c.hamlets[s.b].into}
		p = pair{min(p.a, p.b), max(p.a, p.b)}
		if p.a != p.b && s.edges > 6 && !seen[p] {
			seen[p] = true
			pairs = append(pairs, p)
		}
	}
	shuffle(newRNG(c.Seed, 90), pairs)
	for _, p := range pairs[:min(60, len(pairs))] {
		a, b := n.seat(c.villages[p.a]), n.seat(c.villages[p.b])
		byRoad := n.between(a, b, func(x, y int32, dir int) int32 {
			if c.counties[y] != ownCounty || n.class[edge(x, y, dir)] == 0 {
				return -1
			}
			return 40
		})
		byGround := n.between(a, b, n.cost)
		if byGround > 0 && byRoad > 3*byGround {
			for at := b; n.from[at] != none; at = n.from[at] {
				n.lay(at, n.from[at], villageRoad)
				n.on[at] = true
			}
		}
	}
}

func (n *roadNet) between(a, b int32, cost func(x, y int32, dir int) int32) int32 {
	n.clear()
	n.c.g.dist[a] = 0
	n.queue.push(a, 0)
	n.c.g.spread(&n.queue, func(at int32) bool { return at != b }, cost, n.from)
	return n.c.g.dist[b]
}

// clear forgets the last search.
func (n *roadNet) clear() {
	n.queue.reset()
	for _, cell := range n.cells {
		n.c.g.dist[cell], n.from[cell] = 1<<31-1, none
	}
}

// write turns the net into nodes (ends, junctions, changes of class, seats of villages) and edges between them.
func (n *roadNet) write() {
	c, m := n.c, n.c.m
	seats := map[int32]*village{}
	for i := range c.villages {
		seats[n.seat(c.villages[i])] = &c.villages[i]
	}
	ways := func(cell int32) (out []int) {
		for dir := range 6 {
			if n.class[edge(cell, m.nb(cell, dir), dir)] != 0 {
				out = append(out, dir)
			}
		}
		return out
	}
	classAt := func(cell int32, dir int) roadClass { return n.class[edge(cell, m.nb(cell, dir), dir)] }
	bend := newWarp(hash2(c.Seed, 50), m.s)
	place := func(cell int32) (x, y float64) {
		x, y = m.centre(cell)
		return x + float64(0.2*m.s*unit(hash2(c.Seed+91, uint64(cell)))), y + float64(0.2*m.s*unit(hash2(c.Seed+92, uint64(cell))))
	}
	id := map[int32]int{}
	var nodes []int32
	for i, l := range c.counties {
		cell := int32(i)
		if l != ownCounty {
			continue
		}
		w := ways(cell)
		if len(w) == 0 || len(w) == 2 && seats[cell] == nil && classAt(cell, w[0]) == classAt(cell, w[1]) {
			continue
		}
		node := RoadNode{ID: len(nodes) + 1, At: c.frame.point(bend.at(place(cell))), AltM: metres(n.high[cell])}
		if v := seats[cell]; v != nil {
			node.Village = v.code
		}
		id[cell] = node.ID
		nodes = append(nodes, cell)
		c.Roads.Nodes = append(c.Roads.Nodes, node)
	}
	for _, start := range nodes {
		for _, dir := range ways(start) {
			class := classAt(start, dir)
			cells := []int32{start, m.nb(start, dir)}
			for id[cells[len(cells)-1]] == 0 {
				at, before := cells[len(cells)-1], cells[len(cells)-2]
				for _, d := range ways(at) {
					if next := m.nb(at, d); next != before {
						cells = append(cells, next)
						break
					}
				}
			}
			end := cells[len(cells)-1]
			// Each road is met from both ends.
			if end < start || end == start && cells[1] > cells[len(cells)-2] {
				continue
			}
			line := n.smooth(cells, place)
			ls := make(orb.LineString, len(line))
			for i, p := range line {
				ls[i] = c.frame.point(bend.at(p[0], p[1]))
			}
			c.Roads.Edges = append(c.Roads.Edges, RoadEdge{ID: len(c.Roads.Edges) + 1, From: id[start], To: id[end],
				Class: roadClasses[class], LengthM: geodesy.LengthM(ls), Line: ls})
		}
	}
}

// smooth rounds a chain of cells off and puts a position between each two; its ends stay.
func (n *roadNet) smooth(cells []int32, place func(int32) (x, y float64)) [][2]float64 {
	var line [][2]float64
	for i, cell := range cells {
		x, y := place(cell)
		if i > 0 {
			last := line[len(line)-1]
			line = append(line, [2]float64{(last[0] + x) / 2, (last[1] + y) / 2})
		}
		line = append(line, [2]float64{x, y})
	}
	for range 3 {
		before := slices.Clone(line)
		for i := 1; i < len(line)-1; i++ {
			for k := range 2 {
				line[i][k] = (before[i-1][k] + float64(2*before[i][k]) + before[i+1][k]) / 4
			}
		}
	}
	return line
}
