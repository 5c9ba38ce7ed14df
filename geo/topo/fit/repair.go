package fit

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/geodesy"
	"yutu/geo/topo/internal/plane"
	"yutu/geo/topo/valid"
)

// RepairOptions say how far a repair may go.
type RepairOptions struct {
	Options
	// ToleranceM is the farthest that a border may be moved, in metres; above 0 and at most MaxToleranceM.
	ToleranceM float64
}

// MaxToleranceM bounds the tolerance: a border that is off by more is a matter for a person.
const MaxToleranceM = 1000

// Change is what a repair did to one area.
type Change struct {
	Area          int     `json:"-"`
	Name          string  `json:"unit"`
	BeforeM2      float64 `json:"before_m2"`
	AfterM2       float64 `json:"after_m2"`
	Moved         int     `json:"moved_vertices"`
	Inserted      int     `json:"inserted_vertices"`
	DisplacementM float64 `json:"displacement_m"` // the largest
}

// Repair is the outcome. Nothing of it is written anywhere.
type Repair struct {
	// Geoms are parallel to the areas; those that did not change are the very same.
	Geoms []orb.MultiPolygon
	// Changes are the areas that changed, the largest displacement first.
	Changes []Change
	// Moved is how many vertices of borders are no longer where they were, Inserted how many came in, both counted once for each
	// area that has them; P50M, P95M and MaxM are the distances of the former from the new border of the area, and of
	// the latter from the old one, in metres; MaxAt is where the largest is.
	Moved, Inserted  int
	P50M, P95M, MaxM float64
	MaxAt            orb.Point
	// Before and After are the checks; what After still has could not be repaired.
	Before, After *Report
	// Kept are areas whose mended form would have been invalid or empty and that stay as they were.
	Kept []int
}

// broken is how many conflicts a report has that a repair is for.
func broken(r *Report) int {
	n := 0
	for _, k := range []Kind{Invalid, Overlap, Gap, Uncovered, Outside, Junction, Near} {
		n += r.Count(k)
	}
	return n
}

// Mend closes what lies within the tolerance: vertices of different areas are joined, vertices are put into the edges of
// others on which they nearly lie, and the slivers that are left go to one of the areas beside or over them, an upper unit
// following the units below it. Only borders beside a conflict move. No area is lost. Where the outcome is not better
// than what was given, everything stays as it was, and After says what is wrong.
//
// The errors are those of Check, and a tolerance out of range.
func Mend(ctx context.Context, areas []Area, o RepairOptions) (*Repair, error) {
	if !(o.ToleranceM > 0 && o.ToleranceM <= MaxToleranceM) {
		return nil, ErrTolerance
	}
	before, err := newCheck(ctx, areas, o.Options)
	if err != nil {
		return nil, err
	}
	before.all()
	out := &Repair{Geoms: make([]orb.MultiPolygon, len(areas)), Before: before.done()}
	for i := range areas {
		out.Geoms[i] = areas[i].Geom
	}
	if broken(out.Before) == 0 {
		out.After = out.Before
		return out, ctx.Err()
	}
	mended := slices.Clone(areas)
	snapped := before.snap(mended, o.ToleranceM)
	c, err := newCheck(ctx, mended, o.Options)
	if err != nil {
		return nil, err
	}
	changed := c.assign(o.ToleranceM)
	for i := range areas {
		if !c.report.InForce[i] || !(snapped[i] || changed[i] || slices.Contains(c.p.Inserted, int32(i))) {
			continue
		}
		mp := c.outline(i)
		if len(mp) == 0 || len(valid.Check(mp)) > 0 {
			out.Kept = append(out.Kept, i)
			mended[i].Geom = areas[i].Geom
			continue
		}
		mended[i].Geom = mp
	}
	if out.After, err = Check(ctx, mended, o.Options); err != nil {
		return nil, err
	}
	if broken(out.After) >= broken(out.Before) {
		out.After, out.Kept = out.Before, nil
		return out, nil
	}
	out.measure(areas, mended)
	return out, ctx.Err()
}

// outline is the ground that the assigned faces give to an area.
func (c *check) outline(area int) orb.MultiPolygon {
	var faces []int32
	for f := range c.p.Faces {
		if slices.Contains(c.p.Faces[f].Cover, int32(area)) {
			faces = append(faces, int32(f))
		}
	}
	return c.p.Outline(faces, &c.marks)
}

// measure fills in what moved.
func (r *Repair) measure(old, now []Area) {
	var all []float64
	for i := range old {
		if sameGeom(old[i].Geom, now[i].Geom) {
			continue
		}
		r.Geoms[i] = now[i].Geom
		d := displacements(old[i].Geom, now[i].Geom)
		x := Change{Area: i, Name: old[i].Name, BeforeM2: geodesy.AreaM2(old[i].Geom), AfterM2: geodesy.AreaM2(now[i].Geom), Moved: d.moved, Inserted: d.inserted,
			DisplacementM: d.worst}
		r.Changes = append(r.Changes, x)
		r.Moved += d.moved
		r.Inserted += d.inserted
		all = append(all, d.all...)
		if d.worst >= r.MaxM {
			r.MaxM, r.MaxAt = d.worst, d.at
		}
	}
	slices.SortStableFunc(r.Changes, func(a, b Change) int { return cmp.Compare(b.DisplacementM, a.DisplacementM) })
	slices.Sort(all)
	if n := len(all); n > 0 {
		r.P50M, r.P95M = all[n/2], all[n*95/100]
	}
}

func sameGeom(a, b orb.MultiPolygon) bool {
	return slices.EqualFunc(a, b, func(p, q orb.Polygon) bool {
		return slices.EqualFunc(p, q, func(r, s orb.Ring) bool { return slices.Equal(r, s) })
	})
}

type displacement struct {
	moved, inserted int
	all             []float64
	worst           float64
	at              orb.Point
}

// displacements are the distances of the vertices that only one of two forms of an area has from the border of the other.
func displacements(old, now orb.MultiPolygon) displacement {
	var d displacement
	one := func(from, to orb.MultiPolygon, count *int) {
		has := map[orb.Point]bool{}
		sides := sidesOf(to)
		for _, s := range sides {
			has[s.a] = true
		}
		g := newGrid(sides, 2)
		for _, poly := range from {
			for _, r := range poly {
				for _, p := range r[:max(len(r)-1, 0)] {
					if has[p] {
						continue
					}
					s, m := g.nearest(p, func(*side) bool { return true })
					if s == nil {
						kx, ky := degreeM(p[1])
						m = math.Inf(1)
						for i := range sides {
							m = min(m, distanceM(p, sides[i].a, sides[i].b, kx, ky))
						}
					}
					*count++
					d.all = append(d.all, m)
					if m >= d.worst {
						d.worst, d.at = m, p
					}
				}
			}
		}
	}
	one(old, now, &d.moved)
	one(now, old, &d.inserted)
	return d
}

func sidesOf(mp orb.MultiPolygon) []side {
	var out []side
	for _, poly := range mp {
		for _, r := range poly {
			for i := 1; i < len(r); i++ {
				out = append(out, side{a: r[i-1], b: r[i]})
			}
		}
	}
	return out
}

// snap joins vertices and puts vertices into edges, in place; it returns which areas it changed.
func (c *check) snap(areas []Area, toleranceM float64) []bool {
	s := &snapper{c: c, tol: toleranceM, owners: map[plane.Vertex][]int32{}, to: map[plane.Vertex]plane.Vertex{}}
	s.collect(areas)
	s.join()
	s.edges()
	changed := make([]bool, len(areas))
	for i := range areas {
		if s.involved[i] && c.report.InForce[i] {
			if mp := s.apply(areas[i].Geom); !sameGeom(mp, areas[i].Geom) {
				areas[i].Geom, changed[i] = mp, true
			}
		}
	}
	return changed
}
