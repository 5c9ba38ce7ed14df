package geojson

import (
	"bytes"
	"math"
	"strconv"

	"github.com/paulmach/orb"
)

type kind uint8

const (
	point kind = 1 + iota
	multiPoint
	lineString
	multiLineString
	polygon
	multiPolygon
	geometryCollection
)

var kinds = map[string]kind{
	"Point": point, "MultiPoint": multiPoint, "LineString": lineString, "MultiLineString": multiLineString,
	"Polygon": polygon, "MultiPolygon": multiPolygon, "GeometryCollection": geometryCollection,
}

// geometry reads a geometry object or null.
func (p *parser) geometry(depth int) (orb.Geometry, error) {
	if p.null() {
		return nil, nil
	}
	start := p.i
	if p.peek() != '{' {
		return nil, p.fail("几何应为对象或 null", "a geometry must be an object or null")
	}
	var k kind
	var typ string
	var g orb.Geometry
	var collection orb.Collection
	hasCoordinates, hasGeometries, later := false, false, -1
	err := p.object(depth, func(key string) (err error) {
		switch key {
		case "type":
			if typ, err = p.str(); err == nil {
				k = kinds[typ]
			}
		case "coordinates":
			hasCoordinates, later = true, -1
			if k == 0 || k == geometryCollection { // the type comes behind
				later = p.i
				return p.skip(depth + 1)
			}
			g, err = p.coordinates(k, depth+1)
		case "geometries":
			hasGeometries = true
			if k != 0 && k != geometryCollection {
				return p.skip(depth + 1)
			}
			collection, err = p.geometries(depth + 1)
		default:
			err = p.skip(depth + 1)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	end := p.i
	p.i = start
	switch {
	case typ == "":
		return nil, p.fail("几何没有 type", "the geometry has no type")
	case k == 0:
		return nil, p.fail("几何类型 %q 不是 GeoJSON 的类型", "the type of geometry %q is none of GeoJSON", short(typ))
	case k == geometryCollection && !hasGeometries:
		return nil, p.fail("GeometryCollection 没有 geometries", "a GeometryCollection has no geometries")
	case k == geometryCollection:
		g = collection
	case !hasCoordinates:
		return nil, p.fail("%s 没有 coordinates", "a %s has no coordinates", typ)
	case later >= 0:
		p.i = later
		if g, err = p.coordinates(k, depth+1); err != nil {
			return nil, err
		}
	}
	p.i = end
	return g, nil
}

func (p *parser) geometries(depth int) (orb.Collection, error) {
	if p.peek() != '[' {
		return nil, p.fail("geometries 应为数组", "geometries must be an array")
	}
	out := orb.Collection{}
	err := p.list('[', depth, func() error {
		if p.peek() != '{' {
			return p.fail("几何集合中只能有几何", "a collection of geometries holds nothing but geometries")
		}
		g, err := p.geometry(depth + 1)
		out = append(out, g)
		return err
	})
	return out, err
}

// coordinates reads the array of a geometry of a kind; nil for a Point without coordinates.
func (p *parser) coordinates(k kind, depth int) (orb.Geometry, error) {
	if k != point {
		if p.arena == nil {
			// A position has a bracket and at least six bytes with its comma.
			rest := p.b[p.i:]
			p.arena = make([]orb.Point, 0, min(bytes.Count(rest, []byte{'['}), len(rest)/6+1))
		}
	}
	switch k {
	case point:
		pt, n, err := p.position()
		if err != nil || n == 0 {
			return nil, err
		}
		return pt, nil
	case multiPoint:
		pts, err := p.positions()
		return orb.MultiPoint(pts), err
	case lineString:
		pts, err := p.positions()
		return orb.LineString(pts), err
	case multiLineString:
		out := orb.MultiLineString{}
		err := p.list('[', depth, func() error {
			pts, err := p.positions()
			out = append(out, pts)
			return err
		})
		return out, err
	case polygon:
		return p.polygon(depth)
	default:
		out := orb.MultiPolygon{}
		err := p.list('[', depth, func() error {
			poly, err := p.polygon(depth + 1)
			out = append(out, poly)
			return err
		})
		return out, err
	}
}

func (p *parser) polygon(depth int) (orb.Polygon, error) {
	out := orb.Polygon{}
	err := p.list('[', depth, func() error {
		pts, err := p.positions()
		out = append(out, pts)
		return err
	})
	return out, err
}

// positions reads an array of positions into the arena.
func (p *parser) positions() ([]orb.Point, error) {
	if p.peek() != '[' {
		return nil, p.fail("坐标的层次不对：此处应为坐标数组", "the coordinates are not nested as the type wants: an array of positions is expected here")
	}
	p.i++
	start := len(p.arena)
	if p.peek() == ']' {
		p.i++
		return []orb.Point{}, nil
	}
	for {
		pt, n, err := p.position()
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, p.fail("空的坐标", "a position without coordinates")
		}
		p.arena = append(p.arena, pt)
		switch p.peek() {
		case ',':
			p.i++
		case ']':
			p.i++
			return p.arena[start:len(p.arena):len(p.arena)], nil
		default:
			return nil, p.fail("此处应为逗号或 ]", "a comma or ] is expected here")
		}
	}
}

// position reads [x, y, …] and returns how many ordinates there were; 0 is an empty array.
func (p *parser) position() (orb.Point, int, error) {
	var pt orb.Point
	if p.peek() != '[' {
		return pt, 0, p.fail("坐标的层次不对：此处应为 [经度, 纬度]", "the coordinates are not nested as the type wants: [longitude, latitude] is expected here")
	}
	p.i++
	if p.peek() == ']' {
		p.i++
		return pt, 0, nil
	}
	for n := 0; ; {
		c := p.peek()
		if c == '[' {
			return pt, 0, p.fail("坐标的层次不对：此处应为数字", "the coordinates are not nested as the type wants: a number is expected here")
		}
		if c != '-' && c-'0' > 9 {
			if c == '"' || c == '{' || p.null() {
				return pt, 0, p.fail("坐标应为数字", "a coordinate must be a number")
			}
			return pt, 0, p.notAValue()
		}
		v, err := p.ordinate()
		if err != nil {
			return pt, 0, err
		}
		if n < 2 {
			pt[n] = v
		}
		n++
		switch c := p.peek(); {
		case c == ',' && n < 4:
			p.i++
		case c == ',':
			return pt, 0, p.fail("一个坐标有 4 个以上的数", "a position has more than four numbers")
		case c == ']' && n >= 2:
			p.i++
			p.ordinates = max(p.ordinates, n)
			return pt, n, nil
		case c == ']':
			return pt, 0, p.fail("一个坐标只有 1 个数", "a position has only one number")
		default:
			return pt, 0, p.fail("此处应为逗号或 ]", "a comma or ] is expected here")
		}
	}
}

// Powers of ten that a float64 holds exactly.
var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// ordinate reads a number. Up to 15 or 16 digits its value is the quotient of two exact float64, hence correctly rounded;
// beyond that strconv takes over.
func (p *parser) ordinate() (float64, error) {
	i, b := p.i, p.b
	neg := b[i] == '-'
	if neg {
		i++
	}
	var m uint64
	first := i
	for i < len(b) && b[i]-'0' <= 9 {
		m = m*10 + uint64(b[i]-'0')
		i++
	}
	digits, places := i-first, 0
	ok := digits > 0 && (digits == 1 || b[first] != '0')
	if ok && i < len(b) && b[i] == '.' {
		i++
		from := i
		for i < len(b) && b[i]-'0' <= 9 {
			m = m*10 + uint64(b[i]-'0')
			i++
		}
		places = i - from
		ok = places > 0
	}
	if !ok || digits+places > 19 || m > 1<<53 || places >= len(powersOfTen) || i < len(b) && numeric(b[i]) {
		return p.longOrdinate()
	}
	p.i = i
	v := float64(m) / powersOfTen[places]
	if neg {
		v = -v
	}
	return v, nil
}

func (p *parser) longOrdinate() (float64, error) {
	text, err := p.number()
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsInf(v, 0) {
		p.i -= len(text)
		return 0, p.fail("数字过大", "the number is too large")
	}
	return v, nil
}
