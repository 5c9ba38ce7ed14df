// Package tiles is what a map asks for: a tile's address, what a tileset says of itself, and who can answer.
// It knows geometry, not the county.
package tiles

import (
	"fmt"
	"math"
)

// Coord addresses a tile of WebMercatorQuad: column X from the west, row Y from the north, zoom Z.
type Coord struct {
	Z    uint8
	X, Y uint32
}

// MaxZoom is the deepest zoom that a Coord can address: the world grid has 2^30 cells, 4096 a tile (2^12).
const MaxZoom = 18

// Valid reports whether the address lies in the pyramid.
func (c Coord) Valid() bool { return c.Z <= MaxZoom && c.X < 1<<c.Z && c.Y < 1<<c.Z }

// String returns z/x/y.
func (c Coord) String() string { return fmt.Sprintf("%d/%d/%d", c.Z, c.X, c.Y) }

// Bounds returns west, south, east, north of the tile in degrees.
func (c Coord) Bounds() (w, s, e, n float64) {
	k := float64(uint32(1) << c.Z)
	lat := func(y float64) float64 { return math.Atan(math.Sinh(math.Pi*(1-2*y/k))) * 180 / math.Pi }
	return float64(c.X)/k*360 - 180, lat(float64(c.Y) + 1), float64(c.X+1)/k*360 - 180, lat(float64(c.Y))
}

// TileJSON is a tileset's description, version 3.0.0 of the TileJSON specification.
type TileJSON struct {
	TileJSON     string        `json:"tilejson"`
	Tiles        []string      `json:"tiles"`
	VectorLayers []VectorLayer `json:"vector_layers"`
	Attribution  string        `json:"attribution,omitempty"`
	Bounds       [4]float64    `json:"bounds"`
	Center       [3]float64    `json:"center"`
	Description  string        `json:"description,omitempty"`
	MaxZoom      int           `json:"maxzoom"`
	MinZoom      int           `json:"minzoom"`
	Name         string        `json:"name,omitempty"`
	Scheme       string        `json:"scheme"`
	Version      string        `json:"version,omitempty"`
}

// VectorLayer describes one layer of a vector tileset.
type VectorLayer struct {
	ID          string            `json:"id"`
	Fields      map[string]string `json:"fields"`
	Description string            `json:"description,omitempty"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
}
