package gpkg

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// DecodeGeometry reads a GeoPackage geometry blob (OGC 12-128r19, clause 2.1.3) holding a polygon, a
// multipolygon or a collection of these, with or without Z and M, which are dropped. Empty geometries give nil.
// bad says in a few words what is wrong, "" when nothing is. It allocates no more than a small multiple of len(b).
func DecodeGeometry(b []byte, maxVertices int) (mp orb.MultiPolygon, bad string) {
	if len(b) < 8 || b[0] != 'G' || b[1] != 'P' {
		return nil, "not a GeoPackage geometry"
	}
	flags := b[3]
	if flags&0x20 != 0 {
		return nil, "extended geometry type"
	}
	head := 8
	switch flags >> 1 & 7 {
	case 0:
	case 1:
		head += 32
	case 2, 3:
		head += 48
	case 4:
		head += 64
	default:
		return nil, "unknown envelope"
	}
	if len(b) < head {
		return nil, "header cut"
	}
	if flags&0x10 != 0 {
		return nil, ""
	}
	return DecodeWKB(b[head:], maxVertices)
}

// DecodeWKB reads well-known binary, ISO or extended, as DecodeGeometry does.
func DecodeWKB(b []byte, maxVertices int) (mp orb.MultiPolygon, bad string) {
	d := wkb{b: b, left: maxVertices}
	d.geometry(0)
	if d.bad != "" {
		return nil, d.bad
	}
	return d.mp, ""
}

// maxDepth bounds collections within collections.
const maxDepth = 4

type wkb struct {
	b     []byte
	at    int
	order binary.ByteOrder
	left  int // vertices that may still come
	mp    orb.MultiPolygon
	bad   string
}

func (d *wkb) fail(format string, args ...any) {
	if d.bad == "" {
		d.bad = fmt.Sprintf("byte %d: ", d.at) + fmt.Sprintf(format, args...)
	}
}

func (d *wkb) rest() int { return len(d.b) - d.at }

func (d *wkb) uint32() uint32 {
	if d.rest() < 4 {
		d.fail("cut")
		return 0
	}
	v := d.order.Uint32(d.b[d.at:])
	d.at += 4
	return v
}

// count reads how many things follow of which each takes at least size bytes.
func (d *wkb) count(size int, what string) int {
	n := d.uint32()
	if d.bad == "" && int64(n)*int64(size) > int64(d.rest()) {
		d.fail("declares %d %s, which need at least %d bytes, and has %d", n, what, int64(n)*int64(size), d.rest())
	}
	if d.bad != "" {
		return 0
	}
	return int(n)
}

var typeNames = [...]string{"Geometry", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
	"GeometryCollection", "CircularString", "CompoundCurve", "CurvePolygon", "MultiCurve", "MultiSurface", "Curve", "Surface",
	"PolyhedralSurface", "TIN", "Triangle"}

func (d *wkb) geometry(depth int) {
	if depth > maxDepth {
		d.fail("collections within collections")
		return
	}
	if d.rest() < 5 {
		d.fail("cut")
		return
	}
	switch d.b[d.at] {
	case 0:
		d.order = binary.BigEndian
	case 1:
		d.order = binary.LittleEndian
	default:
		d.fail("byte order %d", d.b[d.at])
		return
	}
	d.at++
	t := d.uint32()
	dims := 2
	// Extended WKB: flags for Z, M and SRID. ISO: thousands.
	if t&0x80000000 != 0 {
		dims++
	}
	if t&0x40000000 != 0 {
		dims++
	}
	if t&0x20000000 != 0 {
		d.uint32()
	}
	t &= 0x1fffffff
	switch t / 1000 {
	case 0:
	case 1, 2:
		dims = 3
	case 3:
		dims = 4
	default:
		d.fail("type %d", t)
		return
	}
	switch t % 1000 {
	case 3:
		d.polygon(dims)
	case 6, 7:
		n := d.count(9, "parts")
		for range n {
			if d.geometry(depth + 1); d.bad != "" {
				return
			}
		}
	default:
		if k := int(t % 1000); k < len(typeNames) {
			d.fail("%s is not a polygon", typeNames[k])
		} else {
			d.fail("type %d", t)
		}
	}
}

func (d *wkb) polygon(dims int) {
	n := d.count(4, "rings")
	if n == 0 || d.bad != "" {
		return
	}
	poly := make(orb.Polygon, 0, n)
	for range n {
		points := d.count(8*dims, "points")
		if d.bad != "" {
			return
		}
		if d.left -= points; d.left < 0 {
			d.fail("more vertices than one geometry may have")
			return
		}
		ring := make(orb.Ring, points)
		b, step := d.b[d.at:d.at+8*dims*points], 8*dims
		if d.order == binary.LittleEndian {
			for i := range ring {
				c := b[i*step:]
				ring[i] = orb.Point{math.Float64frombits(binary.LittleEndian.Uint64(c)), math.Float64frombits(binary.LittleEndian.Uint64(c[8:]))}
			}
		} else {
			for i := range ring {
				c := b[i*step:]
				ring[i] = orb.Point{math.Float64frombits(binary.BigEndian.Uint64(c)), math.Float64frombits(binary.BigEndian.Uint64(c[8:]))}
			}
		}
		d.at += len(b)
		if points > 0 {
			poly = append(poly, ring)
		}
	}
	if len(poly) > 0 {
		d.mp = append(d.mp, poly)
	}
}
