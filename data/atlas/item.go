package atlas

import (
	"bytes"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"yutu/geo/division"
	"yutu/geo/geodesy"
	"yutu/geo/geojson"
)

// Item is one version of one division together with what is derived from it. All of it is read-only.
type Item struct {
	Unit division.Unit
	// Bounds is the box of the geometry; for a unit without geometry Bounds.IsEmpty is true.
	Bounds orb.Bound

	key  string // the name as search compares it
	runs []run  // the geometry's segments in groups with boxes

	json atomic.Pointer[[]byte]
	area atomic.Pointer[float64]
}

func newItem(u division.Unit) *Item {
	it := &Item{Unit: u, key: normalise(u.Name)}
	it.runs, it.Bounds = cutRuns(u.Geom)
	return it
}

// AreaM2 returns the ellipsoidal area in square metres, computed at the first call. It is not authoritative.
func (i *Item) AreaM2() float64 {
	if p := i.area.Load(); p != nil {
		return *p
	}
	v := geodesy.AreaM2(i.Unit.Geom)
	i.area.Store(&v)
	return v
}

// GeometryJSON returns the geometry as a GeoJSON object, rendered at the first call. The caller must not change it.
func (i *Item) GeometryJSON() []byte {
	if p := i.json.Load(); p != nil {
		return *p
	}
	buf := jsonBuffers.Get().(*[]byte)
	*buf = geojson.AppendGeometry((*buf)[:0], i.Unit.Geom)
	b := bytes.Clone(*buf) // without the room that appending left
	jsonBuffers.Put(buf)
	// Two readers may both have rendered; the bytes are equal, so either may win.
	i.json.CompareAndSwap(nil, &b)
	return *i.json.Load()
}

var jsonBuffers = sync.Pool{New: func() any { return new([]byte) }}

func (i *Item) row() row {
	return row{
		id: i.Unit.ID, code: i.Unit.Code, parent: i.Unit.Parent, valid: i.Unit.Valid, level: i.Unit.Level,
		box: boxOf(i.Bounds), item: i,
	}
}

func (i *Item) codeRow() codeRow {
	return codeRow{
		code: i.Unit.Code, key: i.key, item: i, valid: i.Unit.Valid, level: i.Unit.Level,
		length: uint8(min(utf8.RuneCountInString(i.key), maxRankedLength)),
	}
}

// sameUnit reports whether a reader could not tell the two apart.
func sameUnit(a, b *division.Unit) bool {
	return a.ID == b.ID && a.Code == b.Code && a.Level == b.Level && a.Type == b.Type && a.Name == b.Name &&
		a.Parent == b.Parent && a.Valid == b.Valid && a.Secrecy == b.Secrecy && a.Source == b.Source &&
		a.Synthetic == b.Synthetic && a.CRSOriginal == b.CRSOriginal && a.Label == b.Label && a.Geom.Equal(b.Geom)
}
