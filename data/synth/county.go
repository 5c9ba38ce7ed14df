package synth

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"yutu/data/seed"
	"yutu/geo/division"
)

const (
	countySpacingKM = 0.25 // a village is some 60 to 100 cells
	countyShift     = 9    // 512 columns, 128 km
	countyRows      = 600  // 130 km
	// cosCentre is the cosine of 29.03° north.
	cosCentre = 0.8743659
)

// The labels of the county level: the county itself, then its neighbours, then the land beyond.
const ownCounty = 0

// county is the work in progress.
type county struct {
	*World
	tables *seed.Tables
	m      *mesh
	t      *terrain
	g      *grower
	frame  frame

	counties []int32 // label of each cell on the county level
	old      []int32 // township before the change: index into oldTownships
	village  []int32 // village before the change: index into villages
	seats    []seat  // of the villages before the change

	oldTownships []seed.Township
	townships    []seed.Township // today's
	hamlets      []hamlet        // villages before the change
	villages     []village       // today's
	line         *lines
	chains       [][]int32 // ridges, as chains of corners
}

// steps reports progress and whether to go on.
type steps struct {
	ctx         context.Context
	report      func(done, total int)
	done, total int
}

func (s *steps) next() error {
	if s.report != nil {
		s.report(s.done, s.total)
	}
	s.done++
	return s.ctx.Err()
}

func generateCounty(ctx context.Context, o Options) (*World, error) {
	c, err := makeCounty(ctx, o)
	if err != nil {
		return nil, err
	}
	return c.World, nil
}

func makeCounty(ctx context.Context, o Options) (*county, error) {
	tables, err := seed.Demo()
	if err != nil {
		return nil, err
	}
	c := &county{World: &World{Size: CountySize, Seed: o.Seed}, tables: tables}
	work := []func() error{c.raiseLand, c.divideCounties, c.divideTownships, c.divideVillages, c.mergeVillages, c.nameVillages,
		c.drawLines, c.makeUnits, c.settlePeople, c.traceWater, c.buildRoads, c.writeLineage, c.writeHistory}
	s := steps{ctx: ctx, report: o.Progress, total: len(work)}
	for _, do := range work {
		if err := s.next(); err != nil {
			return nil, err
		}
		if err := do(); err != nil {
			return nil, fmt.Errorf("seed %d: %w", o.Seed, err)
		}
	}
	if err := s.next(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *county) raiseLand() error {
	c.m = newMesh(countyShift, countyRows, countySpacingKM)
	for i := range c.m.in {
		c.m.in[i] = c.m.inner(i)
	}
	c.t = newTerrain(c.m, hash2(c.Seed, 10), 30, 0.062, erosion)
	// Summits as high as in the model county.
	top := int32(0)
	for _, h := range c.t.height {
		top = max(top, h)
	}
	want := int64(c.tables.County.SummitM*10 - outletDM)
	for v, h := range c.t.height {
		if h > outletDM {
			c.t.height[v] = outletDM + int32(int64(h-outletDM)*want/int64(top-outletDM))
		}
	}
	c.g = newGrower(c.m)
	return nil
}

// divideTownships divides the county into the townships of today and those into what they were before, so that the parts of a
// merged township lie side by side.
func (c *county) divideTownships() error {
	m := c.m
	for _, t := range c.tables.Townships {
		if t.VillagesBefore > 0 {
			c.oldTownships = append(c.oldTownships, t)
		}
		if t.Into == "" {
			c.townships = append(c.townships, t)
		}
	}
	within := make([]int32, m.cells())
	own := 0
	for i, l := range c.counties {
		within[i] = none
		if l == ownCounty {
			within[i] = 0
			own++
		}
	}
	// A township of today grows from the middle of the places of its parts.
	seats := make([]seat, len(c.townships))
	total := 0.0
	for k := range c.townships {
		var x, y, area float64
		for i, t := range c.oldTownships {
			if c.today(i) == k {
				x += float64(t.XKM * t.AreaKM2)
				y += float64(t.YKM * t.AreaKM2)
				area += t.AreaKM2
			}
		}
		seats[k] = seat{cell: nearest(m, within, 0, m.at(x/area, y/area)), target: int(area)}
		total += area
	}
	for k := range seats {
		seats[k].target = int(float64(seats[k].target) * float64(own) / total)
	}
	w := newWalls(c.t, hash2(c.Seed, 30), ridgeKM2, 9, 600)
	now, _ := c.g.partition(w, within, seats, 20)

	seats = seats[:0]
	for i, t := range c.oldTownships {
		parent := int32(c.today(i))
		seats = append(seats, seat{cell: nearest(m, now, parent, m.at(t.XKM, t.YKM)), parent: parent,
			target: int(float64(own) * t.AreaKM2 / total)})
	}
	c.old, _ = c.g.partition(w, now, seats, 20)
	return nil
}

// nearest is the cell with the label that lies nearest to a cell.
func nearest(m *mesh, label []int32, want, to int32) int32 {
	best := none
	for i, l := range label {
		if l == want && (best == none || m.dist2(int32(i), to) < m.dist2(best, to)) {
			best = int32(i)
		}
	}
	return best
}

func (c *county) divideVillages() error {
	m := c.m
	w := newWalls(c.t, hash2(c.Seed, 40), 1.2, 4, 200)
	_, above := c.t.basins(1.2)
	byTownship := make([][]int32, len(c.oldTownships))
	for i, l := range c.old {
		if l != none {
			byTownship[l] = append(byTownship[l], int32(i))
		}
	}
	r := newRNG(c.Seed, 41)
	for k, t := range c.oldTownships {
		cells := byTownship[k]
		favour := func(cell int32) float64 { return 1 / (1 + float64(above[2*cell])/1500) }
		share := len(cells) / t.VillagesBefore
		// Residents' committees are small and lie together at the township's seat; villages are half to one and a half
		// times as large as the mean.
		town := townSeats(m, c.townCell(k, cells, above), cells, int32(k), t.Communities)
		for i := range town {
			town[i].target = share * 4 / 10
		}
		seats := scatter(m, r, cells, town, int32(k), t.VillagesBefore, favour)
		for i := len(town); i < len(seats); i++ {
			seats[i].target = share * (6 + r.intn(10)) / 10
		}
		for i, s := range seats {
			c.hamlets = append(c.hamlets, hamlet{old: k, community: i < len(town), seat: s.cell})
		}
		c.seats = append(c.seats, seats...)
	}
	var size []int
	c.village, size = c.g.partition(w, c.old, c.seats, 8)
	// A village's seat stands low and not far from its middle.
	best := make([]int64, len(c.hamlets))
	for i := range c.hamlets {
		c.hamlets[i].cells = size[i]
		best[i] = 1 << 62
	}
	for cell, l := range c.village {
		if l == none {
			continue
		}
		score := 6*m.dist2(int32(cell), c.seats[l].cell) + int64(above[2*cell])
		if score < best[l] {
			best[l], c.hamlets[l].seat = score, int32(cell)
		}
	}
	return nil
}

// townCell is where the seat of an old township stands: the lowest place near the middle from which it grew.
func (c *county) townCell(k int, cells, above []int32) int32 {
	t := c.oldTownships[k]
	middle := c.m.at(t.XKM, t.YKM)
	best, bestScore := cells[0], int64(1)<<62
	for _, cell := range cells {
		score := c.m.dist2(cell, middle) + int64(above[2*cell])/4
		if score < bestScore {
			best, bestScore = cell, score
		}
	}
	return best
}

// townSeats puts n seats close together around a cell.
func townSeats(m *mesh, centre int32, cells []int32, parent int32, n int) []seat {
	near := slices.Clone(cells)
	slices.SortFunc(near, func(a, b int32) int {
		return cmp.Or(cmp.Compare(m.dist2(a, centre), m.dist2(b, centre)), cmp.Compare(a, b))
	})
	var seats []seat
	for _, c := range near {
		if len(seats) == n {
			break
		}
		free := true
		for _, s := range seats {
			free = free && m.dist2(c, s.cell) > 60 // four cells apart
		}
		if free {
			seats = append(seats, seat{cell: c, parent: parent})
		}
	}
	return seats
}

// scatter adds cells to the seats until there are n, far from each other (Mitchell's best candidate), preferring those of greater favour (0–1].
func scatter(m *mesh, r *rng, cells []int32, seats []seat, parent int32, n int, favour func(int32) float64) []seat {
	taken := map[int32]bool{}
	for _, s := range seats {
		taken[s.cell] = true
	}
	for len(seats) < n && len(taken) < len(cells) {
		best, bestScore := none, -1.0
		for range 14 {
			c := pick(r, cells)
			if taken[c] {
				continue
			}
			near := int64(1) << 40
			for _, s := range seats {
				near = min(near, m.dist2(c, s.cell))
			}
			if score := math.Sqrt(float64(near)) * favour(c); score > bestScore {
				best, bestScore = c, score
			}
		}
		if best != none {
			taken[best] = true
			seats = append(seats, seat{cell: best, parent: parent})
		}
	}
	return seats
}

// finest is the smallest unit that each cell lies in: a village in the county, else the whole neighbour.
func (c *county) finest(cell int32) int32 {
	if v := c.village[cell]; v != none {
		return v
	}
	return int32(len(c.seats)) + c.counties[cell]
}

func (c *county) drawLines() error {
	m := c.m
	chosen := make([]bool, 3*m.cells())
	for e := range chosen {
		if !m.in[e/3] {
			continue
		}
		_, _, left, right := m.ends(int32(e))
		if m.in[right] && c.finest(left) != c.finest(right) {
			chosen[e] = true
		}
	}
	for _, e := range c.riverEdges() {
		chosen[e] = true
	}
	for _, e := range c.ridgeEdges() {
		chosen[e] = true
	}
	// Bending and rounding change the area a little; the second time the scale makes up for it.
	scale := 1.0
	for range 2 {
		k := c.tables.County
		c.frame = newFrame(k.CentreLon, k.CentreLat, cosCentre, scale)
		var err error
		if c.line, err = newLines(m, hash2(c.Seed, 50), c.frame, chosen); err != nil {
			return err
		}
		scale *= math.Sqrt(k.AreaKM2 / c.areaKM2())
	}
	return nil
}

// areaKM2 is the area of the county in the plane of the frame, computed in integers so that it is the same everywhere.
func (c *county) areaKM2() float64 {
	label := make([]int32, len(c.counties))
	for i, l := range c.counties {
		if label[i] = none; l == ownCounty {
			label[i] = 0
		}
	}
	const grid = 1e6 // of a degree: a tenth of a metre
	sum := int64(0)
	for _, p := range c.line.areas(label, 1)[0] {
		for _, r := range p {
			at := func(i int) (x, y int64) {
				return int64(math.Round((r[i][0] - c.frame.lon) * grid)), int64(math.Round((r[i][1] - c.frame.lat) * grid))
			}
			for i := 1; i < len(r); i++ {
				ax, ay := at(i - 1)
				bx, by := at(i)
				sum += ax*by - bx*ay
			}
		}
	}
	unscaled := newFrame(c.frame.lon, c.frame.lat, cosCentre, 1)
	return float64(sum) / 2 / (grid * unscaled.perX) / (grid * unscaled.perY)
}

func (c *county) unit(code division.Code, level division.Level, kind, name string, parent division.Code, valid division.Range) division.Unit {
	return division.Unit{Code: code, Level: level, Type: kind, Name: name, Parent: parent, Valid: valid,
		Secrecy: division.Public, Source: sourceText(c.Seed), Synthetic: true, CRSOriginal: "EPSG:4490"}
}

func sourceText(seed uint64) string { return fmt.Sprintf("合成示范数据（种子 %d）", seed) }

// relabel maps labels through a table; none stays none.
func relabel(label []int32, to []int32) []int32 {
	out := make([]int32, len(label))
	for i, l := range label {
		out[i] = none
		if l != none {
			out[i] = to[l]
		}
	}
	return out
}
