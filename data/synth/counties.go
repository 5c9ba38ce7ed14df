package synth

import (
	"fmt"
	"math"
)

// ringKM is where the land beyond the neighbours begins.
const ringKM = 58

// closeKM is the distance of townships that must not be divided from each other by a county border.
const closeKM = 10

// divideCounties tries until every neighbour is in one piece and touches the county, and nobody else does; as a rule the first
// attempt will do.
func (c *county) divideCounties() error {
	const attempts = 12
	for k := range uint64(attempts) {
		label := c.growCounties(hash2(c.Seed, 20+k<<8))
		if c.sound(label) {
			c.counties = label
			return nil
		}
	}
	return fmt.Errorf("no sound division into counties in %d attempts", attempts)
}

// beyond is the label of the land beyond the neighbours.
func (c *county) beyond() int32 { return int32(len(c.tables.Neighbours) + 1) }

func (c *county) growCounties(attempt uint64) []int32 {
	m := c.m
	w := newWalls(c.t, attempt, 8, 7, 800)
	r := newRNG(attempt, 1)
	var seats []seat
	var group []int32 // of each seat: the county it belongs to
	add := func(x, y float64, county int32) {
		seats = append(seats, seat{cell: m.at(x, y)})
		group = append(group, county)
	}
	// The county grows from the places of its townships and from half-way between those that are close, so that it holds together.
	type place struct{ x, y float64 }
	var towns []place
	for _, t := range c.tables.Townships {
		if t.VillagesBefore == 0 {
			continue
		}
		at := place{t.XKM + float64(1.5*unit(r.next())), t.YKM + float64(1.5*unit(r.next()))}
		for _, o := range towns {
			if dx, dy := at.x-o.x, at.y-o.y; float64(dx*dx)+float64(dy*dy) < closeKM*closeKM {
				add((at.x+o.x)/2, (at.y+o.y)/2, ownCounty)
			}
		}
		towns = append(towns, at)
		add(at.x, at.y, ownCounty)
	}
	for i, n := range c.tables.Neighbours {
		x, y := n.XKM+float64(2*unit(r.next())), n.YKM+float64(2*unit(r.next()))
		add(x, y, int32(i+1))
		add(x*0.87, y*0.87, int32(i+1)) // towards the county
	}
	// The land beyond: places all round, evenly by the compass.
	for k := range 24 {
		x, y := compass24(k)
		d := ringKM + float64(5*unit(r.next()))
		add(x*d, y*d, c.beyond())
	}
	whole := make([]int32, m.cells())
	label := make([]int32, m.cells())
	for i := range whole {
		whole[i], label[i] = none, none
		if m.in[i] {
			whole[i] = 0
		}
	}
	fam := families(whole, seats)[0]
	want := int(c.tables.County.AreaKM2 / m.cellKM2())
	f := &front{}
	head := int32(0) // how much later the others start
	for range 12 {
		for i := range seats {
			seats[i].head = max(0, head)
			if group[i] == ownCounty {
				seats[i].head = max(0, -head)
			}
		}
		c.g.grow(f, w, whole, label, fam, seats)
		size := 0
		for i, l := range label {
			if l != none {
				if label[i] = group[l]; label[i] == ownCounty {
					size++
				}
			}
		}
		miss := float64(want-size) / float64(want)
		if math.Abs(miss) < 0.01 {
			break
		}
		head += int32(miss * 9000)
	}
	c.keepWhole(label)
	sizes := make([]int, c.beyond()+1)
	for _, l := range label {
		if l != none {
			sizes[l]++
		}
	}
	c.g.tidy(w, label, whole, sizes, fam.cells)
	return label
}

// sound reports whether every neighbour is in one piece and has a border with the county, and the land beyond has none.
func (c *county) sound(label []int32) bool {
	m := c.m
	size := make([]int, c.beyond()+1)
	touch := make([]int, c.beyond()+1)
	some := make([]int32, c.beyond()+1)
	for i, l := range label {
		if l == none {
			continue
		}
		size[l]++
		some[l] = int32(i)
		for dir := range 6 {
			if label[m.nb(int32(i), dir)] == ownCounty {
				touch[l]++
			}
		}
	}
	for l := range c.beyond() {
		piece := 0
		if size[l] == 0 {
			return false
		}
		for _, reached := range flood(m, some[l], func(cell int32) bool { return label[cell] == l }) {
			if reached {
				piece++
			}
		}
		if piece != size[l] || touch[l] < 20 {
			return false
		}
	}
	return touch[c.beyond()] == 0
}

// keepWhole leaves the county the piece with its first seat only; what lies apart goes to the neighbours around it.
func (c *county) keepWhole(label []int32) {
	m := c.m
	first := m.at(c.tables.Townships[0].XKM, c.tables.Townships[0].YKM)
	main := flood(m, nearest(m, label, ownCounty, first), func(cell int32) bool { return label[cell] == ownCounty })
	var apart, queue []int32
	for i, l := range label {
		if l == ownCounty && !main[i] {
			label[i] = none
			apart = append(apart, int32(i))
		}
	}
	for _, cell := range apart {
		for dir := range 6 {
			if l := label[m.nb(cell, dir)]; label[cell] == none && l > ownCounty {
				label[cell] = l
				queue = append(queue, cell)
			}
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for dir := range 6 {
			if n := m.nb(queue[0], dir); m.in[n] && label[n] == none {
				label[n] = label[queue[0]]
				queue = append(queue, n)
			}
		}
	}
}

// compass24 is a point on the unit circle, k·15° from north by east, to three places.
func compass24(k int) (x, y float64) {
	quarter := [...][2]float64{{0, 1}, {0.259, 0.966}, {0.5, 0.866}, {0.707, 0.707}, {0.866, 0.5}, {0.966, 0.259}}
	q := quarter[k%6]
	switch k / 6 % 4 {
	case 0:
		return q[0], q[1]
	case 1:
		return q[1], -q[0]
	case 2:
		return -q[0], -q[1]
	default:
		return -q[1], q[0]
	}
}
