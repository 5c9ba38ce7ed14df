// Package geojson reads and writes GeoJSON (RFC 7946) as a stream: one feature at a time, in bounded memory, whatever the
// file claims.
//
// Coordinates are handed on as they stand in the file, x first; it is for the caller to convert them (RFC 7946 says WGS 84, older
// files may say otherwise in a crs member, see Header). Rings are not checked (geo/topo/valid does that).
package geojson

import (
	"fmt"

	"github.com/paulmach/orb"
)

// Property is one member of a feature's properties. Value is a string, json.Number (never float64, so that a code of twelve
// digits stays what it is), bool, nil, or json.RawMessage for an array or object. Escaped lone surrogates in strings become U+FFFD.
type Property struct {
	Key   string
	Value any
}

// Feature is one feature of the input.
type Feature struct {
	// ID is a string or a json.Number; nil when there is none.
	ID any
	// Geometry is an orb.Point, MultiPoint, LineString, MultiLineString, Polygon, MultiPolygon or Collection, or nil for null, for a
	// missing geometry and for a Point without coordinates.
	Geometry orb.Geometry
	// Properties are in the order of the file; a key given twice is here twice.
	Properties []Property
	// Record counts the features of the whole input from 1.
	Record int
}

// Limits bound what one feature may cost. Zero means the default.
type Limits struct {
	// MaxFeatureBytes is how long the text of one feature, or of another member of the file, may be; the default is 64 MiB, a million
	// and a half positions. Memory stays below four times that beside what the caller keeps.
	MaxFeatureBytes int
	// MaxDepth is how deep arrays and objects may be nested in it; the default is 100.
	MaxDepth int
}

const (
	defaultFeatureBytes = 64 << 20
	defaultDepth        = 100
	// largestDepth keeps recursion harmless whatever a caller asks for.
	largestDepth = 10_000
)

// Header is what the file says of itself beside its features.
type Header struct {
	// CRS is the name in the obsolete crs member (GeoJSON 2008), such as "urn:ogc:def:crs:EPSG::4490", or the member's text where it
	// has no name; "" where there is none or it is null.
	CRS string
	// Name is the name member that GDAL writes.
	Name string
	// Ordinates is the most ordinates that a position had, 2 to 4. Those after the second (heights, measures) are not handed on.
	Ordinates int
}

// SyntaxError says where the input is not GeoJSON.
type SyntaxError struct {
	Record int   // of the feature in which, or before which, reading stopped; counts from 1
	Offset int64 // in bytes from the start of the input
	Msg    string
	MsgZH  string
}

// Error returns the record, the offset and the English sentence.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("GeoJSON record %d, byte %d: %s", e.Record, e.Offset, e.Msg)
}
