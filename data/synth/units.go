package synth

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/division"
	"yutu/geo/geodesy"
	"yutu/geo/topo"
)

// makeUnits writes every version of every unit, with its area, dates and label.
func (c *county) makeUnits() error {
	n := len(c.tables.Neighbours) + 1
	label := slices.Clone(c.counties)
	for i, l := range label {
		if int(l) >= n {
			label[i] = none // the land beyond
		}
	}
	k := c.tables.County
	for i, g := range c.line.areas(label, n) {
		u := c.unit(k.Code, division.County, k.Type, k.Name, "", division.Always)
		if i > 0 {
			b := c.tables.Neighbours[i-1]
			u.Code, u.Type, u.Name = b.Code, b.Type, b.Name
		}
		u.Geom = g
		c.Units = append(c.Units, u)
	}
	c.townshipUnits()
	c.villageUnits()
	slices.SortFunc(c.Units, func(a, b division.Unit) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Valid.From, b.Valid.From))
	})
	inParallel(len(c.Units), func() func(int) {
		return func(i int) { c.Units[i].Label = topo.LabelPoint(c.Units[i].Geom) }
	})
	return nil
}

func (c *county) townshipUnits() {
	change := c.tables.County.TownshipChange
	parts := make([]int, len(c.townships))
	now := make([]int32, len(c.oldTownships))
	for i := range c.oldTownships {
		now[i] = int32(c.today(i))
		parts[now[i]]++
	}
	put := func(code division.Code, kind, name string, valid division.Range, g orb.MultiPolygon) {
		u := c.unit(code, division.Township, kind, name, c.tables.County.Code, valid)
		u.Geom = g
		c.Units = append(c.Units, u)
	}
	before := c.line.areas(c.old, len(c.oldTownships))
	after := c.line.areas(relabel(c.old, now), len(c.townships))
	for i, t := range c.oldTownships {
		valid := division.Range{From: division.Past, To: change}
		if t.Into == "" && parts[now[i]] == 1 {
			valid = division.Always
		}
		put(t.Code, t.Type, t.Name, valid, before[i])
	}
	for i, t := range c.townships {
		if t.VillagesBefore == 0 || parts[i] > 1 {
			put(t.Code, t.Type, t.Name, division.Range{From: change, To: division.Future}, after[i])
		}
	}
}

func (c *county) villageUnits() {
	change, merger := c.tables.County.TownshipChange, c.tables.County.VillageChange
	into := make([]int32, len(c.hamlets))
	before := c.line.areas(c.village, len(c.hamlets))
	put := func(code division.Code, community bool, name string, from, to division.Date, g orb.MultiPolygon) {
		u := c.unit(code, division.Village, kindOf(community), name, code[:9]+"000", division.Range{From: from, To: to})
		u.Geom = g
		c.Units = append(c.Units, u)
	}
	for i, h := range c.hamlets {
		into[i] = int32(h.into)
		end := division.Future
		if len(c.villages[h.into].members) > 1 {
			end = merger
		}
		if h.first == h.second {
			put(h.first, h.community, h.name, division.Past, end, before[i])
		} else {
			put(h.first, h.community, h.name, division.Past, change, before[i])
			put(h.second, h.community, h.name, change, end, before[i])
		}
	}
	after := c.line.areas(relabel(c.village, into), len(c.villages))
	for i, v := range c.villages {
		if len(v.members) > 1 {
			put(v.code, false, v.name, merger, division.Future, after[i])
		}
	}
}

// writeLineage writes the crosswalk of both dates on both levels. Since all changes are unions, every share is 1.
func (c *county) writeLineage() error {
	change, merger := c.tables.County.TownshipChange, c.tables.County.VillageChange
	type key struct {
		code division.Code
		from division.Date
	}
	area := map[key]float64{}
	for _, u := range c.Units {
		area[key{u.Code, u.Valid.From}] = geodesy.AreaM2(u.Geom)
	}
	// size is the area of the version in force on the day before a date.
	size := func(code division.Code, before division.Date) float64 {
		if a, ok := area[key{code, change}]; ok && change < before {
			return a
		}
		return area[key{code, division.Past}]
	}
	event := func(old, now division.Code, parts int) Event {
		switch {
		case parts == 1 && old == now:
			return Unchanged
		case parts == 1:
			return Recode
		case old == now:
			return Enlarge
		}
		return Merge
	}
	put := func(level division.Level, date division.Date, old, now division.Code, oldName, newName string, parts, people int) {
		c.Lineage = append(c.Lineage, Succession{Level: level, Old: old, New: now, OldName: oldName, NewName: newName, Date: date,
			Event: event(old, now, parts), AreaShare: 1, PeopleShare: 1, AreaM2: size(old, date), PeoplePassed: people})
	}
	parts := make([]int, len(c.townships))
	people := make([]int, len(c.oldTownships))
	for i := range c.oldTownships {
		parts[c.today(i)]++
	}
	for _, h := range c.hamlets {
		people[h.old] += h.people()
	}
	for i, t := range c.oldTownships {
		now := c.townships[c.today(i)]
		put(division.Township, change, t.Code, now.Code, t.Name, now.Name, parts[c.today(i)], people[i])
	}
	for _, h := range c.hamlets {
		put(division.Village, change, h.first, h.second, h.name, h.name, 1, h.people())
		v := c.villages[h.into]
		put(division.Village, merger, h.second, v.code, h.name, v.name, len(v.members), h.people())
	}
	slices.SortFunc(c.Lineage, func(a, b Succession) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.Level, b.Level), cmp.Compare(a.Old, b.Old), cmp.Compare(a.New, b.New))
	})
	return nil
}
