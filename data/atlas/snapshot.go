package atlas

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/rtree"

	"yutu/geo/division"
	"yutu/tiles/index"
	"yutu/tiles/mvt"
)

// Snapshot is one immutable state of all divisions in all their versions, with its indexes. Safe for concurrent use.
type Snapshot struct {
	seq      int64
	loadedAt time.Time

	rows     sorted[row]     // by id
	byCode   sorted[codeRow] // by code, first day, id
	byParent sorted[*Item]   // by parent, code, first day, id
	trees    [6]*tree        // by level; 0 holds units of unknown level
	breaks   []breakpoint    // days at which anything begins or ends, ascending
	book     *book           // events and lineage
	ix       *index.Index
	log      touchLog
	memo     *memo
}

type tree = rtree.RTreeG[*Item]

// row holds what a scan looks at, side by side in memory: following 25,000 pointers takes ten times as long.
type row struct {
	id           int64
	code, parent division.Code
	box          box
	valid        division.Range
	level        division.Level
	item         *Item
}

// codeRow does the same for the order of codes and for the search by name.
type codeRow struct {
	code   division.Code
	key    string
	item   *Item
	valid  division.Range
	level  division.Level
	length uint8 // of key in characters, at most maxRankedLength
}

// breakpoint is a day at which n valid ranges begin or end.
type breakpoint struct {
	day division.Date
	n   int
}

// Seq is the place in the change log that the snapshot reflects.
func (s *Snapshot) Seq() int64 { return s.seq }

// Len returns the number of versions held.
func (s *Snapshot) Len() int { return s.rows.len() }

// ZoomRange returns the first and the last zoom for which there are tiles.
func (s *Snapshot) ZoomRange() (first, last uint8) { return s.ix.MinZoom(), s.ix.MaxZoom() }

// ByID returns the version with the database's key id.
func (s *Snapshot) ByID(id int64) (*Item, bool) {
	chunk, i, ok := s.rows.search(func(r *row) int { return cmp.Compare(r.id, id) })
	if !ok {
		return nil, false
	}
	return s.rows.chunks[chunk][i].item, true
}

// ByCode returns the version of the unit that is in force on the day at. Should the data hold several, which the
// store forbids, it is the one that began last.
func (s *Snapshot) ByCode(code division.Code, at division.Date) (*Item, bool) {
	rows := s.codeRows(code)
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].item.Unit.Valid.Contains(at) {
			return rows[i].item, true
		}
	}
	return nil, false
}

// Versions returns all versions of the unit, the oldest first.
func (s *Snapshot) Versions(code division.Code) []*Item {
	return itemsIn(s.codeRows(code))
}

func itemsIn(rows []codeRow) []*Item {
	if len(rows) == 0 {
		return nil
	}
	out := make([]*Item, len(rows))
	for i := range rows {
		out[i] = rows[i].item
	}
	return out
}

// codesUnder returns the versions of all units whose code begins with the digits.
func (s *Snapshot) codesUnder(digits string) []codeRow {
	return s.byCode.where(func(r *codeRow) int {
		if strings.HasPrefix(string(r.code), digits) {
			return 0
		}
		return cmp.Compare(string(r.code), digits)
	})
}

func (s *Snapshot) codeRows(code division.Code) []codeRow {
	return s.byCode.where(func(r *codeRow) int { return cmp.Compare(r.code, code) })
}

// Children returns the units directly below code that are in force on the day at, ordered by code. The empty code
// gives the units that name no parent.
func (s *Snapshot) Children(code division.Code, at division.Date) []*Item {
	var out []*Item
	for _, it := range s.childRows(code) {
		if it.Unit.Valid.Contains(at) {
			out = append(out, it)
		}
	}
	return out
}

func (s *Snapshot) childRows(parent division.Code) []*Item {
	return s.byParent.where(func(it **Item) int { return cmp.Compare((*it).Unit.Parent, parent) })
}

// maxDepth bounds a walk up the parents, which a mistake in the data could turn into a circle.
const maxDepth = len(division.Levels) + 1

// Chain returns the units above code that are in force on the day at, from the top, without the unit itself. It
// is empty when the unit is unknown at that day or topmost, and ends where a parent is unknown.
func (s *Snapshot) Chain(code division.Code, at division.Date) []*Item {
	it, ok := s.ByCode(code, at)
	if !ok {
		return nil
	}
	return s.above(it, at)
}

func (s *Snapshot) above(it *Item, at division.Date) []*Item {
	var out []*Item
	for len(out) < maxDepth && it.Unit.Parent != "" {
		up, ok := s.ByCode(it.Unit.Parent, at)
		if !ok || up == it || slices.Contains(out, up) {
			break
		}
		out = append(out, up)
		it = up
	}
	slices.Reverse(out)
	return out
}

// interval returns the first day of the stretch around at within which nothing begins or ends; division.Past for the
// one before the first date on record. All days of a stretch see the same map.
func (s *Snapshot) interval(at division.Date) division.Date {
	i, found := slices.BinarySearchFunc(s.breaks, at, func(b breakpoint, d division.Date) int { return cmp.Compare(b.day, d) })
	if found {
		return at
	}
	if i == 0 {
		return division.Past
	}
	return s.breaks[i-1].day
}

// build makes a snapshot from scratch; items need no order but unique ids.
func build(ctx context.Context, seq int64, items []*Item, b *book, gen uint64) (*Snapshot, error) {
	return assemble(ctx, seq, items, b, gen, true)
}

// assemble builds a snapshot with or without what tiles are cut from, which takes most of the time.
func assemble(ctx context.Context, seq int64, items []*Item, b *book, gen uint64, withTiles bool) (*Snapshot, error) {
	s := &Snapshot{seq: seq, loadedAt: time.Now(), book: b, log: newTouchLog(gen), memo: &memo{}}
	features := make([]index.Feature, 0, len(items))
	for _, it := range items {
		if withTiles && len(it.Unit.Geom) > 0 {
			features = append(features, feature(it))
		}
	}
	var err error
	if s.ix, err = index.Build(ctx, index.DefaultConfig(), features); err != nil {
		return nil, fmt.Errorf("tile index: %w", err)
	}
	var days []division.Date
	for i := range s.trees {
		s.trees[i] = &tree{}
	}
	rows, codes, parents := each(items, (*Item).row), each(items, (*Item).codeRow), slices.Clone(items)
	for _, it := range items {
		days = append(days, it.Unit.Valid.From, it.Unit.Valid.To)
		if len(it.Unit.Geom) > 0 {
			s.trees[treeOf(it.Unit.Level)].Insert(it.Bounds.Min, it.Bounds.Max, it)
		}
	}
	slices.SortFunc(rows, compareRows)
	slices.SortFunc(codes, compareCodeRows)
	slices.SortFunc(parents, compareParents)
	s.rows, s.byCode, s.byParent = newSorted(rows), newSorted(codes), newSorted(parents)
	slices.Sort(days)
	for _, d := range days {
		s.breaks = count(s.breaks, d, 1)
	}
	return s, nil
}

// derive makes the snapshot that follows prev when the items in changed replace those with the same ids; nil means
// gone; b is the book of events from then on. Its cost follows the change. prev stays as it is.
func derive(prev *Snapshot, seq int64, changed map[int64]*Item, b *book) (*Snapshot, []index.Touched, error) {
	var gone, come []*Item
	for id, it := range changed {
		old, had := prev.ByID(id)
		if had && it != nil && sameUnit(&old.Unit, &it.Unit) || !had && it == nil {
			continue
		}
		if had {
			gone = append(gone, old)
		}
		if it != nil {
			come = append(come, it)
		}
	}
	s := *prev
	s.seq, s.loadedAt, s.book = seq, time.Now(), b
	if len(gone) == 0 && len(come) == 0 {
		return &s, nil, nil
	}
	s.memo = &memo{}

	var remove []int64
	var add []index.Feature
	s.breaks = slices.Clone(prev.breaks)
	copied := [len(s.trees)]bool{}
	own := func(l division.Level) *tree {
		i := treeOf(l)
		if !copied[i] {
			copied[i], s.trees[i] = true, s.trees[i].Copy()
		}
		return s.trees[i]
	}
	for _, it := range gone {
		s.breaks = count(s.breaks, it.Unit.Valid.From, -1)
		s.breaks = count(s.breaks, it.Unit.Valid.To, -1)
		if len(it.Unit.Geom) > 0 {
			remove = append(remove, it.Unit.ID)
			own(it.Unit.Level).Delete(it.Bounds.Min, it.Bounds.Max, it)
		}
	}
	for _, it := range come {
		s.breaks = count(s.breaks, it.Unit.Valid.From, 1)
		s.breaks = count(s.breaks, it.Unit.Valid.To, 1)
		if len(it.Unit.Geom) > 0 {
			add = append(add, feature(it))
			own(it.Unit.Level).Insert(it.Bounds.Min, it.Bounds.Max, it)
		}
	}
	s.rows = prev.rows.with(each(gone, (*Item).row), each(come, (*Item).row), compareRows)
	s.byCode = prev.byCode.with(each(gone, (*Item).codeRow), each(come, (*Item).codeRow), compareCodeRows)
	s.byParent = prev.byParent.with(gone, come, compareParents)

	var touched []index.Touched
	if len(remove) > 0 || len(add) > 0 {
		// The order of a map is random; the index should not depend on it.
		slices.Sort(remove)
		slices.SortFunc(add, func(a, b index.Feature) int { return cmp.Compare(a.ID, b.ID) })
		var err error
		if s.ix, touched, err = prev.ix.Replace(remove, add); err != nil {
			return nil, nil, fmt.Errorf("tile index: %w", err)
		}
		s.log = prev.log.with(touched)
	}
	return &s, touched, nil
}

// feature is what the tile index needs of an item.
func feature(it *Item) index.Feature {
	u := &it.Unit
	rank := uint8(u.Level)
	if rank < 1 || rank > uint8(division.Village) {
		rank = uint8(division.Village)
	}
	return index.Feature{
		ID: u.ID, Rank: rank, From: int32(u.Valid.From), To: int32(u.Valid.To), Key: string(u.Code),
		Props: []mvt.Prop{
			{Key: "code", Value: string(u.Code)},
			{Key: "name", Value: u.Name},
			{Key: "level", Value: int64(u.Level)},
			{Key: "type", Value: u.Type},
			{Key: "parent", Value: string(u.Parent)},
			{Key: "synthetic", Value: u.Synthetic},
		},
		Geom: u.Geom, Label: u.Label,
	}
}

func treeOf(l division.Level) int {
	if int(l) >= len(Snapshot{}.trees) {
		return 0
	}
	return int(l)
}

func compareRows(a, b row) int { return cmp.Compare(a.id, b.id) }

func compareCodeRows(a, b codeRow) int {
	return cmp.Or(strings.Compare(string(a.code), string(b.code)), compareAge(a.item, b.item))
}

func compareParents(a, b *Item) int {
	return cmp.Or(strings.Compare(string(a.Unit.Parent), string(b.Unit.Parent)),
		strings.Compare(string(a.Unit.Code), string(b.Unit.Code)), compareAge(a, b))
}

func compareAge(a, b *Item) int {
	return cmp.Or(cmp.Compare(a.Unit.Valid.From, b.Unit.Valid.From), cmp.Compare(a.Unit.ID, b.Unit.ID))
}

func each[T any](items []*Item, f func(*Item) T) []T {
	out := make([]T, len(items))
	for i, it := range items {
		out[i] = f(it)
	}
	return out
}

// count adds n to the breakpoint at day in a slice that the caller owns, and drops it at zero.
func count(breaks []breakpoint, day division.Date, n int) []breakpoint {
	i, found := slices.BinarySearchFunc(breaks, day, func(b breakpoint, d division.Date) int { return cmp.Compare(b.day, d) })
	if !found {
		return slices.Insert(breaks, i, breakpoint{day, n})
	}
	if breaks[i].n += n; breaks[i].n == 0 {
		return slices.Delete(breaks, i, i+1)
	}
	return breaks
}
