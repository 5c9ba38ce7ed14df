package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"yutu/tiles/mvt"
)

// A strict reader of vector tiles 2.1, written from the specification and sharing nothing with the writer.

type decodedTile map[string]*decodedLayer

type decodedLayer struct {
	name     string
	features []*decodedFeature
	keys     []string
	values   []any
}

type decodedFeature struct {
	id    uint64
	kind  uint64
	props map[string]any
	paths [][]mvt.Point // points, lines, or rings without their closing point
}

type field struct {
	num  uint64
	wire uint64
	v    uint64
	b    []byte
}

// fields splits a protobuf message.
func fields(b []byte) (out []field, err error) {
	uvarint := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			err = errors.New("bad varint")
			b = nil
			return 0
		}
		b = b[n:]
		return v
	}
	for len(b) > 0 && err == nil {
		tag := uvarint()
		f := field{num: tag >> 3, wire: tag & 7}
		switch f.wire {
		case 0:
			f.v = uvarint()
		case 1:
			if len(b) < 8 {
				return nil, errors.New("cut off")
			}
			f.v, b = binary.LittleEndian.Uint64(b), b[8:]
		case 2:
			n := uvarint()
			if n > uint64(len(b)) {
				return nil, errors.New("cut off")
			}
			f.b, b = b[:n], b[n:]
		default:
			return nil, fmt.Errorf("wire type %d", f.wire)
		}
		out = append(out, f)
	}
	return out, err
}

func decode(b []byte) (decodedTile, error) {
	top, err := fields(b)
	if err != nil {
		return nil, err
	}
	out := decodedTile{}
	for _, f := range top {
		if f.num != 3 || f.wire != 2 {
			return nil, fmt.Errorf("tile has field %d", f.num)
		}
		l, err := decodeLayer(f.b)
		if err != nil {
			return nil, err
		}
		if out[l.name] != nil {
			return nil, fmt.Errorf("layer %q occurs twice", l.name)
		}
		out[l.name] = l
	}
	return out, nil
}

func decodeLayer(b []byte) (*decodedLayer, error) {
	fs, err := fields(b)
	if err != nil {
		return nil, err
	}
	l := &decodedLayer{}
	var version, extent uint64
	seenKey, seenValue := map[string]bool{}, map[any]bool{}
	for _, f := range fs {
		switch f.num {
		case 15:
			version = f.v
		case 1:
			l.name = string(f.b)
		case 3:
			if seenKey[string(f.b)] {
				return nil, fmt.Errorf("key %q occurs twice", f.b)
			}
			seenKey[string(f.b)] = true
			l.keys = append(l.keys, string(f.b))
		case 4:
			v, err := decodeValue(f.b)
			if err != nil {
				return nil, err
			}
			if seenValue[v] {
				return nil, fmt.Errorf("value %v occurs twice", v)
			}
			seenValue[v] = true
			l.values = append(l.values, v)
		case 5:
			extent = f.v
		case 2:
		default:
			return nil, fmt.Errorf("layer has field %d", f.num)
		}
	}
	if version != 2 || extent != 4096 || l.name == "" {
		return nil, fmt.Errorf("layer %q: version %d, extent %d", l.name, version, extent)
	}
	for _, f := range fs {
		if f.num == 2 {
			d, err := l.feature(f.b)
			if err != nil {
				return nil, fmt.Errorf("layer %s feature %d: %w", l.name, len(l.features), err)
			}
			l.features = append(l.features, d)
		}
	}
	if len(l.features) == 0 {
		return nil, fmt.Errorf("layer %q has no features", l.name)
	}
	return l, nil
}

func decodeValue(b []byte) (any, error) {
	fs, err := fields(b)
	if err != nil || len(fs) != 1 {
		return nil, fmt.Errorf("value has %d fields: %v", len(fs), err)
	}
	switch f := fs[0]; f.num {
	case 1:
		return string(f.b), nil
	case 3:
		return math.Float64frombits(f.v), nil
	case 5:
		return int64(f.v), nil
	case 6:
		return int64(f.v>>1) ^ -int64(f.v&1), nil
	case 7:
		return f.v != 0, nil
	}
	return nil, fmt.Errorf("value has field %d", fs[0].num)
}

func packed(b []byte) (out []uint64, err error) {
	for len(b) > 0 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > math.MaxUint32 {
			return nil, errors.New("bad packed number")
		}
		out, b = append(out, v), b[n:]
	}
	return out, nil
}

func (l *decodedLayer) feature(b []byte) (*decodedFeature, error) {
	fs, err := fields(b)
	if err != nil {
		return nil, err
	}
	d := &decodedFeature{props: map[string]any{}}
	var geom []uint64
	for _, f := range fs {
		switch f.num {
		case 1:
			d.id = f.v
		case 2:
			tags, err := packed(f.b)
			if err != nil || len(tags)%2 != 0 {
				return nil, errors.New("bad tags")
			}
			for i := 0; i < len(tags); i += 2 {
				if tags[i] >= uint64(len(l.keys)) || tags[i+1] >= uint64(len(l.values)) {
					return nil, errors.New("tag out of range")
				}
				if _, twice := d.props[l.keys[tags[i]]]; twice {
					return nil, fmt.Errorf("key %s twice", l.keys[tags[i]])
				}
				d.props[l.keys[tags[i]]] = l.values[tags[i+1]]
			}
		case 3:
			d.kind = f.v
		case 4:
			if geom, err = packed(f.b); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("field %d", f.num)
		}
	}
	return d, d.geometry(geom)
}

// geometry reads the commands and checks all that the specification demands of each kind.
func (d *decodedFeature) geometry(g []uint64) error {
	var x, y int64
	step := func(i int) error {
		x += int64(g[i]>>1) ^ -int64(g[i]&1)
		y += int64(g[i+1]>>1) ^ -int64(g[i+1]&1)
		if x < -64 || x > 4160 || y < -64 || y > 4160 {
			return fmt.Errorf("point %d %d is beyond the buffer", x, y)
		}
		return nil
	}
	for i := 0; i < len(g); {
		if g[i]&7 != 1 || g[i]>>3 < 1 || i+2 >= len(g) {
			return errors.New("expected MoveTo")
		}
		if g[i]>>3 != 1 {
			return errors.New("MoveTo count")
		}
		if err := step(i + 1); err != nil {
			return err
		}
		path := []mvt.Point{{X: int32(x), Y: int32(y)}}
		i += 3
		if d.kind != 1 {
			if i >= len(g) || g[i]&7 != 2 {
				return errors.New("expected LineTo")
			}
			n := int(g[i] >> 3)
			if i++; n < 1 || d.kind == 3 && n < 2 || i+2*n > len(g) {
				return fmt.Errorf("LineTo count %d", n)
			}
			for range n {
				if g[i] == 0 && g[i+1] == 0 {
					return errors.New("a segment of no length")
				}
				if err := step(i); err != nil {
					return err
				}
				path = append(path, mvt.Point{X: int32(x), Y: int32(y)})
				i += 2
			}
		}
		if d.kind == 3 {
			if i >= len(g) || g[i] != 15 {
				return errors.New("expected ClosePath")
			}
			i++
			if path[0] == path[len(path)-1] {
				return errors.New("the closing point is repeated")
			}
		}
		d.paths = append(d.paths, path)
	}
	switch {
	case len(d.paths) == 0:
		return errors.New("no geometry")
	case d.kind == 3:
		for i, r := range d.paths {
			if a := area2(r); a == 0 || i == 0 && a < 0 {
				return fmt.Errorf("ring %d has area %d/2", i, a)
			}
			for k := range r {
				if r[k] == r[(k+2)%len(r)] {
					return fmt.Errorf("ring %d has a spike at %v", i, r[(k+1)%len(r)])
				}
			}
		}
	case d.kind < 1 || d.kind > 3 || d.kind == 1 && len(d.paths) != 1:
		return fmt.Errorf("kind %d with %d parts", d.kind, len(d.paths))
	}
	return nil
}

// area2 is twice the area by the surveyor's formula.
func area2(r []mvt.Point) (a int64) {
	for i, p := range r {
		q := r[(i+1)%len(r)]
		a += int64(p.X)*int64(q.Y) - int64(q.X)*int64(p.Y)
	}
	return a
}
