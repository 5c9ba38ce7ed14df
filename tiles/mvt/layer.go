package mvt

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Extent is the number of units along a side of every tile written here.
const Extent = 4096

// GeomType is the kind of a feature's geometry.
type GeomType uint8

const (
	PointType   GeomType = 1
	LineType    GeomType = 2
	PolygonType GeomType = 3
)

// Point is a position in tile units from the upper left corner, X to the right, Y downwards.
type Point struct{ X, Y int32 }

// Layer collects the features of one layer. The zero value is ready after Reset; a Layer may be used again and
// again, but by one goroutine at a time.
type Layer struct {
	name         string
	keys, values dict
	features     []byte
	tags, geom   []byte
	tagged       int // attributes of the feature begun
	id           uint64
	kind         GeomType
	count        int
	pen          Point
}

// Reset empties the layer and names it.
func (l *Layer) Reset(name string) {
	l.name, l.features, l.count = name, l.features[:0], 0
	l.keys.reset()
	l.values.reset()
}

// Len is the number of features ended so far.
func (l *Layer) Len() int { return l.count }

// Begin starts a feature; id 0 writes none.
func (l *Layer) Begin(id uint64, kind GeomType) {
	l.id, l.kind, l.pen, l.tagged = id, kind, Point{}, 0
	l.tags, l.geom = l.tags[:0], l.geom[:0]
}

// Tag adds an attribute to the feature begun. The words must outlive the Layer's next Append.
func (l *Layer) Tag(key, value *Word) {
	// Features of a layer mostly have the same keys in the same order.
	k := uint64(l.tagged)
	if l.tagged >= len(l.keys.words) || l.keys.words[l.tagged] != key {
		k = l.keys.index(key)
	}
	l.tagged++
	l.tags = appendVarint(l.tags, uint32(k))
	l.tags = appendVarint(l.tags, uint32(l.values.index(value)))
}

// GeomLen is the number of bytes of geometry that the feature begun has so far.
func (l *Layer) GeomLen() int { return len(l.geom) }

const (
	moveTo    = 1
	lineTo    = 2
	closePath = 7
)

func command(id, count uint32) uint64 { return uint64(count<<3 | id) }

// Point adds a position to a point feature: one for each feature.
func (l *Layer) Point(p Point) {
	l.geom = binary.AppendUvarint(l.geom, command(moveTo, 1))
	l.step(p)
}

// Line adds a line of at least two different points, none the same as the one before it.
func (l *Layer) Line(pts []Point) { l.path(pts) }

// Ring adds a ring of at least three points without the closing one: shells with positive area by the
// surveyor's formula, each followed by its holes with negative area. No point is the same as the one before it.
func (l *Layer) Ring(pts []Point) {
	l.path(pts)
	l.geom = append(l.geom, byte(command(closePath, 1)))
}

func (l *Layer) path(pts []Point) {
	l.geom = binary.AppendUvarint(l.geom, command(moveTo, 1))
	l.step(pts[0])
	l.geom = binary.AppendUvarint(l.geom, command(lineTo, uint32(len(pts)-1)))
	// Two numbers of at most five bytes for each point.
	g, pen, n := slices.Grow(l.geom, 10*len(pts)), l.pen, len(l.geom)
	g = g[:cap(g)]
	for _, p := range pts[1:] {
		dx, dy := zigzag(p.X-pen.X), zigzag(p.Y-pen.Y)
		if pen = p; dx|dy < 0x80 {
			g[n], g[n+1] = byte(dx), byte(dy)
			n += 2
			continue
		}
		n = putVarint(g, putVarint(g, n, dx), dy)
	}
	l.geom, l.pen = g[:n], pen
}

func putVarint(b []byte, n int, v uint32) int {
	for v >= 0x80 {
		b[n] = byte(v) | 0x80
		v >>= 7
		n++
	}
	b[n] = byte(v)
	return n + 1
}

func (l *Layer) step(p Point) {
	l.geom = appendVarint(l.geom, zigzag(p.X-l.pen.X))
	l.geom = appendVarint(l.geom, zigzag(p.Y-l.pen.Y))
	l.pen = p
}

func zigzag(v int32) uint32 { return uint32(v)<<1 ^ uint32(v>>31) }

func appendVarint(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// End finishes the feature; one without geometry is left out.
func (l *Layer) End() {
	if len(l.geom) == 0 {
		return
	}
	n := 2 + 1 + size(len(l.geom)) + len(l.geom)
	if l.id != 0 {
		n += 1 + size(int(l.id))
	}
	if len(l.tags) > 0 {
		n += 1 + size(len(l.tags)) + len(l.tags)
	}
	f := binary.AppendUvarint(append(l.features, 2<<3|2), uint64(n))
	if l.id != 0 {
		f = binary.AppendUvarint(append(f, 1<<3), l.id)
	}
	if len(l.tags) > 0 {
		f = append(binary.AppendUvarint(append(f, 2<<3|2), uint64(len(l.tags))), l.tags...)
	}
	f = append(f, 3<<3, byte(l.kind))
	l.features = append(binary.AppendUvarint(append(f, 4<<3|2), uint64(len(l.geom))), l.geom...)
	l.count++
}

// size is the length of v as a varint.
func size(v int) int { return (bits.Len64(uint64(v)|1) + 6) / 7 }

// Append writes the layer behind dst; a layer without features writes nothing.
func (l *Layer) Append(dst []byte) []byte {
	if l.count == 0 {
		return dst
	}
	n := 2 + 1 + size(len(l.name)) + len(l.name) + len(l.features) + 1 + size(Extent)
	for _, d := range []*dict{&l.keys, &l.values} {
		for _, w := range d.words {
			n += 1 + size(len(w.enc)) + len(w.enc)
		}
	}
	dst = binary.AppendUvarint(append(dst, 3<<3|2), uint64(n))
	dst = append(dst, 15<<3, 2)
	dst = append(binary.AppendUvarint(append(dst, 1<<3|2), uint64(len(l.name))), l.name...)
	dst = append(dst, l.features...)
	for i, d := range []*dict{&l.keys, &l.values} {
		for _, w := range d.words {
			dst = append(binary.AppendUvarint(append(dst, byte(3+i)<<3|2), uint64(len(w.enc))), w.enc...)
		}
	}
	return binary.AppendUvarint(append(dst, 5<<3), Extent)
}
