package atlas

import (
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"yutu/geo/crs"
	"yutu/geo/division"
)

// Located is where a point lies.
type Located struct {
	// Chain holds the units that hold the point, from the top, at most one a level, chosen as Locate does. It is shared: the caller must not
	// change it.
	Chain []*Item
	// Borders are the levels at which the point lies on a border, from the top; nil for nearly every point.
	Borders []Border
}

// Border says that a point lies on a border of units of a level.
type Border struct {
	Level division.Level
	// Units are all units of the level that hold the point, by code: both sides of an inner border, three and more where borders
	// meet, one on the outer border of all that is known.
	Units []*Item
}

// At returns the units on whose border the point lies at a level; nil where it lies inside.
func (l Located) At(level division.Level) []*Item {
	for _, b := range l.Borders {
		if b.Level == level {
			return b.Units
		}
	}
	return nil
}

// LocatePoint is Locate that also says at which levels the point lies on a border. For many points take a Locator.
func (s *Snapshot) LocatePoint(p orb.Point, at division.Date) Located {
	if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
		return Located{}
	}
	p = crs.Snap(p)
	out := Located{Chain: s.Locate(p, at)}
	for level := division.Province; level <= division.Village; level++ {
		var holds []*Item
		border := false
		s.trees[level].Search(p, p, func(_, _ [2]float64, it *Item) bool {
			if it.Unit.Valid.Contains(at) {
				if where := it.locate(p); where != outside {
					holds = append(holds, it)
					border = border || where == onBorder
				}
			}
			return true
		})
		if border {
			slices.SortFunc(holds, byCode)
			out.Borders = append(out.Borders, Border{level, holds})
		}
	}
	return out
}

func byCode(a, b *Item) int {
	switch {
	case before(a, b):
		return -1
	case before(b, a):
		return 1
	}
	return 0
}

// Locator finds the units that hold points on the days between two changes of the map, a hundred times faster than looking through the trees.
// It is exact: its answers are those of LocatePoint. Safe for concurrent use.
//
// It is a raster over all units in force. A cell that no border touches knows its chain of units; every other knows the few units
// whose borders touch it, and only those are tested against the point itself. It costs cellsPerUnit·4 bytes a unit of the lowest level, 4 MB to 32 MB,
// and is built in about a second for a province: at the first request for it, not with the snapshot.
type Locator struct {
	min        orb.Point
	max        orb.Point
	perX, perY float64 // cells per degree
	cols, rows int32
	cells      []uint32 // index into lists
	lists      []candidates
	refs       []ref

	units []*Item
	level []division.Level
	up    []int32   // the parent in force of a unit, −1 where it has none that could be followed
	chain [][]*Item // of a unit whose parents all hold the point
}

// candidates are the units that may hold a point of a cell.
type candidates struct {
	first, end uint32  // in refs: the lowest level first, by code within a level
	chain      []*Item // the answer everywhere in the cell unless mixed
	mixed      bool    // a border touches the cell
}

// ref is a unit and whether its border touches the cell; otherwise it holds all of the cell.
type ref struct {
	unit    int32
	touches bool
}

const (
	// cellsPerUnit makes a square unit some 18 cells wide, so that a border touches about a quarter of them.
	cellsPerUnit       = 320
	minCells, maxCells = 1 << 16, 1 << 23
	// minCellDeg keeps the middle of a cell on the grid of crs.Quantum within the cell.
	minCellDeg = 1e-7
	// keptLocators bounds how many a snapshot keeps: those of the dates asked for last.
	keptLocators = 3
)

// locators are those of one snapshot.
type locators struct {
	mu   sync.Mutex
	kept []datedLocator // the one used last at the end
}

type datedLocator struct {
	from division.Date
	make func() *Locator // builds once
}

// Locator returns the locator for the day at, building it if no day with the same map was asked for before.
func (s *Snapshot) Locator(at division.Date) *Locator {
	from := s.interval(at)
	m := &s.memo.locators
	m.mu.Lock()
	i := slices.IndexFunc(m.kept, func(d datedLocator) bool { return d.from == from })
	var d datedLocator
	if i >= 0 {
		d = m.kept[i]
		m.kept = append(slices.Delete(m.kept, i, i+1), d)
	} else {
		d = datedLocator{from, sync.OnceValue(func() *Locator { return s.newLocator(from) })}
		if len(m.kept) == keptLocators {
			m.kept = slices.Delete(m.kept, 0, 1)
		}
		m.kept = append(m.kept, d)
	}
	m.mu.Unlock() // other dates need not wait
	return d.make()
}

func (s *Snapshot) newLocator(at division.Date) *Locator {
	l := &Locator{}
	all := emptyBox
	number := map[*Item]int32{}
	// From the top, so that neighbouring cells go through the same states.
	for level := division.Province; level <= division.Village; level++ {
		first := len(l.units)
		s.trees[level].Scan(func(_, _ [2]float64, it *Item) bool {
			if it.Unit.Valid.Contains(at) {
				l.units = append(l.units, it)
			}
			return true
		})
		slices.SortFunc(l.units[first:], byCode)
		for _, it := range l.units[first:] {
			number[it] = int32(len(l.level))
			l.level = append(l.level, level)
			all = all.with(it.Bounds.Min).with(it.Bounds.Max)
		}
	}
	if len(l.units) == 0 {
		return l
	}
	l.min, l.max = orb.Point{all.minX, all.minY}, orb.Point{all.maxX, all.maxY}
	l.follow(s, at, number)
	l.divide(len(l.units))
	l.fill()
	return l
}

// follow finds the parent of each unit and the chain above it.
func (l *Locator) follow(s *Snapshot, at division.Date, number map[*Item]int32) {
	l.up, l.chain = make([]int32, len(l.units)), make([][]*Item, len(l.units))
	for i, it := range l.units {
		l.up[i] = -1
		if it.Unit.Parent == "" {
			continue
		}
		// Units without a geometry hold nothing and have no number.
		if up, ok := s.ByCode(it.Unit.Parent, at); ok && up.Unit.Level != 0 && up.Unit.Level < it.Unit.Level {
			if k, ok := number[up]; ok {
				l.up[i] = k
			}
		}
	}
	for i := range l.units { // parents stand before their children
		var above []*Item
		if up := l.up[i]; up >= 0 {
			above = l.chain[up]
		}
		l.chain[i] = append(slices.Clip(above), l.units[i])
	}
}

// divide settles the size of the cells.
func (l *Locator) divide(units int) {
	width, height := max(l.max[0]-l.min[0], minCellDeg), max(l.max[1]-l.min[1], minCellDeg)
	n := float64(min(max(units*cellsPerUnit, minCells), maxCells))
	cell := max(math.Sqrt(width*height/n), minCellDeg, width/(1<<20), height/(1<<20))
	l.cols, l.rows = int32(math.Ceil(width/cell)), int32(math.Ceil(height/cell))
	l.perX, l.perY = float64(l.cols)/width, float64(l.rows)/height
	l.cells = make([]uint32, int(l.cols)*int(l.rows))
}

// col and row never decrease with the coordinate, so that what lies between two coordinates lies in the cells between theirs.
func (l *Locator) col(x float64) int32 { return min(max(int32((x-l.min[0])*l.perX), 0), l.cols-1) }
func (l *Locator) row(y float64) int32 { return min(max(int32((y-l.min[1])*l.perY), 0), l.rows-1) }

// Locate returns where p lies (lon, lat in degrees, CGCS2000), taken to the nearest crs.Quantum.
func (l *Locator) Locate(p orb.Point) Located {
	p = crs.Snap(p)
	if !(p[0] >= l.min[0] && p[0] <= l.max[0] && p[1] >= l.min[1] && p[1] <= l.max[1]) || l.cells == nil {
		return Located{}
	}
	c := &l.lists[l.cells[int(l.row(p[1]))*int(l.cols)+int(l.col(p[0]))]]
	if !c.mixed {
		return Located{Chain: c.chain}
	}
	return l.among(l.refs[c.first:c.end], p)
}

// among chooses among candidates as Snapshot.Locate does.
func (l *Locator) among(refs []ref, p orb.Point) Located {
	var room [16]place
	places := room[:0]
	border := false
	for _, r := range refs {
		where := inside
		if r.touches {
			where = l.units[r.unit].locate(p)
			border = border || where == onBorder
		}
		places = append(places, where)
	}
	out := Located{Chain: l.choose(refs, places)}
	if border {
		out.Borders = l.borders(refs, places)
	}
	return out
}

// choose walks up from the lowest level: the parent where it holds the point too, otherwise the unit of the level with the smallest code.
func (l *Locator) choose(refs []ref, places []place) []*Item {
	var chain [len(division.Levels)]int32
	n := 0
	below := int32(-1)
	for level := division.Village; level >= division.Province; level-- {
		pick := int32(-1)
		if below >= 0 && l.up[below] >= 0 {
			for k, r := range refs {
				if r.unit == l.up[below] && places[k] != outside {
					pick = r.unit
					level = l.level[pick] // the levels between do not exist for it
					break
				}
			}
		}
		if pick < 0 {
			for k, r := range refs {
				if l.level[r.unit] == level && places[k] != outside {
					pick = r.unit
					break
				}
			}
		}
		if pick >= 0 {
			chain[n] = pick
			n++
			below = pick
		}
	}
	if n == 0 {
		return nil
	}
	// Nearly always it is the chain of the lowest unit's parents, which is there already.
	usual := l.chain[chain[0]]
	if len(usual) == n {
		same := true
		for i := range n {
			same = same && usual[n-1-i] == l.units[chain[i]]
		}
		if same {
			return usual
		}
	}
	items := make([]*Item, n)
	for i := range n {
		items[n-1-i] = l.units[chain[i]]
	}
	return items
}

func (l *Locator) borders(refs []ref, places []place) []Border {
	var out []Border
	for _, level := range division.Levels {
		var holds []*Item
		border := false
		for k, r := range refs {
			if l.level[r.unit] == level && places[k] != outside {
				holds = append(holds, l.units[r.unit])
				border = border || places[k] == onBorder
			}
		}
		if border {
			out = append(out, Border{level, holds})
		}
	}
	return out
}
