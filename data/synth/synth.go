// Package synth makes a county, or a province, that does not exist, together with everything that is true of it.
//
// The county stands where the plan's county stands, is about as large, and bears the names and codes of its townships and
// neighbours, because those are public and a demonstration needs them. Everything else is invented: terrain, rivers, every
// border, every village, its name, code and people, and the roads. Each unit says so (Synthetic, Source), and so does every
// file that WriteTruth writes. Nothing here may be taken for a statement about the real county.
//
// The same Options give the same World on every machine, to the last digit of every coordinate (but for label points and for
// lengths and areas, which other packages compute, and whose last bit may differ between processors). To that end nothing
// depends on the order of a map, floating-point products are rounded before they are added (no fused multiply-add), and no
// transcendental function of the standard library, whose last bit differs between processors, decides anything.
package synth

import (
	"context"
	"errors"
	"fmt"

	"github.com/paulmach/orb"

	"yutu/geo/division"
)

// Size is how much is made.
type Size string

const (
	// CountySize is one county with 14 townships, 236 villages, their past, and seven neighbours without inner structure.
	CountySize Size = "county"
	// ProvinceSize is one province with 11 prefectures, 90 counties, about 1,360 townships and 24,000 villages, for
	// measurements; it has no past, no population and no roads.
	ProvinceSize Size = "province"
)

// ErrSize is returned for a Size that is not one of the above.
var ErrSize = errors.New("unknown size")

// Options say what to make.
type Options struct {
	// Size is CountySize when empty.
	Size Size
	// Seed chooses one of 2^64 worlds; 0 is a seed like any other.
	Seed uint64
	// Progress, when not nil, is called from the generating goroutine with done rising from 0 to total; total does not change.
	Progress func(done, total int)
}

// World is what was made and what is true of it. Positions are lon, lat in degrees, CGCS2000, on the grid of crs.Quantum.
type World struct {
	Size Size
	Seed uint64
	// Units are all versions of all units, sorted by level, then code, then the first day of validity.
	Units []division.Unit
	// Lineage says for every unit that ended what became of it, sorted by date, level, old and new code.
	Lineage []Succession
	// History is the same as events, sorted by date and by the code of the first unit that came out of each; empty in the
	// province.
	History []Change
	// Population has one row for every village version and every sex and age band, in the order of Units; empty in the province.
	Population []PopulationCell
	// Roads is a connected net on which every village of today has a node; empty in the province.
	Roads Roads
	// Rivers run downstream; Ridges are watersheds between them. Empty in the province.
	Rivers []River
	Ridges []Ridge
}

// Succession is one edge of the graph of lineage: a share of the old unit went to the new one on the date.
// Units that did not change on the date have their edge too, so that the edges of a date are a complete crosswalk.
type Succession struct {
	Level        division.Level
	Old, New     division.Code
	OldName      string
	NewName      string
	Date         division.Date // first day of the new unit
	Event        Event
	AreaShare    float64 // of the old unit's area, 0–1
	PeopleShare  float64 // of the old unit's population, 0–1
	AreaM2       float64 // area on the ellipsoid that passed from old to new
	PeoplePassed int     // people who passed from old to new
}

// Event is what happened to a unit on a date at which others changed.
type Event string

const (
	Unchanged Event = "unchanged" // it goes on as it was
	Recode    Event = "recode"    // the same area under another code, perhaps another name and type
	Merge     Event = "merge"     // it was joined with others to a new unit with another code
	Enlarge   Event = "enlarge"   // others were joined to it; it kept its code
)

// PopulationCell is the number of people of one sex and age band who live in one version of a village.
type PopulationCell struct {
	Village division.Code
	Valid   division.Range
	Sex     Sex
	// Age is the first year of the band of five years; the last band, 85, is open.
	Age    int
	People int
}

// Sex as the statistics count it.
type Sex uint8

const (
	Male   Sex = 1 // 男, code 1 of GB/T 2261.1-2003
	Female Sex = 2 // 女, code 2 of GB/T 2261.1-2003
)

// River is one reach between two confluences, written downstream.
type River struct {
	ID, Next  int    // Next is the reach it flows into; 0 where it leaves the area
	Name      string // the same along the main stem
	Order     int    // Strahler's order, at least 1
	CatchKM2  float64
	Line      orb.LineString
	SourceAlt float64 // metres above the sea, at the upper end
	MouthAlt  float64 // metres above the sea, at the lower end
}

// Ridge is one line along a watershed.
type Ridge struct {
	ID     int
	Name   string // of its highest summit; empty for minor ones
	Line   orb.LineString
	TopAlt float64 // metres above the sea
}

// Roads is an undirected road net.
type Roads struct {
	Nodes []RoadNode
	Edges []RoadEdge
}

// RoadNode is a junction, a bend's end or a village's place on the net.
type RoadNode struct {
	ID      int
	At      orb.Point
	AltM    float64
	Village division.Code // of a village of today whose seat stands here; empty elsewhere
}

// RoadEdge joins two nodes.
type RoadEdge struct {
	ID       int
	From, To int            // IDs of nodes
	Class    string         // 国道 省道 县道 乡道 村道
	LengthM  float64        // on the ellipsoid, along Line
	Line     orb.LineString // from From to To
}

// Generate makes the world that the options describe. The error is ErrSize, or the context's when it ended first.
func Generate(ctx context.Context, o Options) (*World, error) {
	switch o.Size {
	case CountySize, "":
		return generateCounty(ctx, o)
	case ProvinceSize:
		return generateProvince(ctx, o)
	}
	return nil, fmt.Errorf("%w %q: choose %q or %q", ErrSize, string(o.Size), CountySize, ProvinceSize)
}
