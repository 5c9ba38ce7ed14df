package exchange

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"yutu/data/exchange/internal/inside"
	"yutu/geo/division"
)

// crossChecks is what only all units together can say: codes that clash, parents that are not there.
func (c *check) crossChecks() error {
	byCode := map[division.Code][]int{}
	var present [division.Village + 1]bool
	for i := range c.units {
		if u := &c.units[i]; u.ok {
			byCode[u.Code] = append(byCode[u.Code], i)
			present[u.Level] = true
		}
	}
	if c.known != nil {
		for _, l := range division.Levels {
			present[l] = present[l] || c.known.HasLevel(l)
		}
	}
	c.duplicates(byCode)
	for i := range c.units {
		if u := &c.units[i]; u.ok {
			c.settleParent(u, byCode, hasAbove(present[:], u.Level))
		}
		for _, f := range c.units[i].findings {
			c.findings.Add(f)
		}
		c.units[i].findings = nil
	}
	return c.unitsInParents(byCode)
}

// hasAbove reports whether any unit above the level is on record: then a parent can be asked for.
func hasAbove(present []bool, l division.Level) bool {
	for above := division.Province; above < l; above++ {
		if present[above] {
			return true
		}
	}
	return false
}

// duplicates finds units of one code that are in force on the same day.
func (c *check) duplicates(byCode map[division.Code][]int) {
	for i := range c.units {
		u := &c.units[i]
		if !u.ok || byCode[u.Code][0] != i || len(byCode[u.Code]) == 1 {
			continue
		}
		same := slices.Clone(byCode[u.Code])
		slices.SortStableFunc(same, func(a, b int) int {
			return cmp.Compare(c.units[a].Valid.From, c.units[b].Valid.From)
		})
		// In the order of their beginnings each is held against the one that lasts longest so far: every unit that
		// clashes with any is found, in n log n.
		longest := same[0]
		for _, at := range same[1:] {
			a, b := &c.units[longest], &c.units[at]
			if a.Valid.Overlaps(b.Valid) {
				first, second := a, b
				if second.record < first.record {
					first, second = second, first
				}
				if first.Valid == second.Valid {
					c.add(second, codeDuplicate(first))
				} else {
					c.add(second, codeOverlap(first, second))
				}
			}
			if b.Valid.To > a.Valid.To {
				longest = at
			}
		}
	}
}

// settleParent finds the parent of a unit, by what the file states or else by the digits of its code, and says
// when it is not there or not above. needed is false for the topmost level on record, which needs none.
func (c *check) settleParent(u *unit, byCode map[division.Code][]int, needed bool) {
	if u.parentAs == "" {
		u.Parent = c.parentByDigits(u, byCode)
	}
	if u.Parent == "" {
		if needed {
			c.add(u, parentMissing(u.Code, ""))
		}
		return
	}
	level, inForce, ok := c.lookUp(u, u.Parent, byCode)
	switch {
	case !ok && !needed:
		if u.parentAs == "" {
			u.Parent = "" // nothing is known above: the topmost has no parent
		}
	case !ok:
		c.add(u, parentMissing(u.Code, u.Parent))
	case u.Parent == u.Code || level >= u.Level:
		c.add(u, parentNotAbove(u.Level, u.Parent, level))
	case !u.Code.Within(u.Parent):
		c.add(u, parentDisagrees(u.Code, u.Parent))
	case !inForce && !u.Valid.Empty():
		c.add(u, parentNotInForce(u.Parent, u.Valid))
	}
}

// parentByDigits is the code above. Counties directly under a province (省直辖县级行政区划, and the districts of the
// municipalities) have no prefecture above them: then it is the province that is taken if it is on record.
func (c *check) parentByDigits(u *unit, byCode map[division.Code][]int) division.Code {
	p, ok := u.Code.Parent()
	if !ok {
		return ""
	}
	if _, _, ok := c.lookUp(u, p, byCode); !ok && u.Code.Level() == division.County {
		if top, ok := p.Parent(); ok {
			if _, _, ok := c.lookUp(u, top, byCode); ok {
				return top
			}
		}
	}
	return p
}

// lookUp finds a unit by code in the file, else among what is known. inForce is true when it is valid on some day
// on which u is.
func (c *check) lookUp(u *unit, code division.Code, byCode map[division.Code][]int) (level division.Level, inForce, ok bool) {
	for n, i := range byCode[code] {
		p := &c.units[i]
		level, ok = p.Level, true
		if p.Valid.Overlaps(u.Valid) {
			return level, true, true
		}
		if n == maxVersions {
			break
		}
	}
	if c.known != nil {
		if _, l, found := c.known.UnitAt(code); found {
			return l, true, true
		}
	}
	return level, false, ok
}

// maxVersions bounds how many versions of one code are looked at; real codes have a handful.
const maxVersions = 100

// unitsInParents warns of units of which a point inside does not lie in the parent of the same file. It is the cheap
// form of "lies within": a unit that was given to the wrong parent is found, a border that strays is not.
func (c *check) unitsInParents(byCode map[division.Code][]int) error {
	children := map[int][]int{}
	for i := range c.units {
		u := &c.units[i]
		if !u.ok || u.Parent == "" || u.within == (orb.Point{}) {
			continue
		}
		for _, p := range byCode[u.Parent] {
			if c.units[p].Valid.Overlaps(u.Valid) && c.units[p].within != (orb.Point{}) {
				children[p] = append(children[p], i)
				break
			}
		}
	}
	parents := make([]int, 0, len(children))
	for p := range children {
		parents = append(parents, p)
	}
	slices.Sort(parents)
	strayed := make([][]int, len(parents))
	err := c.inParallel(len(parents), nil, func(n int) {
		p := &c.units[parents[n]]
		area := newArea(p.Geom)
		for _, i := range children[parents[n]] {
			if area.outside(c.units[i].within) {
				strayed[n] = append(strayed[n], i)
			}
		}
	})
	if err != nil {
		return err
	}
	for n, p := range parents {
		for _, i := range strayed[n] {
			u := &c.units[i]
			c.add(u, outsideParent(u.within, &c.units[p]))
			c.findings.Add(u.findings[0])
			u.findings = nil
		}
	}
	return nil
}

// area locates points in a multipolygon.
type area struct {
	polygons [][]*inside.Ring
	bounds   []orb.Bound
	work     int64 // edges that may still be looked at
}

func newArea(mp orb.MultiPolygon) *area {
	a := &area{work: 100_000_000 + 100*int64(vertices(mp))}
	for _, poly := range mp {
		var rings []*inside.Ring
		for _, r := range poly {
			rings = append(rings, inside.New(r))
		}
		a.polygons, a.bounds = append(a.polygons, rings), append(a.bounds, poly.Bound())
	}
	return a
}

// outside reports whether p certainly lies outside; on the border, or when the work is used up, it does not.
func (a *area) outside(p orb.Point) bool {
	for i, rings := range a.polygons {
		if a.work--; a.work < 0 {
			return false
		}
		if !a.bounds[i].Contains(p) {
			continue
		}
		in := true
		for n, r := range rings {
			before := r.Work
			side := r.Locate(p)
			a.work -= r.Work - before
			if n == 0 && side == inside.Out || n > 0 && side == inside.In {
				in = false
				break
			}
		}
		if in {
			return false
		}
	}
	return true
}
