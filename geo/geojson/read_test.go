package geojson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/paulmach/orb"
)

func readAll(r io.Reader, lim Limits) ([]Feature, Header, error) {
	var fs []Feature
	h, err := Read(r, lim, func(f Feature) error { fs = append(fs, f); return nil })
	return fs, h, err
}

const square = `[[[120,29],[121,29],[121,30],[120,30],[120,29]]]`

var squareGeom = orb.Polygon{{{120, 29}, {121, 29}, {121, 30}, {120, 30}, {120, 29}}}

func TestReadForms(t *testing.T) {
	one := Feature{ID: "a", Geometry: squareGeom, Properties: []Property{{"code", json.Number("330727001000")}, {"name", "安文街道"}}, Record: 1}
	feature := `{"type":"Feature","id":"a","geometry":{"type":"Polygon","coordinates":` + square + `},"properties":{"code":330727001000,"name":"安文街道"}}`
	backward := `{"properties":{"code":330727001000,"name":"\u5b89\u6587街道"},"geometry":{"coordinates":` + square + `,"type":"Polygon"},"bbox":[1,2,3,4],"id":"a","type":"Feature"}`
	two := one
	two.Record = 2
	for name, c := range map[string]struct {
		in   string
		want []Feature
		head Header
	}{
		"collection":                       {`{"type":"FeatureCollection","name":"n","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},"features":[` + feature + `,` + backward + `]}`, []Feature{one, two}, Header{"urn:ogc:def:crs:EPSG::4490", "n", 2}},
		"features first":                   {` { "features" : [ ` + feature + " ,\n" + backward + ` ] , "x":[1,{"y":null}], "type" : "FeatureCollection" } `, []Feature{one, two}, Header{"", "", 2}},
		"empty collection":                 {`{"type":"FeatureCollection","features":[]}`, nil, Header{}},
		"feature":                          {feature, []Feature{one}, Header{"", "", 2}},
		"feature backward":                 {backward, []Feature{one}, Header{"", "", 2}},
		"byte order mark":                  {"\ufeff" + feature, []Feature{one}, Header{"", "", 2}},
		"lines":                            {feature + "\n" + backward + "\n\n", []Feature{one, two}, Header{"", "", 2}},
		"lines, no breaks":                 {feature + backward, []Feature{one, two}, Header{"", "", 2}},
		"record separators":                {"\x1e" + feature + "\n\x1e" + backward + "\n", []Feature{one, two}, Header{"", "", 2}},
		"bare geometry":                    {`{"coordinates":` + square + `,"type":"Polygon"}`, []Feature{{Geometry: squareGeom, Record: 1}}, Header{"", "", 2}},
		"bare collection":                  {`{"geometries":[{"type":"Point","coordinates":[1,2,3]}],"type":"GeometryCollection"}`, []Feature{{Geometry: orb.Collection{orb.Point{1, 2}}, Record: 1}}, Header{"", "", 3}},
		"old crs":                          {`{"type":"FeatureCollection","crs":{"type":"EPSG","properties":{"code":4326}},"features":[]}`, nil, Header{CRS: "EPSG:4326"}},
		"null crs":                         {`{"type":"FeatureCollection","crs":null,"features":[]}`, nil, Header{}},
		"linked crs":                       {`{"type":"FeatureCollection","crs":{"type":"link"},"features":[]}`, nil, Header{CRS: `{"type":"link"}`}},
		"nothing in it":                    {`{"type":"Feature","geometry":null,"properties":null}`, []Feature{{Record: 1}}, Header{}},
		"a foreign member called features": {`{"type":"Feature","features":7,"geometry":null}`, []Feature{{Record: 1}}, Header{}},
	} {
		for how, r := range map[string]io.Reader{"": strings.NewReader(c.in), " byte by byte": iotest.OneByteReader(strings.NewReader(c.in))} {
			fs, h, err := readAll(r, Limits{})
			if err != nil || !reflect.DeepEqual(fs, c.want) || h != c.head {
				t.Errorf("%s%s: %+v %+v %v", name, how, fs, h, err)
			}
		}
	}
}

func TestReadGeometries(t *testing.T) {
	for in, want := range map[string]orb.Geometry{
		`{"type":"Point","coordinates":[-1.5e1,0.25]}`:                                            orb.Point{-15, 0.25},
		`{"type":"Point","coordinates":[]}`:                                                       nil,
		`{"type":"MultiPoint","coordinates":[[1,2],[3,4,5,6]]}`:                                   orb.MultiPoint{{1, 2}, {3, 4}},
		`{"type":"LineString","coordinates":[]}`:                                                  orb.LineString{},
		`{"type":"LineString","coordinates":[[120.45678901234567,29.123456789012345678],[0,-0]]}`: orb.LineString{{120.45678901234567, 29.123456789012345678}, {0, 0}},
		`{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[]]}`:                             orb.MultiLineString{{{1, 2}, {3, 4}}, {}},
		`{"type":"Polygon","coordinates":[]}`:                                                     orb.Polygon{},
		`{"type":"MultiPolygon","coordinates":[` + square + `,[]]}`:                               orb.MultiPolygon{squareGeom, {}},
		`{"type":"GeometryCollection","geometries":[]}`:                                           orb.Collection{},
		`{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[{"coordinates":[1,2],"type":"Point"}]}]}`: orb.Collection{orb.Collection{orb.Point{1, 2}}},
		`null`: nil,
	} {
		fs, _, err := readAll(strings.NewReader(`{"type":"Feature","geometry":`+in+`}`), Limits{})
		if err != nil || len(fs) != 1 || !reflect.DeepEqual(fs[0].Geometry, want) {
			t.Errorf("%s: %#v %v", in, fs, err)
		}
	}
}

func TestReadProperties(t *testing.T) {
	fs, _, err := readAll(strings.NewReader(`{"type":"Feature","id":12345678901234567890,"geometry":null,"properties":{"s":"a\"\\\/\b\f\n\r\tz\ud867\ude3d\ud800x𩸽","n":-1.50e+2,"t":true,"f":false,"o":null,"a":[1, {"b":"}"}],"m":{ },"s":1}}`), Limits{})
	want := []Property{{"s", "a\"\\/\b\f\n\r\tz𩸽\ufffdx𩸽"}, {"n", json.Number("-1.50e+2")}, {"t", true}, {"f", false}, {"o", nil}, {"a", json.RawMessage(`[1, {"b":"}"}]`)}, {"m", json.RawMessage(`{ }`)}, {"s", json.Number("1")}}
	if err != nil || len(fs) != 1 || !reflect.DeepEqual(fs[0].Properties, want) || fs[0].ID != json.Number("12345678901234567890") {
		t.Errorf("%#v %v", fs, err)
	}
}

func TestReadErrors(t *testing.T) {
	collection := func(s string) string { return `{"type":"FeatureCollection","features":[` + good + `,` + s + `]}` }
	geometry := func(s string) string { return collection(`{"type":"Feature","geometry":` + s + `}`) }
	for _, c := range []struct{ in, says string }{
		{``, "empty"}, {"\ufeff", "cut off"}, {"  \n", "empty"}, {`[]`, "not GeoJSON"}, {`<html>`, "not GeoJSON"}, {"\xff\xfe{\x00", "UTF-16"}, {`{}`, "no type"},
		{`{"type":"Topology","arcs":[]}`, "TopoJSON"}, {`{"type":"featurecollection","features":[]}`, "featurecollection"}, {`{"type":"Polygone"}`, "Polygone"},
		{`{"type":"FeatureCollection"}`, "no features"}, {`{"type":"FeatureCollection","features":{}}`, "must be an array"}, {`{"features":[]}`, "not \"FeatureCollection\""},
		{`{"type":"Point"}`, "no coordinates"}, {`{"type":"GeometryCollection","coordinates":[]}`, "no coordinates"},
		{collection(`null`), "must be an object"}, {collection(`{"type":"feature"}`), `"feature"`}, {collection(`{}`), `must be "Feature"`},
		{collection(`{"type":"Feature","properties":[]}`), "properties must be"}, {collection(`{"type":"Feature","properties":1}`), "properties must be"},
		{collection(`{"type":"Feature","id":[]}`), "the id of a feature"}, {collection(`{"type":"Feature",}`), "name of a member"}, {collection(`{"type":"Feature"]}`), "a comma or '}'"},
		{geometry(`"x"`), "must be an object"}, {geometry(`{"coordinates":[1,2]}`), "no type"}, {geometry(`{"type":"Point"}`), "no coordinates"},
		{geometry(`{"type":"Circle","coordinates":[1,2]}`), "Circle"}, {geometry(`{"type":"Point","coordinates":[1]}`), "only one"}, {geometry(`{"type":"Point","coordinates":[1,2,3,4,5]}`), "more than four"},
		{geometry(`{"type":"Point","coordinates":[[1,2]]}`), "not nested"}, {geometry(`{"type":"Polygon","coordinates":[[1,2],[3,4]]}`), "not nested"}, {geometry(`{"type":"LineString","coordinates":[[[1,2]]]}`), "not nested"},
		{geometry(`{"type":"LineString","coordinates":[[]]}`), "without coordinates"}, {geometry(`{"type":"LineString","coordinates":["1","2"]}`), "not nested"},
		{geometry(`{"type":"Point","coordinates":["1","2"]}`), "must be a number"}, {geometry(`{"type":"Point","coordinates":[null,null]}`), "must be a number"},
		{geometry(`{"type":"Point","coordinates":[NaN,1]}`), "NaN is not allowed"}, {geometry(`{"type":"Point","coordinates":[1,-Infinity]}`), "Infinity is not allowed"}, {geometry(`{"type":"Point","coordinates":[1e999,1]}`), "too large"},
		{geometry(`{"type":"Point","coordinates":[01,1]}`), "how a number"}, {geometry(`{"type":"Point","coordinates":[1.,1]}`), "how a number"}, {geometry(`{"type":"Point","coordinates":[-,1]}`), "how a number"}, {geometry(`{"type":"Point","coordinates":[1,1,]}`), "begins no value"},
		{geometry(`{"type":"GeometryCollection"}`), "no geometries"}, {geometry(`{"type":"GeometryCollection","geometries":[null]}`), "nothing but geometries"}, {geometry(`{"type":"GeometryCollection","geometries":{}}`), "must be an array"},
		{collection(`{"type":"Feature","properties":{"name":"` + "\xc4\xe3" + `"}}`), "GBK"}, {collection(`{"type":"Feature","properties":{"name":"a` + "\n" + `"}}`), "control character"}, {collection(`{"type":"Feature","properties":{"name":"\x"}}`), "escape"},
		{collection(`{"type":"Feature","properties":{"x":tru}}`), "no value"}, {collection(`{"type":"Feature","properties":{"x":}}`), "no value"}, {collection(`{"type":"Feature","x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`), "nested more than"},
		{collection(good)[:len(collection(good))-2], "cut off"}, {collection(good)[:len(collection(good))-30], "cut off"}, {collection(good) + "x", "not GeoJSON"},
		{`{"type":"FeatureCollection","features":[` + good + ` ` + good + `]}`, "a comma or ]"}, {`{"type" "Feature"}`, "a colon"}, {`{"type":"Feature" "x":1}`, "a comma or }"}, {`{1:2}`, "name of a member"},
		{collection(`{"type":"Feature","properties":{"x":"` + strings.Repeat("y", 3000) + `"}}`), "longer than 2000 bytes"},
	} {
		fs, _, err := readAll(strings.NewReader(c.in), Limits{MaxFeatureBytes: 2000})
		var s *SyntaxError
		if !errors.As(err, &s) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "%!") || strings.Contains(s.MsgZH, "%!") || s.MsgZH == "" {
			t.Errorf("%.200q: %v, want %q", c.in, err, c.says)
			continue
		}
		if s.Record != len(fs)+1 || s.Offset < 0 || s.Offset > int64(len(c.in)) {
			t.Errorf("%.200q: record %d after %d features, offset %d", c.in, s.Record, len(fs), s.Offset)
		}
		if strings.HasPrefix(c.in, collection("")[:40]) && len(fs) == 0 {
			t.Errorf("%.200q: the good feature before the error was not delivered", c.in)
		}
	}
}

const good = `{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"name":"好"}}`

func TestErrorOffset(t *testing.T) {
	in := `{"type":"FeatureCollection","features":[` + strings.Repeat(good+",\n", 5000) + `{"type":"Feature","geometry":{"type":"Point","coordinates":[1,"2"]}}]}`
	_, _, err := readAll(strings.NewReader(in), Limits{})
	var s *SyntaxError
	if !errors.As(err, &s) || s.Record != 5001 || s.Offset != int64(strings.Index(in, `"2"`)) {
		t.Errorf("%v, want byte %d", err, strings.Index(in, `"2"`))
	}
}

func TestOtherErrorsPassThrough(t *testing.T) {
	stop := errors.New("stop")
	n := 0
	if _, err := Read(strings.NewReader(strings.Repeat(good, 5)), Limits{}, func(Feature) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	}); err != stop || n != 3 {
		t.Errorf("%v after %d", err, n)
	}
	if _, _, err := readAll(io.MultiReader(strings.NewReader(good+good[:20]), iotest.ErrReader(stop)), Limits{}); err != stop {
		t.Error(err)
	}
	if _, _, err := readAll(iotest.DataErrReader(strings.NewReader(good)), Limits{}); err != nil {
		t.Error(err)
	}
	if _, _, err := readAll(noProgress{}, Limits{}); err != io.ErrNoProgress {
		t.Error(err)
	}
}

type noProgress struct{}

func (noProgress) Read([]byte) (int, error) { return 0, nil }

// endless claims one feature that never ends.
type endless struct {
	head, body string
	n          int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.head)
	e.head = e.head[n:]
	for ; n < len(p); e.n++ {
		p[n] = e.body[e.n%len(e.body)]
		n++
	}
	return n, nil
}

func TestMemoryIsBounded(t *testing.T) {
	const limit = 1 << 20
	head := `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[`
	for _, e := range []*endless{
		{head: head, body: "[1,2],"},
		{head: head + "[1,2]],", body: "[],"},
		{head: `{"type":"Feature","properties":{"x":"`, body: "["},
		{head: `{"type":"Feature","properties":{`, body: `"x":0,`},
		{head: ``, body: `{"type":`},
		{head: `{"`, body: `\\`},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := readAll(e, Limits{MaxFeatureBytes: limit})
		runtime.ReadMemStats(&after)
		var s *SyntaxError
		if !errors.As(err, &s) {
			t.Errorf("%.20q…%q: %v", e.head, e.body, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 8*limit {
			t.Errorf("%.20q…%q: %d bytes were allocated", e.head, e.body, got)
		}
	}
	// The same closed properly, so that it is parsed: no more than some times the text.
	for _, in := range []string{
		`{"type":"Polygon","coordinates":[[` + strings.Repeat("[1,2],", limit/6-20) + `[1,2]]]}`,
		`{"type":"Polygon","coordinates":[` + strings.Repeat("[],", limit/3-20) + `[]]}`,
		`{"type":"Polygon","coordinates":[],"x":"` + strings.Repeat("[", limit-100) + `"}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := readAll(strings.NewReader(in), Limits{MaxFeatureBytes: limit})
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Error(err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 50*limit {
			t.Errorf("%.40q: %d bytes were allocated", in, got)
		}
	}
}

func TestReferenceFiles(t *testing.T) {
	dir := os.Getenv("YUTU_REFERENCE_DATA")
	if dir == "" {
		t.Skip("YUTU_REFERENCE_DATA is not set: the collections of odd files are not at hand")
	}
	files := func(patterns ...string) (all []string) {
		for _, p := range patterns {
			m, err := filepath.Glob(filepath.Join(dir, p))
			if err != nil || len(m) == 0 {
				t.Fatal(p, err)
			}
			all = append(all, m...)
		}
		return all
	}
	// null in place of positions, and a comma too many: GDAL makes do with them, RFC 7946 and RFC 8259 do not allow them.
	refused := map[string]bool{"ogr_geojson_14.geojson": true, "stac_item.json": true}
	for _, name := range files("coverages/*json", "torture/geojson-invalid/valid/*", "torture/gdal/geojson/*json", "torture/gdal/geojsonseq/*") {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		fs, h, err := readAll(f, Limits{})
		f.Close()
		t.Logf("%s: %d features, %+v, %v", filepath.Base(name), len(fs), h, err)
		if (err != nil) != refused[filepath.Base(name)] {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Faults that later checks find, or that do not matter to us: rings (geo/topo/valid) and bbox members.
	passes := map[string]bool{
		"invalid_interior_not_cw.geojson": true, "invalid_exterior_not_ccw.geojson": true, "invalid_unclosed.geojson": true, "invalid_less_three_unique_nodes.geojson": true,
		"invalid_geometry_bbox_not_numbers.geojson": true, "invalid_geometry_bbox_not4or6.geojson": true, "invalid_geometry_bbox_not_list.geojson": true,
		// Members that are missing are taken for null.
		"invalid_feature_no_properties.geojson": true, "invalid_feature_wrong_geometry_key.geojson": true,
	}
	for _, name := range files("torture/geojson-invalid/invalid_*/*") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = readAll(bytes.NewReader(b), Limits{})
		if (err == nil) != passes[filepath.Base(name)] {
			t.Errorf("%s: %v\n%s", filepath.Base(name), err, b)
		}
	}
}

// reference reads one JSON text with encoding/json, the slow way.
func reference(b []byte) (n int, ok bool) {
	type object struct {
		Type     string            `json:"type"`
		Features []json.RawMessage `json:"features"`
	}
	var o object
	if json.Unmarshal(b, &o) != nil {
		return 0, false
	}
	if o.Type == "FeatureCollection" {
		return len(o.Features), true
	}
	return 1, true
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"type":"FeatureCollection","features":[` + good + `]}`))
	f.Add([]byte(`{"coordinates":` + square + `,"type":"Polygon"}`))
	f.Add([]byte("\x1e" + good + "\n\x1e" + good))
	f.Add([]byte(`{"geometries":[{"type":"Point","coordinates":[1e-5,2,3]},{"coordinates":[[1,2]],"type":"LineString"}],"type":"GeometryCollection"}`))
	f.Add([]byte(`{"type":"Feature","properties":{"a":"\ud83d\ude00","b":[1,{"c":"\\"}]},"id":-0.5E+1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		lim := Limits{MaxFeatureBytes: 4096, MaxDepth: 20}
		fs, h, err := readAll(bytes.NewReader(b), lim)
		again, h2, err2 := readAll(iotest.OneByteReader(bytes.NewReader(b)), lim)
		if fmt.Sprint(fs, h, err) != fmt.Sprint(again, h2, err2) {
			t.Fatalf("%v %v %v\nbyte by byte %v %v %v", fs, h, err, again, h2, err2)
		}
		if err != nil {
			return
		}
		body := bytes.TrimPrefix(b, []byte("\ufeff"))
		if json.Valid(body) {
			if n, ok := reference(body); ok && n != len(fs) && !bytes.Contains(b, []byte("eatures")) {
				t.Fatalf("%d features, encoding/json finds %d", len(fs), n)
			}
		} else if dec := json.NewDecoder(bytes.NewReader(bytes.ReplaceAll(body, []byte{0x1e}, []byte{' '}))); !bytes.Contains(b, []byte("\\u001e")) {
			for range fs {
				var raw json.RawMessage
				if err := dec.Decode(&raw); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("taken, but encoding/json says %v", err)
				}
			}
		}
		for _, g := range fs {
			out := AppendGeometry(nil, g.Geometry)
			back, _, err := readAll(bytes.NewReader([]byte(`{"type":"Feature","geometry":`+string(out)+`}`)), Limits{MaxFeatureBytes: 1 << 20})
			if err != nil || len(back) != 1 {
				t.Fatalf("%s: %v", out, err)
			}
			// A ring of next to no area may be turned once more.
			if second := AppendGeometry(nil, back[0].Geometry); len(out) != len(second) {
				t.Fatalf("%s is read and written as %s", out, second)
			}
		}
	})
}

func village(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"type":"Feature","properties":{"code":"330727001201","name":"安文村","level":"village"},"geometry":{"type":"MultiPolygon","coordinates":[[[`)
	for i := range n {
		fmt.Fprintf(&b, "[%.9f,%.9f],", 120.4+float64(i*7919%n)/1e4, 29.0+float64(i)/1e5)
	}
	b.WriteString(`[120.4,29]]]]}}`)
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	for name, digits := range map[string]string{"9 places": "", "15 places": "123456"} {
		v := village(300)
		v = bytes.ReplaceAll(v, []byte("],["), []byte(digits+"],["))
		if digits != "" {
			v = bytes.ReplaceAll(v, []byte(",29."), []byte(digits+",29."))
		}
		in := []byte(`{"type":"FeatureCollection","features":[` + strings.Repeat(string(v)+",\n", 999) + string(v) + `]}`)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(bytes.NewReader(in), Limits{}, func(Feature) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
