package pg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// srid is CGCS2000 in degrees, EPSG:4490: the only reference system in the database.
const srid = 4490

// PostGIS's extended WKB ("EWKB", PostGIS manual 4.1.2): the type's number as in OGC 06-103r4 8.2.8, plus a flag
// that an SRID follows. Z and M would be flags as well; the columns are two-dimensional, so they are refused.
const (
	ewkbPoint        = 1
	ewkbPolygon      = 3
	ewkbMultiPolygon = 6
	ewkbSRID         = 0x20000000
)

// ewkbSize is the exact length of what appendEWKB appends.
func ewkbSize(mp orb.MultiPolygon) int {
	n := 1 + 4 + 4 + 4
	for _, poly := range mp {
		n += 1 + 4 + 4
		for _, ring := range poly {
			n += 4 + 16*len(ring)
		}
	}
	return n
}

// appendEWKB appends the multipolygon as little-endian EWKB with its SRID, without changing a vertex.
func appendEWKB(dst []byte, mp orb.MultiPolygon) []byte {
	le := binary.LittleEndian
	dst = append(dst, 1)
	dst = le.AppendUint32(dst, ewkbMultiPolygon|ewkbSRID)
	dst = le.AppendUint32(dst, srid)
	dst = le.AppendUint32(dst, uint32(len(mp)))
	for _, poly := range mp {
		dst = append(dst, 1)
		dst = le.AppendUint32(dst, ewkbPolygon)
		dst = le.AppendUint32(dst, uint32(len(poly)))
		for _, ring := range poly {
			dst = le.AppendUint32(dst, uint32(len(ring)))
			for _, p := range ring {
				dst = le.AppendUint64(dst, math.Float64bits(p[0]))
				dst = le.AppendUint64(dst, math.Float64bits(p[1]))
			}
		}
	}
	return dst
}

// appendPointEWKB appends a point as little-endian EWKB with its SRID.
func appendPointEWKB(dst []byte, p orb.Point) []byte {
	le := binary.LittleEndian
	dst = append(dst, 1)
	dst = le.AppendUint32(dst, ewkbPoint|ewkbSRID)
	dst = le.AppendUint32(dst, srid)
	dst = le.AppendUint64(dst, math.Float64bits(p[0]))
	return le.AppendUint64(dst, math.Float64bits(p[1]))
}

var errEWKBShort = errors.New("geometry ends early")

// ewkbReader reads EWKB in either byte order. Counts are never trusted: no more is allocated than the bytes that
// are really there can fill.
type ewkbReader struct {
	b []byte
	o binary.ByteOrder
}

func (r *ewkbReader) uint32() (uint32, error) {
	if len(r.b) < 4 {
		return 0, errEWKBShort
	}
	v := r.o.Uint32(r.b)
	r.b = r.b[4:]
	return v, nil
}

// count reads a number of things of which each takes at least size bytes.
func (r *ewkbReader) count(size int) (int, error) {
	n, err := r.uint32()
	if err != nil {
		return 0, err
	}
	if uint64(n)*uint64(size) > uint64(len(r.b)) {
		return 0, errEWKBShort
	}
	return int(n), nil
}

// header reads byte order, type and SRID.
func (r *ewkbReader) header(want uint32) error {
	if len(r.b) == 0 {
		return errEWKBShort
	}
	switch r.b[0] {
	case 0:
		r.o = binary.BigEndian
	case 1:
		r.o = binary.LittleEndian
	default:
		return fmt.Errorf("geometry with byte order %d", r.b[0])
	}
	r.b = r.b[1:]
	typ, err := r.uint32()
	if err != nil {
		return err
	}
	if typ&^ewkbSRID != want {
		return fmt.Errorf("geometry of type %#x where %d is expected", typ, want)
	}
	if typ&ewkbSRID != 0 {
		s, err := r.uint32()
		if err != nil {
			return err
		}
		if s != srid {
			return fmt.Errorf("geometry in EPSG:%d, not EPSG:%d", s, srid)
		}
	}
	return nil
}

func (r *ewkbReader) points(dst []orb.Point) {
	b := r.b[:16*len(dst)]
	if r.o == binary.LittleEndian {
		for i := range dst {
			p := b[16*i : 16*i+16 : 16*i+16]
			dst[i] = orb.Point{
				math.Float64frombits(binary.LittleEndian.Uint64(p)),
				math.Float64frombits(binary.LittleEndian.Uint64(p[8:])),
			}
		}
	} else {
		for i := range dst {
			p := b[16*i : 16*i+16 : 16*i+16]
			dst[i] = orb.Point{
				math.Float64frombits(binary.BigEndian.Uint64(p)),
				math.Float64frombits(binary.BigEndian.Uint64(p[8:])),
			}
		}
	}
	r.b = r.b[len(b):]
}

// parseEWKB reads a multipolygon. All its vertices stand in one block of memory, which lives as long as any ring.
// Rings are not checked for being closed or valid: what the database holds was checked on its way in.
func parseEWKB(b []byte) (orb.MultiPolygon, error) {
	r := ewkbReader{b: b}
	if err := r.header(ewkbMultiPolygon); err != nil {
		return nil, err
	}
	n, err := r.count(9)
	if err != nil {
		return nil, err
	}
	// All but the headers are vertices, so this never grows, and never exceeds the input.
	block := make([]orb.Point, 0, len(r.b)/16)
	mp := make(orb.MultiPolygon, n)
	for i := range mp {
		if err := r.header(ewkbPolygon); err != nil {
			return nil, err
		}
		rings, err := r.count(4)
		if err != nil {
			return nil, err
		}
		mp[i] = make(orb.Polygon, rings)
		for j := range mp[i] {
			points, err := r.count(16)
			if err != nil {
				return nil, err
			}
			start := len(block)
			block = block[:start+points]
			ring := block[start : start+points : start+points]
			r.points(ring)
			mp[i][j] = orb.Ring(ring)
		}
	}
	if len(r.b) != 0 {
		return nil, fmt.Errorf("%d bytes after the geometry", len(r.b))
	}
	return mp, nil
}

// parsePointEWKB reads a point.
func parsePointEWKB(b []byte) (orb.Point, error) {
	r := ewkbReader{b: b}
	if err := r.header(ewkbPoint); err != nil {
		return orb.Point{}, err
	}
	if len(r.b) != 16 {
		return orb.Point{}, fmt.Errorf("a point with %d bytes of coordinates", len(r.b))
	}
	var p [1]orb.Point
	r.points(p[:])
	return p[0], nil
}

// multiPolygon and labelPoint let a query scan straight from the driver's memory.
type (
	multiPolygon orb.MultiPolygon
	labelPoint   orb.Point
)

// ScanBytes implements pgtype.BytesScanner.
func (g *multiPolygon) ScanBytes(b []byte) error {
	mp, err := parseEWKB(b)
	*g = multiPolygon(mp)
	return err
}

// ScanBytes implements pgtype.BytesScanner; NULL is the zero point.
func (p *labelPoint) ScanBytes(b []byte) error {
	if b == nil {
		*p = labelPoint{}
		return nil
	}
	q, err := parsePointEWKB(b)
	*p = labelPoint(q)
	return err
}
