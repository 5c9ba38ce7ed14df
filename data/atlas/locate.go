package atlas

import (
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"yutu/geo/crs"
	"yutu/geo/division"
)

// Locate returns the units in force on the day at that contain p (lon, lat in degrees), from the top, at most one a
// level; none where no unit is. p is taken to the nearest crs.Quantum, and the test is exact on that grid.
//
// Who gets a point on a border: units are closed, and of several units of the lowest level that hold the point
// the one with the smallest code is chosen; above it follows its own parent as long as that holds the point too, so
// that the chain never says a village lies in a township which is not its own. Only where the parent is unknown or
// does not hold the point (data that do not nest) the level above is chosen by smallest code again.
func (s *Snapshot) Locate(p orb.Point, at division.Date) []*Item {
	if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
		return nil
	}
	p = crs.Snap(p)
	var chain []*Item
	var below *Item
	for level := division.Village; level >= division.Province; level-- {
		it := s.parentHolding(below, p, at)
		if it != nil {
			// The levels between a unit and its parent do not exist for it (counties directly under a province).
			level = it.Unit.Level
		} else {
			it = s.smallestHolding(level, p, at)
		}
		if it != nil {
			chain = append(chain, it)
			below = it
		}
	}
	slices.Reverse(chain)
	return chain
}

// parentHolding returns the parent of it, if that is known, of a higher level, and holds p.
func (s *Snapshot) parentHolding(it *Item, p orb.Point, at division.Date) *Item {
	if it == nil || it.Unit.Parent == "" {
		return nil
	}
	up, ok := s.ByCode(it.Unit.Parent, at)
	if !ok || up.Unit.Level == 0 || up.Unit.Level >= it.Unit.Level || up.locate(p) == outside {
		return nil
	}
	return up
}

// smallestHolding returns the unit of the level that holds p, the one with the smallest code if there are several.
func (s *Snapshot) smallestHolding(level division.Level, p orb.Point, at division.Date) *Item {
	var best *Item
	s.trees[level].Search(p, p, func(_, _ [2]float64, it *Item) bool {
		if it.Unit.Valid.Contains(at) && (best == nil || before(it, best)) && it.locate(p) != outside {
			best = it
		}
		return true
	})
	return best
}

func before(a, b *Item) bool {
	if c := strings.Compare(string(a.Unit.Code), string(b.Unit.Code)); c != 0 {
		return c < 0
	}
	return a.Unit.ID < b.Unit.ID
}
