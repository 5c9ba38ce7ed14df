// Package fit finds where areas that ought to fit together do not: gaps, overlaps, slivers, vertices without a partner,
// borders that nearly coincide, children that leave their parent or do not fill it, enclaves and exclaves. Each comes
// with a place inside it and its size on the ellipsoid.
//
// All areas of all ranks are laid into one arrangement (geo/topo/internal/plane), exact on the grid of 1e-9 degree: two
// borders are the same when their vertices are. A clean mesh has no finding but its enclaves.
//
// What is a gap and what is a hole that ought to be there:
//
//   - Ground of a unit that has units below it in the set belongs to one of them (a county is the union of its townships):
//     what none of them covers is Uncovered where it reaches the border of the upper unit, a Gap where it does not.
//   - Ground of a unit without units below it in the set is not divided, and nothing is said of it.
//   - Elsewhere, ground that several units of one rank enclose is a Gap: their borders, not an upper unit, shut it in.
//     A lake or foreign land between several units looks the same in the data; a person tells them apart.
//   - Ground that one unit alone encloses is a Hole in its polygon, drawn on purpose: a lake, foreign land. It is only noted.
//   - Ground open to the outside is none of these.
package fit

import (
	"context"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/topo/internal/plane"
)

// Area is one unit that takes part.
type Area struct {
	// File, Record and Name say which unit it is in a finding; see geo.Finding.
	File   string
	Record int
	Name   string
	// Code is what Parent of others refers to; Parent is "" where there is no unit above.
	Code, Parent string
	// Rank orders the levels, 1 the highest.
	Rank uint8
	// From, To is the half-open range of days at which the area exists.
	From, To int32
	// Geom is lon, lat in degrees.
	Geom orb.MultiPolygon
}

// Options of a check.
type Options struct {
	// Day is the day whose areas are looked at; the others take no part.
	Day int32
	// NearM is the distance in metres below which two borders count as the same border drawn twice: regions thinner than
	// that are slivers. 0 means DefaultNearM.
	NearM float64
}

// DefaultNearM is a technical choice, not a norm: a metre is 0.1 mm on a map of 1:10,000, less than its lines are wide.
const DefaultNearM = 1.0

// Kind is what is wrong.
type Kind uint8

// The kinds, the gravest first.
const (
	Invalid   Kind = iota // the polygon itself is not valid: see Rule
	Overlap               // two areas of one rank cover the same ground; Areas are the two
	Gap                   // ground enclosed by Areas that none of their rank covers
	Uncovered             // ground of Areas[0], at its border, that none of the units below it covers
	Outside               // ground of Areas[0] outside of its parent, Areas[1]
	Junction              // a vertex of Areas[0] on an edge of Areas[1] that lacks it
	Near                  // the outer borders of Areas[0] and Areas[1] run along each other without meeting
	Exclave               // a part of Areas[0] apart from its main part, among the Areas that follow
	Enclave               // Areas[0], or a part of it, that Areas[1] encloses
	Hole                  // ground that Areas[0] alone encloses and nobody covers
	kinds
)

// Kinds are all kinds in their order.
func Kinds() []Kind {
	out := make([]Kind, kinds)
	for i := range out {
		out[i] = Kind(i)
	}
	return out
}

// Conflict is one thing found.
type Conflict struct {
	Kind Kind
	// Thin tells slivers: regions whose mean width is below Options.NearM.
	Thin bool
	Rank uint8
	// Areas are indexes into what was checked; see Kind. At most maxNamed.
	Areas []int
	// AreaM2 is the size on the ellipsoid, WidthM the mean width: twice the area by the length of the outline.
	AreaM2, WidthM float64
	// LengthM is how long borders run along each other; of Near only.
	LengthM float64
	// At lies inside the region, or is the vertex.
	At orb.Point
	// Rule and Vertices: the broken rule of geo/topo/valid of Invalid, the number of vertices of Near.
	Rule     string
	Vertices int
}

// maxNamed is how many areas one Conflict names.
const maxNamed = 8

// Report is everything found. Conflicts are sorted by kind, then size, the largest first.
type Report struct {
	Conflicts []Conflict
	// Areas is how many took part, InForce[i] whether the i-th did.
	Areas   int
	InForce []bool
	// Vertices, Arcs, Nodes and Faces are of the arrangement.
	Vertices, Arcs, Nodes, Faces int
	// Omitted is how many conflicts of each kind were counted only; the smallest are left out.
	Omitted [kinds]int
}

// Count is the number of conflicts of the kind, those left out included.
func (r *Report) Count(k Kind) int {
	n := r.Omitted[k]
	for i := range r.Conflicts {
		if r.Conflicts[i].Kind == k {
			n++
		}
	}
	return n
}

// AreaM2 is the size of all listed conflicts of the kind.
func (r *Report) AreaM2(k Kind) float64 {
	sum := 0.0
	for i := range r.Conflicts {
		if r.Conflicts[i].Kind == k {
			sum += r.Conflicts[i].AreaM2
		}
	}
	return sum
}

// maxConflicts bounds what one check lists of one kind.
const maxConflicts = 100_000

// ErrTangled means that so many edges lie over each other that the check gave up. No map is like that.
var ErrTangled = plane.ErrTangled

// Check looks at all areas in force on the day. The error says that it could not be done: the context's, a position not on
// the earth, or ErrTangled.
func Check(ctx context.Context, areas []Area, o Options) (*Report, error) {
	c, err := newCheck(ctx, areas, o)
	if err != nil {
		return nil, err
	}
	c.all()
	return c.done(), ctx.Err()
}

// all runs every check, until the context ends.
func (c *check) all() {
	for _, step := range []func(){c.invalid, c.overlaps, c.uncovered, c.outside, c.junctions, c.parts} {
		if c.ctx.Err() == nil {
			step()
		}
	}
}

// check is a check at work.
type check struct {
	ctx    context.Context
	areas  []Area
	o      Options
	p      *plane.Plane
	marks  plane.Marks
	ranks  []uint8   // those present, sorted
	parent []int     // by area: the index of its parent, −1
	divide [][]uint8 // by area: the ranks below in which it has units
	report Report
	list   [kinds][]Conflict
}

func newCheck(ctx context.Context, areas []Area, o Options) (*check, error) {
	if !(o.NearM > 0) {
		o.NearM = DefaultNearM
	}
	c := &check{ctx: ctx, areas: areas, o: o, parent: make([]int, len(areas)), divide: make([][]uint8, len(areas))}
	c.report.InForce = make([]bool, len(areas))
	byCode := map[string]int{}
	geoms := make([]orb.MultiPolygon, len(areas))
	for i := range areas {
		a := &areas[i]
		if c.parent[i] = -1; a.From > o.Day || a.To <= o.Day {
			continue
		}
		c.report.InForce[i] = true
		c.report.Areas++
		geoms[i] = a.Geom
		if _, ok := byCode[a.Code]; !ok && a.Code != "" {
			byCode[a.Code] = i
		}
		if !slices.Contains(c.ranks, a.Rank) {
			c.ranks = append(c.ranks, a.Rank)
		}
	}
	slices.Sort(c.ranks)
	for i := range areas {
		if p, ok := byCode[areas[i].Parent]; ok && c.report.InForce[i] && areas[p].Rank < areas[i].Rank {
			c.parent[i] = p
		}
	}
	for i := range areas {
		for p := c.parent[i]; p >= 0 && !slices.Contains(c.divide[p], areas[i].Rank); p = c.parent[p] {
			c.divide[p] = append(c.divide[p], areas[i].Rank)
		}
	}
	var err error
	if c.p, err = plane.Build(ctx, geoms); err != nil {
		return nil, err
	}
	c.report.Vertices, c.report.Arcs, c.report.Nodes, c.report.Faces = len(c.p.Vertices), len(c.p.Arcs), c.p.Nodes, len(c.p.Faces)
	return c, nil
}

// add keeps a conflict; the smallest go when there are too many.
func (c *check) add(x Conflict) {
	l := append(c.list[x.Kind], x)
	if len(l) >= 2*maxConflicts {
		slices.SortStableFunc(l, bySize)
		c.report.Omitted[x.Kind] += len(l) - maxConflicts
		l = l[:maxConflicts]
	}
	c.list[x.Kind] = l
}

func (c *check) done() *Report {
	for k, l := range c.list {
		slices.SortStableFunc(l, bySize)
		if n := len(l) - maxConflicts; n > 0 {
			c.report.Omitted[k] += n
			l = l[:maxConflicts]
		}
		c.report.Conflicts = append(c.report.Conflicts, l...)
	}
	return &c.report
}
