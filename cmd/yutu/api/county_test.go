package api

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/data/synth"
)

// newCounty serves the synthetic county from a database of its own.
func newCounty(t testing.TB) (*world, *pg.Store) {
	t.Helper()
	county, err := synth.Generate(t.Context(), synth.Options{Size: synth.CountySize})
	if err != nil {
		t.Fatal(err)
	}
	store := pgtest.New(t)
	if _, err := store.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test", File: "synth"}, county.Units); err != nil {
		t.Fatal(err)
	}
	a := openAtlas(t, store)
	h, err := New(Config{Atlas: a, Ping: store.Ping, Files: built, Style: testStyle, Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Server: httptest.NewServer(h), t: t, atlas: a}
	t.Cleanup(w.Close)
	return w, store
}

func TestTheSyntheticCounty(t *testing.T) {
	w, store := newCounty(t)
	var s statusDoc
	w.json(w.get("/api/v1/status"), &s)
	if !s.Synthetic || s.Counts["township"] != 14 || s.Counts["village"] != 236 {
		t.Errorf("%+v", s.Counts)
	}
	all := w.all(t, "?limit=50")
	if want := s.Counts["county"] + s.Counts["township"] + s.Counts["village"] + s.Counts["prefecture"] + s.Counts["province"]; len(all) != want {
		t.Errorf("%d features, %d units", len(all), want)
	}
	for _, f := range all {
		if f.Properties["synthetic"] != true {
			t.Errorf("%v is not labelled synthetic", f.Properties["name"])
		}
	}
	if out := gdal(t, "ogrinfo", "-so", "OAPIF:"+w.URL+"/ogc", "divisions"); !strings.Contains(out, "Geometry: Multi Polygon") && !strings.Contains(out, "Geometry: ") {
		t.Errorf("%s", out)
	}

	// A box over the middle gives what truly meets it, by another engine's word.
	box := orb.Bound{Min: orb.Point{120.55, 29.0}, Max: orb.Point{120.62, 29.06}}
	envelope := geom.NewEnvelope(geom.XY{X: box.Min[0], Y: box.Min[1]}, geom.XY{X: box.Max[0], Y: box.Max[1]}).AsGeometry()
	want := map[int64]bool{}
	for _, f := range all {
		g, err := geom.UnmarshalGeoJSON([]byte(geometryText(t, w, f.ID)))
		if err != nil {
			t.Fatal(err)
		}
		if geom.Intersects(g, envelope) {
			want[f.ID] = true
		}
	}
	got := w.all(t, "?limit=7&bbox=120.55,29.0,120.62,29.06")
	for _, f := range got {
		if !want[f.ID] {
			t.Errorf("%v does not meet the box", f.Properties["name"])
		}
	}
	if len(got) != len(want) || len(got) < 3 {
		t.Errorf("%d features, want %d", len(got), len(want))
	}

	// A change in the database reaches an open stream and the tile.
	events, _ := w.listen(t)
	next(t, events, "status")
	it, ok := w.atlas.Snapshot().ByID(all[len(all)-1].ID)
	if !ok {
		t.Fatal("the last feature is not in the atlas")
	}
	path := tileOver(it.Unit.Label[0], it.Unit.Label[1], 13)
	before := w.get(path).Header.Get("ETag")
	u := it.Unit
	u.Name += "改"
	seq, err := store.PutDivision(t.Context(), "test", u)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.atlas.WaitFor(t.Context(), seq); err != nil {
		t.Fatal(err)
	}
	next(t, events, "tiles")
	if w.get(path).Header.Get("ETag") == before {
		t.Error("the tile did not change")
	}
	var d divisionDoc
	w.json(w.get("/api/v1/divisions/"+string(u.Code)), &d)
	if d.Name != u.Name || d.Level != u.Level.String() {
		t.Errorf("%+v", d.summary)
	}
	if a := w.get("/readyz"); !strings.Contains(string(a.body), `"ready"`) {
		t.Errorf("%s", a.body)
	}
}

func geometryText(t *testing.T, w *world, id int64) string {
	t.Helper()
	it, ok := w.atlas.Snapshot().ByID(id)
	if !ok {
		t.Fatalf("%d is not in the atlas", id)
	}
	return string(it.GeometryJSON())
}
