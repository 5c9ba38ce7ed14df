package topo

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

const (
	// WorldBits is the size of the world grid: WebMercator's square has 2^WorldBits cells a side, 3.73 cm at the equator.
	WorldBits = 30
	// ExtentBits is the size of a tile: 2^ExtentBits units a side.
	ExtentBits = 12
	// MaxZoom is the zoom at which a tile unit is one cell of the world grid.
	MaxZoom = WorldBits - ExtentBits

	worldSize = 1 << WorldBits
	// equatorM is the circumference of the sphere of WebMercator (EPSG method 1024 on the semi-major axis
	// 6378137 m that GRS 1980 and WGS 84 share).
	equatorM = 2 * math.Pi * 6378137
	// nano is the number of grid steps in a degree; see crs.Quantum.
	nano = 1e9
)

// Vertex is a position in steps of 1e-9 degree, longitude X and latitude Y.
type Vertex struct{ X, Y int64 }

// Point is a position on the world grid or on the grid of one zoom: X to the east, Y to the south.
type Point struct{ X, Y int32 }

// Box is a closed rectangle on the same grids.
type Box struct{ MinX, MinY, MaxX, MaxY int32 }

// emptyBox holds nothing and is the neutral element of union.
var emptyBox = Box{math.MaxInt32, math.MaxInt32, math.MinInt32, math.MinInt32}

// Empty reports whether no point lies in the box.
func (b Box) Empty() bool { return b.MinX > b.MaxX || b.MinY > b.MaxY }

// Intersects reports whether the boxes have a point in common.
func (b Box) Intersects(o Box) bool {
	return b.MinX <= o.MaxX && o.MinX <= b.MaxX && b.MinY <= o.MaxY && o.MinY <= b.MaxY
}

func (b *Box) add(p Point) {
	b.MinX, b.MaxX = min(b.MinX, p.X), max(b.MaxX, p.X)
	b.MinY, b.MaxY = min(b.MinY, p.Y), max(b.MaxY, p.Y)
}

func (b *Box) union(o Box) {
	b.MinX, b.MaxX = min(b.MinX, o.MinX), max(b.MaxX, o.MaxX)
	b.MinY, b.MaxY = min(b.MinY, o.MinY), max(b.MaxY, o.MaxY)
}

func (b Box) has(p Point) bool {
	return p.X >= b.MinX && p.X <= b.MaxX && p.Y >= b.MinY && p.Y <= b.MaxY
}

// At returns the box on the grid of zoom z: all points of b, rounded to that grid, lie in it and touch its sides.
func (b Box) At(z uint8) Box {
	lo, hi := Point{b.MinX, b.MinY}.At(z), Point{b.MaxX, b.MaxY}.At(z)
	return Box{lo.X, lo.Y, hi.X, hi.Y}
}

func (b Box) floats() (lo, hi [2]float64) {
	return [2]float64{float64(b.MinX), float64(b.MinY)}, [2]float64{float64(b.MaxX), float64(b.MaxY)}
}

// At rounds a world point to the grid of zoom z ≤ MaxZoom, which has 4096 units a tile. Rounding is monotone.
func (p Point) At(z uint8) Point {
	s := uint(MaxZoom - z)
	h := int32(1) << s >> 1
	return Point{(p.X + h) >> s, (p.Y + h) >> s}
}

// vertexOf puts a point on the grid; an error says which coordinate is not on the earth.
func vertexOf(p orb.Point) (Vertex, error) {
	// Written so that NaN fails.
	if !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90) {
		return Vertex{}, fmt.Errorf("position lon %v lat %v is outside lon ±180°, lat ±90°", p[0], p[1])
	}
	return Vertex{int64(math.Round(p[0] * nano)), int64(math.Round(p[1] * nano))}, nil
}

func (v Vertex) point() orb.Point { return orb.Point{float64(v.X) / nano, float64(v.Y) / nano} }

func (v Vertex) less(o Vertex) bool { return v.X < o.X || v.X == o.X && v.Y < o.Y }

// World projects lon, lat in degrees to the world grid, rounded to the nearest cell. Latitudes beyond the square
// of WebMercator (±85.0511°) are put on its edge.
func World(p orb.Point) Point {
	s := math.Sin(p[1] * (math.Pi / 180))
	y := 0.5 - math.Log((1+s)/(1-s))/(4*math.Pi)
	return Point{
		int32(math.Round(clamp01(p[0]/360+0.5) * worldSize)),
		int32(math.Round(clamp01(y) * worldSize)),
	}
}

func clamp01(v float64) float64 { return max(0, min(1, v)) }

// LonLat is the inverse of World.
func LonLat(p Point) orb.Point {
	return orb.Point{
		(float64(p.X)/worldSize - 0.5) * 360,
		latOf(float64(p.Y)) * 180 / math.Pi,
	}
}

func latOf(y float64) float64 { return math.Atan(math.Sinh(math.Pi * (1 - 2*y/worldSize))) }

// metresPerCell is the length on the ground of one cell of the world grid at row y.
func metresPerCell(y int32) float64 { return equatorM / worldSize * math.Cos(latOf(float64(y))) }
