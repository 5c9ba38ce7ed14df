package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yutu/geo/division"
)

// What the official test suite of OGC API Features (core, CRS) asserts, and where it is weak, more.

type jsonLink struct {
	Href, Rel, Type, Title string
	Templated              bool
}

type jsonFeature struct {
	Type     string
	ID       int64
	Geometry *struct {
		Type        string
		Coordinates orb.MultiPolygon
	}
	Properties map[string]any
	Links      []jsonLink
}

type jsonItems struct {
	Type           string
	Features       []jsonFeature
	Links          []jsonLink
	TimeStamp      string
	NumberMatched  *int
	NumberReturned *int
	Synthetic      bool
}

func find(links []jsonLink, rel, typ string) (jsonLink, bool) {
	for _, l := range links {
		if l.Rel == rel && (typ == "" || l.Type == typ) {
			return l, true
		}
	}
	return jsonLink{}, false
}

// checkLinks asserts rel and type of every link, the demanded ones, and that Link mirrors the body.
func checkLinks(t *testing.T, a answer, links []jsonLink, demanded ...[2]string) {
	t.Helper()
	header := strings.Join(a.Header.Values("Link"), ", ")
	for _, l := range links {
		if l.Rel == "" || l.Type == "" || l.Href == "" || l.Title == "" {
			t.Errorf("%s: link %+v lacks something", a.url, l)
		}
		if !l.Templated && !strings.Contains(header, fmt.Sprintf(`<%s>; rel="%s"; type="%s"`, l.Href, l.Rel, l.Type)) {
			t.Errorf("%s: the Link header lacks %+v", a.url, l)
		}
		if u, err := url.Parse(l.Href); !l.Templated && (err != nil || !u.IsAbs()) {
			t.Errorf("%s: %q is not absolute", a.url, l.Href)
		}
	}
	for _, d := range demanded {
		if _, ok := find(links, d[0], d[1]); !ok {
			t.Errorf("%s: no link %s of type %s", a.url, d[0], d[1])
		}
	}
}

func TestLandingPage(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/ogc", "/ogc/", "/ogc?f=json"} {
		a := w.ok(w.get(path), typeJSON)
		var doc struct{ Links []jsonLink }
		w.json(a, &doc)
		checkLinks(t, a, doc.Links, [2]string{"self", typeJSON}, [2]string{"alternate", typeHTML}, [2]string{"conformance", typeJSON},
			[2]string{"data", typeJSON}, [2]string{"service-desc", "application/vnd.oai.openapi+json;version=3.0"}, [2]string{"service-doc", typeHTML})
		for _, l := range doc.Links {
			w.ok(w.get(l.Href, "Accept", l.Type), strings.Replace(l.Type, typeHTML, "text/html; charset=utf-8", 1))
		}
	}
}

func TestConformance(t *testing.T) {
	w := newWorld(t)
	var doc struct{ ConformsTo []string }
	w.json(w.ok(w.get("/ogc/conformance"), typeJSON), &doc)
	for _, class := range []string{"core", "oas30", "html", "geojson"} {
		if !slices.Contains(doc.ConformsTo, "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"+class) {
			t.Errorf("no class %s in %v", class, doc.ConformsTo)
		}
	}
}

type jsonCollection struct {
	ID, Title, Description, StorageCrs, ItemType string
	Links                                        []jsonLink
	CRS                                          []string
	Synthetic                                    bool
	Extent                                       struct {
		Spatial struct {
			BBox [][4]float64
			CRS  string
		}
		Temporal struct{ Interval [][2]*string }
	}
}

func TestCollections(t *testing.T) {
	w := newWorld(t)
	a := w.ok(w.get("/ogc/collections"), typeJSON)
	var doc struct {
		Links       []jsonLink
		Collections []jsonCollection
	}
	w.json(a, &doc)
	checkLinks(t, a, doc.Links, [2]string{"self", typeJSON}, [2]string{"alternate", typeHTML})
	if len(doc.Collections) != 1 {
		t.Fatalf("%d collections", len(doc.Collections))
	}
	listed := doc.Collections[0]
	self, _ := find(listed.Links, "self", typeJSON)
	b := w.ok(w.get(self.Href), typeJSON)
	var own jsonCollection
	w.json(b, &own)
	checkLinks(t, b, own.Links, [2]string{"self", typeJSON}, [2]string{"alternate", typeHTML}, [2]string{"items", typeGeoJSON}, [2]string{"items", typeHTML},
		[2]string{relQueryables, typeSchema})
	if fmt.Sprint(own.ID, own.Title, own.Description, own.Extent.Spatial) != fmt.Sprint(listed.ID, listed.Title, listed.Description, listed.Extent.Spatial) {
		t.Errorf("described differently:\n%+v\n%+v", own, listed)
	}
	if own.ID != "divisions" || own.ItemType != "feature" || own.CRS[0] != crs84 || !slices.Contains(own.CRS, own.StorageCrs) || own.StorageCrs != crs4490 {
		t.Errorf("%+v", own)
	}
	if got := own.Extent.Spatial.BBox[0]; got != [4]float64{-180, 29, 180, 67} {
		t.Errorf("extent %v", got)
	}
	if iv := own.Extent.Temporal.Interval[0]; iv[0] != nil || iv[1] != nil {
		t.Errorf("temporal extent %v, want open at both ends", iv)
	}
	if !own.Synthetic || !strings.Contains(own.Description, "演示") {
		t.Error("the collection does not say that it is synthetic")
	}
}

func TestTemporalExtentIsAnInterval(t *testing.T) {
	units := drawn()[1:2] // 1990-01-01 to 2010-07-01
	units[0].Parent = ""
	w := newWorldOf(t, units)
	var own jsonCollection
	w.json(w.ok(w.get("/ogc/collections/divisions"), typeJSON), &own)
	iv := own.Extent.Temporal.Interval
	if len(iv) != 1 || iv[0][0] == nil || iv[0][1] == nil || *iv[0][0] != "1990-01-01T00:00:00Z" || *iv[0][1] != "2010-07-01T00:00:00Z" {
		t.Errorf("interval %v", iv)
	}
}

// items fetches one page and asserts what every page must have.
func (w *world) items(t *testing.T, query string) (jsonItems, answer) {
	t.Helper()
	path := query
	if !strings.HasPrefix(query, "http") {
		path = "/ogc/collections/divisions/items" + query
	}
	a := w.ok(w.get(path, "Accept", typeGeoJSON), typeGeoJSON)
	var doc jsonItems
	w.json(a, &doc)
	checkLinks(t, a, doc.Links, [2]string{"self", typeGeoJSON}, [2]string{"alternate", typeHTML})
	if doc.Type != "FeatureCollection" {
		t.Errorf("%s: type %q", a.url, doc.Type)
	}
	if doc.NumberReturned == nil || *doc.NumberReturned != len(doc.Features) {
		t.Errorf("%s: numberReturned %v of %d", a.url, doc.NumberReturned, len(doc.Features))
	}
	if doc.NumberMatched == nil || *doc.NumberMatched < len(doc.Features) {
		t.Errorf("%s: numberMatched %v of %d", a.url, doc.NumberMatched, len(doc.Features))
	}
	if ts, err := time.Parse(time.RFC3339, doc.TimeStamp); err != nil || time.Since(ts).Abs() > time.Minute {
		t.Errorf("%s: timeStamp %q", a.url, doc.TimeStamp)
	}
	return doc, a
}

// all follows next from the first page and asserts that the pages add up.
func (w *world) all(t *testing.T, query string) []jsonFeature {
	t.Helper()
	var out []jsonFeature
	seen := map[int64]bool{}
	matched := -1
	for next := query; ; {
		doc, a := w.items(t, next)
		if matched == -1 {
			matched = *doc.NumberMatched
		}
		if *doc.NumberMatched != matched {
			t.Errorf("%s: numberMatched went from %d to %d", a.url, matched, *doc.NumberMatched)
		}
		for _, f := range doc.Features {
			if seen[f.ID] {
				t.Errorf("%s: %d twice", a.url, f.ID)
			}
			seen[f.ID] = true
		}
		out = append(out, doc.Features...)
		l, ok := find(doc.Links, "next", typeGeoJSON)
		if !ok {
			break
		}
		if len(doc.Features) == 0 {
			t.Fatalf("%s: an empty page with a next", a.url)
		}
		next = l.Href
	}
	if matched != len(out) {
		t.Errorf("%s: numberMatched %d, %d on all pages", query, matched, len(out))
	}
	return out
}

func ids(fs []jsonFeature) []int64 {
	out := []int64{}
	for _, f := range fs {
		out = append(out, f.ID)
	}
	return out
}

func validOn(day string) []int64 {
	d, out := mustDay(day), []int64{}
	for _, u := range drawn() {
		if u.Valid.Contains(d) && u.Secrecy == division.Public {
			out = append(out, u.ID)
		}
	}
	slices.Sort(out)
	return out
}

func TestItemsWithoutParametersAreTodays(t *testing.T) {
	w := newWorld(t)
	got := w.all(t, "")
	if want := validOn(division.Today().String()); !slices.Equal(ids(got), want) {
		t.Errorf("got %v, want %v", ids(got), want)
	}
	if all := w.all(t, "?datetime=../.."); len(all) != len(drawn())-1 {
		t.Errorf("%d versions at all times, want %d", len(all), len(drawn())-1)
	}
	for _, f := range got {
		for _, key := range []string{"code", "name", "level", "type", "parent", "valid_from", "valid_to", "source", "synthetic"} {
			if _, ok := f.Properties[key]; !ok {
				t.Errorf("%d has no %s", f.ID, key)
			}
		}
		if f.Properties["synthetic"] != true || f.Type != "Feature" {
			t.Errorf("%+v", f)
		}
		if f.Geometry == nil {
			if f.ID != 92 {
				t.Errorf("%d has no geometry", f.ID)
			}
			continue
		}
		for _, p := range f.Geometry.Coordinates {
			for _, r := range p {
				for _, v := range r {
					if v[0] < -180 || v[0] > 180 || v[1] < -90 || v[1] > 90 {
						t.Errorf("%d: %v", f.ID, v)
					}
				}
			}
		}
	}
}

func TestLimitAndPaging(t *testing.T) {
	w := newWorld(t)
	whole := ids(w.all(t, ""))
	for _, limit := range []string{"1", "2", "3", "7", "100", "10000", "10001", "99999999999999999999999"} {
		if got := ids(w.all(t, "?limit="+limit)); !slices.Equal(got, whole) {
			t.Errorf("limit=%s gives %v, want %v", limit, got, whole)
		}
	}
	// The limit may change on the way.
	doc, _ := w.items(t, "?limit=5")
	got := ids(doc.Features)
	for limit := 5; ; limit++ {
		next, ok := find(doc.Links, "next", typeGeoJSON)
		if !ok {
			break
		}
		doc, _ = w.items(t, strings.Replace(next.Href, fmt.Sprintf("limit=%d", limit), fmt.Sprintf("limit=%d", limit+1), 1))
		got = append(got, ids(doc.Features)...)
	}
	if !slices.Equal(got, whole) {
		t.Errorf("with a growing limit: %v, want %v", got, whole)
	}
	for _, l := range []int{1, 2, 5} {
		if doc, a := w.items(t, "?limit="+strconv.Itoa(l)); len(doc.Features) != l {
			t.Errorf("%s: %d features", a.url, len(doc.Features))
		}
	}
}

// meets is the true intersection of a cell of the drawing with a box, by coordinates.
func meets(g orb.MultiPolygon, b orb.Bound) bool {
	return len(g) > 0 && g.Bound().Intersects(b)
}

func TestBBox(t *testing.T) {
	w := newWorld(t)
	today := division.Today()
	for _, c := range []struct {
		query string
		boxes []orb.Bound
	}{
		{"-180,29,180,67", []orb.Bound{{Min: orb.Point{-180, 29}, Max: orb.Point{180, 67}}}},
		{"-1.5,50,1.5,53", []orb.Bound{{Min: orb.Point{-1.5, 50}, Max: orb.Point{1.5, 53}}}},
		{"-80,-5,-70,5", []orb.Bound{{Min: orb.Point{-80, -5}, Max: orb.Point{-70, 5}}}},
		{"177,65,-177,70", []orb.Bound{{Min: orb.Point{177, 65}, Max: orb.Point{180, 70}}, {Min: orb.Point{-180, 65}, Max: orb.Point{-177, 70}}}},
		{"-180,85,180,90", nil}, {"-180,-90,180,-85", nil},
		{"120.01,29.01,120.02,29.02", []orb.Bound{{Min: orb.Point{120.01, 29.01}, Max: orb.Point{120.02, 29.02}}}},
		{"120.01,29.01,-5,120.02,29.02,5e3", []orb.Bound{{Min: orb.Point{120.01, 29.01}, Max: orb.Point{120.02, 29.02}}}},
		{"120.1,29.1,120.1,29.1", []orb.Bound{{Min: orb.Point{120.1, 29.1}, Max: orb.Point{120.1, 29.1}}}},
	} {
		want := []int64{}
		for _, u := range drawn() {
			if u.Valid.Contains(today) && u.Secrecy == division.Public && slices.ContainsFunc(c.boxes, func(b orb.Bound) bool { return meets(u.Geom, b) }) {
				want = append(want, u.ID)
			}
		}
		slices.Sort(want)
		if got := ids(w.all(t, "?limit=4&bbox="+c.query)); !slices.Equal(got, want) {
			t.Errorf("bbox=%s gives %v, want %v", c.query, got, want)
		}
		// The same box with latitude first.
		p := strings.Split(c.query, ",")
		if len(p) == 4 {
			turned := strings.Join([]string{p[1], p[0], p[3], p[2]}, ",")
			got := ids(w.all(t, "?bbox="+turned+"&bbox-crs="+url.QueryEscape(crs4490)))
			if !slices.Equal(got, want) {
				t.Errorf("bbox=%s in EPSG:4490 gives %v, want %v", turned, got, want)
			}
		}
	}
}

func TestDatetime(t *testing.T) {
	w := newWorld(t)
	overlapping := func(from, to string) []int64 {
		r, out := division.Always, []int64{}
		if from != "" {
			r.From = mustDay(from)
		}
		if to != "" {
			r.To = mustDay(to) + 1
		}
		for _, u := range drawn() {
			if u.Valid.Overlaps(r) && u.Secrecy == division.Public {
				out = append(out, u.ID)
			}
		}
		slices.Sort(out)
		return out
	}
	for _, c := range []struct{ datetime, from, to string }{
		{"2010-06-30", "2010-06-30", "2010-06-30"}, {"2010-07-01", "2010-07-01", "2010-07-01"},
		// The day in China decides: 15:59:59Z is one second before midnight there.
		{"2010-06-30T15:59:59Z", "2010-06-30", "2010-06-30"}, {"2010-06-30T16:00:00Z", "2010-07-01", "2010-07-01"},
		{"2010-07-01T00:00:00+08:00", "2010-07-01", "2010-07-01"}, {"2016-12-31T23:59:60Z", "2017-01-01", "2017-01-01"},
		{"1991-01-01/2011-01-01", "1991-01-01", "2011-01-01"}, {"../2009-01-01", "", "2009-01-01"}, {"2019-01-01/..", "2019-01-01", ""},
		{"/2009-01-01", "", "2009-01-01"}, {"2019-01-01/", "2019-01-01", ""}, {"../..", "", ""}, {"/", "", ""},
		{"2017-12-31/P1D", "2017-12-31", "2018-01-01"}, {"P1D/2018-01-01", "2017-12-31", "2018-01-01"},
		{"2018-02-12T23:20:50Z/P1M6DT12H31M12S", "2018-02-13", "2018-03-20"},
		{"1980-01-01/P2W", "1980-01-01", "1980-01-15"},
	} {
		got := ids(w.all(t, "?limit=6&datetime="+url.QueryEscape(c.datetime)))
		if want := overlapping(c.from, c.to); !slices.Equal(got, want) {
			t.Errorf("datetime=%s gives %v, want %v", c.datetime, got, want)
		}
	}
}

func TestPropertyFilters(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string][]int64{
		"code=330727001000":                {11},
		"code=330727001000&datetime=../..": {10, 11},
		"code=330727":                      {1},
		"name=安文街道":                        {11},
		"level=township":                   {11, 12, 13, 15, 92, 94},
		"level=4&type=镇":                   {12, 13, 15, 92, 94},
		"parent=330727001000":              {110, 111, 112, 113},
		"within=330727001":                 {11, 110, 111, 112, 113},
		"within=330727001&level=village&bbox=120.0,29,120.01,29.01": {110},
		"name=没有": {},
	} {
		q, _ := url.ParseQuery(query)
		if got := ids(w.all(t, "?limit=3&"+q.Encode())); !slices.Equal(got, want) {
			t.Errorf("%s gives %v, want %v", query, got, want)
		}
	}
}

func TestFeature(t *testing.T) {
	w := newWorld(t)
	a := w.ok(w.get("/ogc/collections/divisions/items/11"), typeGeoJSON)
	var f jsonFeature
	w.json(a, &f)
	checkLinks(t, a, f.Links, [2]string{"self", typeGeoJSON}, [2]string{"alternate", typeHTML}, [2]string{"collection", typeJSON})
	want := map[string]any{
		"code": "330727001000", "name": "安文街道", "level": "township", "type": "街道", "parent": "330727000000",
		"valid_from": "2010-07-01", "valid_to": nil, "source": "试验", "synthetic": true,
	}
	if f.ID != 11 || fmt.Sprint(f.Properties) != fmt.Sprint(want) {
		t.Errorf("%+v", f)
	}
	if got := f.Geometry.Coordinates.Bound(); got != (orb.Bound{Min: orb.Point{120, 29}, Max: orb.Point{120.1, 29.1}}) {
		t.Errorf("bounds %v", got)
	}
	// The items of a list are the same features.
	list, _ := w.items(t, "?code=330727001000")
	list.Features[0].Links = f.Links
	if fmt.Sprint(list.Features[0].Properties, *list.Features[0].Geometry) != fmt.Sprint(f.Properties, *f.Geometry) {
		t.Errorf("%+v\n%+v", list.Features[0], f)
	}
}

func TestReferenceSystems(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/ogc/collections/divisions/items", "/ogc/collections/divisions/items/11"} {
		for _, c := range []struct {
			query, uri string
			latFirst   bool
		}{
			{"", crs84, false}, {"?crs=" + url.QueryEscape(crs84), crs84, false}, {"?crs=" + url.QueryEscape(crs4490), crs4490, true},
		} {
			a := w.ok(w.get(path+c.query), typeGeoJSON)
			if got := a.Header.Get("Content-Crs"); got != "<"+c.uri+">" {
				t.Errorf("%s: Content-Crs %q", a.url, got)
			}
			var list jsonItems
			var f jsonFeature
			w.json(a, &list)
			if list.Type == "FeatureCollection" {
				f = list.Features[slices.IndexFunc(list.Features, func(f jsonFeature) bool { return f.ID == 11 })]
			} else {
				w.json(a, &f)
			}
			if got := f.Geometry.Coordinates.Bound().Min; got != map[bool]orb.Point{false: {120, 29}, true: {29, 120}}[c.latFirst] {
				t.Errorf("%s: %v", a.url, got)
			}
		}
	}
}

func TestQueryables(t *testing.T) {
	w := newWorld(t)
	a := w.ok(w.get("/ogc/collections/divisions/queryables"), typeSchema)
	var doc struct {
		Schema     string `json:"$schema"`
		ID         string `json:"$id"`
		Type       string
		Properties map[string]struct{ Title, Type string }
	}
	w.json(a, &doc)
	if doc.Schema == "" || doc.Type != "object" || doc.ID != w.URL+"/ogc/collections/divisions/queryables" {
		t.Errorf("%+v", doc)
	}
	for name, p := range doc.Properties {
		if name == "geometry" {
			continue
		}
		// Every queryable is a parameter, whatever it finds.
		value := map[string]string{"level": "village"}[name]
		if a := w.get("/ogc/collections/divisions/items?" + name + "=" + orElse(value, "33")); a.StatusCode != 200 || p.Title == "" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
}
