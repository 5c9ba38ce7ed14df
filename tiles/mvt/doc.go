// Package mvt writes Mapbox vector tiles, version 2.1 of the specification
// (https://github.com/mapbox/vector-tile-spec/tree/master/2.1), by hand: the tile's few messages need no library,
// and a Layer that is used again allocates nothing.
//
// A tile is the concatenation of the layers appended to it.
package mvt
