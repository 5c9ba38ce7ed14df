package geojson

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/paulmach/orb"
)

// AppendGeometry appends a geometry as RFC 7946 wants it: rings closed, shells counter-clockwise and holes clockwise (reversed while
// writing, the geometry itself stays), numbers as AppendNumber writes them. orb.Ring and orb.Bound become polygons; nil and types unknown
// to orb become null.
func AppendGeometry(dst []byte, g orb.Geometry) []byte {
	switch g := g.(type) {
	case orb.Point:
		dst = append(dst, `{"type":"Point","coordinates":`...)
		dst = appendPosition(dst, g)
	case orb.MultiPoint:
		dst = append(dst, `{"type":"MultiPoint","coordinates":`...)
		dst = appendPositions(dst, g)
	case orb.LineString:
		dst = append(dst, `{"type":"LineString","coordinates":`...)
		dst = appendPositions(dst, g)
	case orb.MultiLineString:
		dst = append(dst, `{"type":"MultiLineString","coordinates":[`...)
		for i, ls := range g {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendPositions(dst, ls)
		}
		dst = append(dst, ']')
	case orb.Ring:
		return AppendGeometry(dst, orb.Polygon{g})
	case orb.Bound:
		return AppendGeometry(dst, g.ToPolygon())
	case orb.Polygon:
		dst = append(dst, `{"type":"Polygon","coordinates":`...)
		dst = appendPolygon(dst, g)
	case orb.MultiPolygon:
		dst = append(dst, `{"type":"MultiPolygon","coordinates":[`...)
		for i, poly := range g {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendPolygon(dst, poly)
		}
		dst = append(dst, ']')
	case orb.Collection:
		dst = append(dst, `{"type":"GeometryCollection","geometries":[`...)
		for i, part := range g {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendGeometry(dst, part)
		}
		dst = append(dst, ']')
	default:
		return append(dst, "null"...)
	}
	return append(dst, '}')
}

func appendPolygon(dst []byte, poly orb.Polygon) []byte {
	dst = append(dst, '[')
	for i, ring := range poly {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRing(dst, ring, i == 0)
	}
	return append(dst, ']')
}

func appendRing(dst []byte, ring orb.Ring, ccw bool) []byte {
	n := len(ring)
	if n == 0 {
		return append(dst, "[]"...)
	}
	if n > 1 && ring[0] == ring[n-1] {
		n--
	}
	dst = append(dst, '[')
	reverse := false
	if n > 2 {
		area := area2(ring[:n])
		reverse = ccw && area < 0 || !ccw && area > 0
	}
	for i := range n {
		at := i
		if reverse && i > 0 {
			at = n - i // the ring still starts where it did
		}
		dst = append(appendPosition(dst, ring[at]), ',')
	}
	return append(appendPosition(dst, ring[0]), ']')
}

// area2 is twice the signed planar area, about the first vertex so that nothing cancels; positive for counter-clockwise.
func area2(ring orb.Ring) float64 {
	var sum float64
	o := ring[0]
	for i := 1; i+1 < len(ring); i++ {
		sum += (ring[i][0]-o[0])*(ring[i+1][1]-o[1]) - (ring[i+1][0]-o[0])*(ring[i][1]-o[1])
	}
	return sum
}

func appendPositions(dst []byte, pts []orb.Point) []byte {
	dst = append(dst, '[')
	for i, p := range pts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendPosition(dst, p)
	}
	return append(dst, ']')
}

func appendPosition(dst []byte, p orb.Point) []byte {
	dst = AppendNumber(append(dst, '['), p[0])
	dst = AppendNumber(append(dst, ','), p[1])
	return append(dst, ']')
}

// AppendNumber appends v rounded to nine places, the grid of stored coordinates (0.1 mm), without an exponent and without
// zeros at the end. A value on that grid reads back as itself. −0 is written 0; NaN and infinities, which JSON lacks, are written null.
func AppendNumber(dst []byte, v float64) []byte {
	if !(math.Abs(v) < 1<<22) { // where nine places are finer than a float64
		return appendLarge(dst, v)
	}
	k := math.Round(v * 1e9)
	u := uint64(math.Abs(k))
	if k < 0 {
		dst = append(dst, '-')
	}
	whole, frac := u/1e9, uint32(u%1e9)
	dst = strconv.AppendUint(dst, whole, 10)
	if frac == 0 {
		return dst
	}
	var b [10]byte
	b[0] = '.'
	last := 0
	for i := 9; i > 0; i-- {
		d := frac % 10
		frac /= 10
		if d != 0 && last == 0 {
			last = i
		}
		b[i] = '0' + byte(d)
	}
	return append(dst, b[:last+1]...)
}

func appendLarge(dst []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(dst, "null"...)
	}
	n := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
	for i := n; i < len(dst); i++ {
		if dst[i] == '.' && len(dst)-i-1 > 9 {
			dst = strconv.AppendFloat(dst[:n], v, 'f', 9, 64)
			for dst[len(dst)-1] == '0' {
				dst = dst[:len(dst)-1]
			}
			if dst[len(dst)-1] == '.' {
				dst = dst[:len(dst)-1]
			}
			break
		}
	}
	return dst
}

// AppendString appends s as a JSON string in quotes. Bytes that are not UTF-8 become U+FFFD; U+2028 and U+2029 are escaped
// because JavaScript once took them for line ends.
func AppendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		n, with := 1, ""
		switch {
		case c == '"':
			with = `\"`
		case c == '\\':
			with = `\\`
		case c == '\n':
			with = `\n`
		case c == '\r':
			with = `\r`
		case c == '\t':
			with = `\t`
		case c < ' ':
			with = string([]byte{'\\', 'u', '0', '0', hex[c>>4], hex[c&15]})
		default:
			var r rune
			r, n = utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && n == 1:
				with = "\ufffd"
			case r == '\u2028':
				with = `\u2028`
			case r == '\u2029':
				with = `\u2029`
			default:
				i += n
				continue
			}
		}
		dst = append(append(dst, s[start:i]...), with...)
		i += n
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}
