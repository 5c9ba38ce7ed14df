// Package exchange turns files into nouns: a record becomes a division, and everything a record has wrong
// becomes a finding. Nothing is written anywhere; whoever calls decides what the findings stop.
//
// Coordinates leave here as lon, lat in degrees, CGCS2000 (EPSG:4490), on the grid of crs.Quantum. A file is
// hostile until it is read: sizes that it declares are never trusted, memory stays proportional to its length.
package exchange

import (
	"context"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/division"
)

// Options are what the caller knows better than the file. The zero value takes everything from the file.
type Options struct {
	// Level of every unit that has no level column; 0 = from the code.
	Level division.Level
	// CRS of the coordinates in any form that crs.Parse reads; "" = from the file.
	CRS string
	// Map names the file's column for our field: {"code": "XZQDM"}. Besides our fields the key "layer" chooses
	// the layer of a GeoPackage.
	Map map[string]string
	// Secrecy of every unit that has no secrecy column. The zero value is the strictest.
	Secrecy division.Secrecy
	// Source of every unit that has no source column; "" = the name of the file.
	Source string
	// Synthetic of every unit that has no synthetic column; nil = real data.
	Synthetic *bool
	// Progress is told how much is done; the unit is not fixed. Called from one goroutine at a time.
	Progress func(done, total int64)
}

// Known is what the database already holds at the date of the import.
type Known interface {
	// UnitAt returns the unit that bears the code.
	UnitAt(code division.Code) (name string, level division.Level, ok bool)
	// HasLevel reports whether any unit of the level is on record.
	HasLevel(division.Level) bool
	// BorderDistanceM is the distance in metres from p (lon, lat, CGCS2000) to the nearest known border; ok is
	// false when no border is known.
	BorderDistanceM(p orb.Point) (metres float64, ok bool)
}

// Divisions is what a file says about divisions, and everything that is wrong with it.
type Divisions struct {
	// Units are sorted by level, then code, then start of validity. A record too damaged to be a unit is missing.
	Units []division.Unit
	// Findings on the file come first, then those on records in the order of the file.
	Findings []geo.Finding
	// CRS the coordinates were read in, such as "EPSG:4549"; "" when it could not be settled.
	CRS string
	// Columns says which column of the file was taken for which of our fields.
	Columns map[string]string
	// Records is how many records the file holds, readable or not.
	Records int
	// HasValidRange is true when the file itself says from when or until when its units are valid.
	HasValidRange bool
}

// ReadDivisions reads a GeoJSON, newline-delimited GeoJSON, Shapefile or GeoPackage; the content decides, not
// the name. "file.gpkg#layer" names a layer. Everything about the data is a finding; an error means that the
// check itself could not run: ctx ended, or the disk failed.
func ReadDivisions(ctx context.Context, path string, o Options, known Known) (*Divisions, error) {
	return readDivisions(ctx, path, o, known)
}
