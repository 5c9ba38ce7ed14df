package synth

import (
	"cmp"
	"fmt"
	"slices"

	"yutu/geo/division"
)

// Change is one event of the county's past, and the versions that it made out of each other.
type Change struct {
	// Event has no id, actor or time of recording.
	division.Event
	Edges []ChangeEdge
}

// ChangeEdge says which share of one version became part of another; Before and After are indexes of World.Units.
type ChangeEdge struct {
	Before, After int
	AreaShare     float64 // of the version before, 0–1
	PeopleShare   float64 // of the version before, 0–1
	AreaM2        float64 // on the ellipsoid
}

// writeHistory makes events of the lineage: one for each township that came out of others or got another code, with the
// villages that got other codes by it; one for each village that came out of others.
func (c *county) writeHistory() error {
	type key struct {
		code division.Code
		day  division.Date
	}
	versions := map[division.Code][]int{}
	for i := range c.Units {
		versions[c.Units[i].Code] = append(versions[c.Units[i].Code], i)
	}
	on := func(code division.Code, day division.Date) (int, error) {
		for _, i := range versions[code] {
			if c.Units[i].Valid.Contains(day) {
				return i, nil
			}
		}
		return 0, fmt.Errorf("no version of %s on %s", code, day)
	}
	events := map[key]*Change{}
	var order []key
	for _, s := range c.Lineage {
		if s.Event == Unchanged {
			continue
		}
		k := key{s.New, s.Date}
		if s.Level == division.Village && s.Date == c.tables.County.TownshipChange {
			k.code = s.New[:9] + "000" // it moved with its township
		}
		e := events[k]
		if e == nil {
			e = &Change{Event: division.Event{Kind: division.Recode, Date: s.Date}}
			c.approve(e)
			events[k] = e
			order = append(order, k)
		}
		before, err := on(s.Old, s.Date-1)
		if err != nil {
			return err
		}
		after, err := on(s.New, s.Date)
		if err != nil {
			return err
		}
		e.Edges = append(e.Edges, ChangeEdge{Before: before, After: after, AreaShare: s.AreaShare, PeopleShare: s.PeopleShare, AreaM2: s.AreaM2})
		switch {
		case s.Event == Merge || s.Event == Enlarge:
			e.Kind = division.Merge
		case e.Kind == division.Recode && c.Units[before].Type != c.Units[after].Type:
			e.Kind = division.Upgrade
		}
	}
	slices.SortFunc(order, func(a, b key) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.code, b.code)) })
	for _, k := range order {
		c.History = append(c.History, *events[k])
	}
	return nil
}

// approve puts down what is known of the document behind a change.
func (c *county) approve(e *Change) {
	a := c.tables.VillageApproval
	if e.Date == c.tables.County.TownshipChange {
		a = c.tables.TownshipApproval
	}
	e.Document = division.Document{Number: a.Number, Issuer: a.Issuer, Title: a.Title}
	e.Note = a.Note + "（据：" + a.Source + "）"
}
