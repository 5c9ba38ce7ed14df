package synth

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"yutu/data/seed"
	"yutu/geo/division"
	"yutu/geo/topo"
)

// cosProvince is the cosine of 29.2° north.
const cosProvince = 0.8729191

// provincePlan is how large a province is to be made.
type provincePlan struct {
	shift, rows int     // of the mesh
	spacingKM   float64 // of its cells
	areaKM2     float64
	counts      [6]int // units by level
}

// province is the work in progress.
type province struct {
	*World
	plan   provincePlan
	tables *seed.Tables
	m      *mesh
	t      *terrain
	g      *grower
	frame  frame
	label  [6][]int32 // by level: the unit of each cell
	parent [6][]int32 // by level: the parent of each unit
	size   [6][]int   // by level: cells of each unit
	line   *lines
}

func generateProvince(ctx context.Context, o Options) (*World, error) {
	tables, err := seed.Demo()
	if err != nil {
		return nil, err
	}
	t := tables.Province
	return makeProvince(ctx, o, tables, provincePlan{shift: 11, rows: 2360, spacingKM: 0.187, areaKM2: t.AreaKM2,
		counts: [6]int{0, 1, t.Prefectures, t.Counties, t.Townships, t.Villages}})
}

func makeProvince(ctx context.Context, o Options, tables *seed.Tables, plan provincePlan) (*World, error) {
	p := &province{World: &World{Size: ProvinceSize, Seed: o.Seed}, plan: plan, tables: tables}
	divide := func(level division.Level, streamKM2, ridge, river float64, rounds int) func() error {
		return func() error {
			p.divide(level, newWalls(p.t, hash2(o.Seed, 20+uint64(level)), streamKM2, ridge, river), rounds)
			return nil
		}
	}
	work := []func() error{
		p.outline, p.raiseLand,
		divide(division.Prefecture, 150, 7, 600, 5), divide(division.County, 40, 6, 500, 5),
		divide(division.Township, 8, 4, 300, 5), divide(division.Village, 1.5, 3, 160, 4),
		p.drawLines, p.makeUnits, p.placeLabels,
	}
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
	return p.World, nil
}

// outline chooses the cells of the province: a bay-and-cape shape around the middle, of the wanted area, in one piece and
// without holes.
func (p *province) outline() error {
	m := newMesh(uint(p.plan.shift), p.plan.rows, p.plan.spacingKM)
	p.m = m
	radius := math.Sqrt(p.plan.areaKM2 / math.Pi)
	coarse, mid := noise{hash2(p.Seed, 1), radius * 0.8}, noise{hash2(p.Seed, 2), radius * 0.3}
	fine, small := noise{hash2(p.Seed, 3), radius * 0.1}, noise{hash2(p.Seed, 4), radius * 0.04}
	const far = 4000
	depth := make([]int16, m.cells()) // how far out a cell lies, 1000 being the mean shore
	var count [far + 1]int
	for c := range depth {
		depth[c] = far
		if !m.inner(c) {
			continue
		}
		x, y := m.centre(int32(c))
		r2 := (float64(x*x) + float64(y*y)) / float64(radius*radius)
		d := 1000 * (r2 + float64(0.45*coarse.at(x, y)) + float64(0.18*mid.at(x, y)) + float64(0.08*fine.at(x, y)) + float64(0.035*small.at(x, y)))
		depth[c] = int16(min(far, max(0, d)))
		count[depth[c]]++
	}
	want := int(p.plan.areaKM2 / m.cellKM2())
	shore := 0
	for sum := 0; shore < far && sum < want; shore++ {
		sum += count[shore]
	}
	land := flood(m, m.at(0, 0), func(c int32) bool { return int(depth[c]) < shore })
	sea := flood(m, int32(2*m.w+2), func(c int32) bool { return m.inner(int(c)) && !land[c] })
	for c := range m.in {
		m.in[c] = m.inner(c) && !sea[c]
	}
	p.frame = newFrame(p.tables.Province.CentreLon, p.tables.Province.CentreLat, cosProvince, 1)
	p.g = newGrower(m)
	p.label[1] = make([]int32, m.cells())
	size := 0
	for c, in := range m.in {
		p.label[1][c] = none
		if in {
			p.label[1][c] = 0
			size++
		}
	}
	p.size[1], p.parent[1] = []int{size}, []int32{none}
	return nil
}

// flood marks the cells that can be reached from a cell through cells that pass.
func flood(m *mesh, from int32, pass func(int32) bool) []bool {
	seen := make([]bool, m.cells())
	queue := []int32{from}
	seen[from] = true
	for len(queue) > 0 {
		c := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for dir := range 6 {
			if n := m.nb(c, dir); !seen[n] && pass(n) {
				seen[n] = true
				queue = append(queue, n)
			}
		}
	}
	return seen
}

func (p *province) raiseLand() error {
	p.t = newTerrain(p.m, hash2(p.Seed, 10), 120, 0.05, 2)
	return nil
}

// divide divides every unit of the level above into its share of units of this level.
func (p *province) divide(level division.Level, w walls, rounds int) {
	above := p.label[level-1]
	cells := make([][]int32, len(p.size[level-1]))
	for i, n := range p.size[level-1] {
		cells[i] = make([]int32, 0, n)
	}
	sizes := make([]int64, len(cells))
	for c, l := range above {
		if l != none {
			cells[l] = append(cells[l], int32(c))
			sizes[l]++
		}
	}
	r := newRNG(p.Seed, 30+uint64(level))
	var seats []seat
	// Each gets one; the rest goes by area.
	for i, n := range apportion(p.plan.counts[level]-len(cells), sizes) {
		n++
		kids := scatter(p.m, r, cells[i], nil, int32(i), n, func(int32) float64 { return 1 })
		for k := range kids {
			kids[k].target = len(cells[i]) / n * (7 + r.intn(7)) / 10
		}
		seats = append(seats, kids...)
	}
	p.parent[level] = make([]int32, len(seats))
	for i, s := range seats {
		p.parent[level][i] = s.parent
	}
	p.label[level], p.size[level] = p.g.partition(w, above, seats, rounds)
}

func (p *province) drawLines() error {
	p.t, p.g = nil, nil // memory
	m, village := p.m, p.label[division.Village]
	chosen := make([]bool, 3*m.cells())
	for c := range m.in {
		if !m.inner(c) {
			continue
		}
		for dir := range 3 {
			chosen[3*c+dir] = village[c] != village[m.nb(int32(c), dir)]
		}
	}
	var err error
	p.line, err = newLines(m, hash2(p.Seed, 50), p.frame, chosen)
	return err
}

// makeUnits writes all units, each with a code below its parent's and a name that is unique in its county or, from the township
// upwards, in the province.
func (p *province) makeUnits() error {
	t := p.tables
	top := t.Province
	codes := [6][]division.Code{1: {top.Code}}
	places := newNamer(newRNG(p.Seed, 60), t.Names)
	var villages []*namer
	for i := range p.size[division.County] {
		villages = append(villages, newNamer(newRNG(p.Seed, 1000+uint64(i)), t.Names))
	}
	total := 0
	for _, s := range p.size {
		total += len(s)
	}
	p.Units = make([]division.Unit, 0, total)
	for _, level := range division.Levels {
		geoms := p.line.areas(p.label[level], len(p.size[level]))
		p.label[level] = nil // memory
		r := newRNG(p.Seed, 61+uint64(level))
		serial := map[string]int{}
		for i, g := range geoms {
			u := division.Unit{Level: level, Valid: division.Always, Secrecy: division.Public, Source: sourceText(p.Seed),
				Synthetic: true, CRSOriginal: "EPSG:4490", Geom: g}
			if level == division.Province {
				u.Code, u.Name, u.Type = top.Code, top.Name, top.Type
				p.Units = append(p.Units, u)
				continue
			}
			above := p.parent[level][i]
			u.Parent = codes[level-1][above]
			kind := codeRange(t, p.kind(r, level))
			u.Type = kind.Type
			key := string(u.Parent) + kind.Type
			n := kind.From + serial[key]
			serial[key]++
			if n > kind.To {
				return fmt.Errorf("%s has no code left for another %s", u.Parent, kind.Type)
			}
			d := (level - 1).Digits()
			u.Code = u.Parent[:d] + division.Code(fmt.Sprintf("%0*d", level.Digits()-d, n)) + u.Parent[level.Digits():]
			codes[level] = append(codes[level], u.Code)
			switch {
			case level < division.Village:
				u.Name = places.one(kind.Generic, []string{"stem", "town"}, []string{"prefix", "stem", "town"})
			case kind.Type == residentsCommittee:
				u.Name = villages[p.parent[division.Township][above]].community(kind.Generic)
			default:
				u.Name = villages[p.parent[division.Township][above]].village(kind.Generic)
			}
			p.Units = append(p.Units, u)
		}
	}
	p.line = nil
	slices.SortFunc(p.Units, func(a, b division.Unit) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Code, b.Code))
	})
	return nil
}

// kind draws the type of a unit in the usual mixture.
func (p *province) kind(r *rng, level division.Level) string {
	var kinds []string
	for _, c := range p.tables.Codes {
		if c.Level == level {
			kinds = append(kinds, c.Type)
		}
	}
	switch {
	case level == division.Village && r.intn(100) < 85:
		return villageCommittee
	case level == division.Township && r.intn(2) == 0:
		return kinds[1] // towns are the most frequent
	}
	return pick(r, kinds)
}

// placeLabels works on all processors; each unit's label depends on nothing but its own area.
func (p *province) placeLabels() error {
	inParallel(len(p.Units), func() func(int) {
		return func(i int) { p.Units[i].Label = topo.LabelPoint(p.Units[i].Geom) }
	})
	return nil
}
