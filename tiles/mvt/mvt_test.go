package mvt

import (
	"bytes"
	"math"
	"testing"
)

// The examples of section 4.3.5 of the specification.
func TestGeometryOfTheSpecification(t *testing.T) {
	var l Layer
	for name, tt := range map[string]struct {
		kind GeomType
		draw func()
		want []byte
	}{
		"point":     {PointType, func() { l.Point(Point{25, 17}) }, []byte{9, 50, 34}},
		"line":      {LineType, func() { l.Line([]Point{{2, 2}, {2, 10}, {10, 10}}) }, []byte{9, 4, 4, 18, 0, 16, 16, 0}},
		"two lines": {LineType, func() { l.Line([]Point{{2, 2}, {2, 10}, {10, 10}}); l.Line([]Point{{1, 1}, {3, 5}}) }, []byte{9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8}},
		"polygon":   {PolygonType, func() { l.Ring([]Point{{3, 6}, {8, 12}, {20, 34}}) }, []byte{9, 6, 12, 18, 10, 12, 24, 44, 15}},
		"two of them": {PolygonType, func() {
			l.Ring([]Point{{0, 0}, {10, 0}, {10, 10}, {0, 10}})
			l.Ring([]Point{{11, 11}, {20, 11}, {20, 20}, {11, 20}})
			l.Ring([]Point{{13, 13}, {13, 17}, {17, 17}, {17, 13}})
		}, []byte{9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, 9, 4, 13, 26, 0, 8, 8, 0, 0, 7, 15}},
		"far": {PointType, func() { l.Point(Point{math.MinInt32, 4096}) }, []byte{9, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x80, 0x40}},
	} {
		l.Reset("x")
		l.Begin(1, tt.kind)
		tt.draw()
		if !bytes.Equal(l.geom, tt.want) {
			t.Errorf("%s: % x, want % x", name, l.geom, tt.want)
		}
	}
}

// A whole layer, byte by byte by the schema of the specification.
func TestLayer(t *testing.T) {
	key := func(s string) *Word { w := KeyWord(s); return &w }
	val := func(v any) *Word {
		w, ok := ValueWord(v)
		if !ok {
			t.Fatalf("%T is refused", v)
		}
		return &w
	}
	var l Layer
	for range 2 { // the second time with used memory
		l.Reset("pts")
		l.Begin(300, PointType)
		l.Tag(key("a"), val("名"))
		l.Tag(key("b"), val(int64(-2)))
		l.Point(Point{25, 17})
		l.End()
		l.Begin(0, PointType) // no geometry: left out
		l.End()
		l.Begin(0, PointType)
		l.Tag(key("b"), val(true))
		l.Tag(key("a"), val("名"))
		l.Point(Point{0, 0})
		l.End()
		want := []byte{
			0x1a, 64, // tile.layers
			15 << 3, 2, // version
			0x0a, 3, 'p', 't', 's',
			0x12, 16, // feature
			0x08, 0xac, 0x02, 0x12, 4, 0, 0, 1, 1, 0x18, 1, 0x22, 3, 9, 50, 34,
			0x12, 13,
			0x12, 4, 1, 2, 0, 0, 0x18, 1, 0x22, 3, 9, 0, 0,
			0x1a, 1, 'a', 0x1a, 1, 'b',
			0x22, 5, 0x0a, 3, 0xe5, 0x90, 0x8d,
			0x22, 2, 0x30, 3,
			0x22, 2, 0x38, 1,
			0x28, 0x80, 0x20, // extent
		}
		want[1] = byte(len(want) - 2)
		if got := l.Append(nil); !bytes.Equal(got, want) {
			t.Fatalf("\n% x, want\n% x", got, want)
		}
		if l.Len() != 2 {
			t.Errorf("%d features", l.Len())
		}
	}
	l.Reset("empty")
	if got := l.Append([]byte("x")); string(got) != "x" {
		t.Errorf("an empty layer writes % x", got)
	}
}

func TestValueWords(t *testing.T) {
	for _, tt := range []struct {
		v    any
		want []byte
	}{
		{"", []byte{0x0a, 0}}, {"ab", []byte{0x0a, 2, 'a', 'b'}},
		{true, []byte{0x38, 1}}, {false, []byte{0x38, 0}},
		{int64(0), []byte{0x28, 0}}, {5, []byte{0x28, 5}}, {int64(-1), []byte{0x30, 1}},
		{int64(math.MinInt64), []byte{0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}},
		{1.5, []byte{0x19, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f}},
	} {
		if w, ok := ValueWord(tt.v); !ok || w.enc != string(tt.want) {
			t.Errorf("%v: % x, want % x", tt.v, w.enc, tt.want)
		}
	}
	for _, v := range []any{nil, float32(1), []byte("x"), uint64(1), struct{}{}} {
		if _, ok := ValueWord(v); ok {
			t.Errorf("%T is accepted", v)
		}
	}
}

// A dictionary finds its words again whatever their number.
func TestDictionary(t *testing.T) {
	var d dict
	for range 2 {
		d.reset()
		for pass := range 2 {
			for i := range 3000 {
				w, _ := ValueWord(i)
				if got := d.index(&w); got != uint64(i) {
					t.Fatalf("pass %d: %d has the number %d", pass, i, got)
				}
			}
		}
	}
}

func BenchmarkRing(b *testing.B) {
	ring := make([]Point, 1000)
	for i := range ring {
		ring[i] = Point{int32(i * 7 % 4096), int32(i * i % 4096)}
	}
	var l Layer
	l.Reset("x")
	b.ReportAllocs()
	for b.Loop() {
		l.Begin(1, PolygonType)
		l.Ring(ring)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/vertex")
}
