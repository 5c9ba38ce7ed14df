package exchange

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/crs"
	"yutu/geo/division"
	"yutu/geo/geodesy"
)

// database stands for what is already stored.
type database struct {
	units  map[division.Code]division.Level
	border orb.Ring
}

func (d database) UnitAt(code division.Code) (string, division.Level, bool) {
	l, ok := d.units[code]
	return "已有", l, ok
}

func (d database) HasLevel(l division.Level) bool {
	for _, have := range d.units {
		if have == l {
			return true
		}
	}
	return false
}

func (d database) BorderDistanceM(p orb.Point) (float64, bool) {
	best := math.Inf(1)
	for _, v := range d.border {
		best = min(best, geodesy.DistanceM(p, v))
	}
	return best, len(d.border) > 0
}

// find returns the findings of a rule.
func find(fs []geo.Finding, rule string) []geo.Finding {
	var out []geo.Finding
	for _, f := range fs {
		if f.Rule == rule {
			out = append(out, f)
		}
	}
	return out
}

func village(code, name string, geom orb.MultiPolygon, more ...property) string {
	return feature(geom, append([]property{{"code", text(code)}, {"name", text(name)}}, more...)...)
}

// Each line: what is wrong with one record of an otherwise good county, and what is said about it.
func TestBadRecords(t *testing.T) {
	at := func(x, y float64, r ...float64) orb.MultiPolygon {
		ring := orb.Ring{}
		for i := 0; i < len(r); i += 2 {
			ring = append(ring, grid(orb.Point{x + r[i]*0.001, y + r[i+1]*0.001}))
		}
		return orb.MultiPolygon{{ring}}
	}
	const x, y = 120.302, 28.912 // inside village 205 of township 001
	good := at(x, y, 0, 0, 4, 0, 4, 4, 0, 4, 0, 0)
	middle := &orb.Point{x + 0.002, y + 0.002}
	hole := func(x, y float64) orb.Ring { return reversed(square(x, y, 0.001)) }
	for _, c := range []struct {
		name, feature, want string
		object              string
		near                *orb.Point
	}{
		{"self-crossing ring", village("330727001300", "交叉村", at(x, y, 0, 0, 4, 4, 4, 0, 0, 4, 0, 0)), "error ring-self-crossing", "330727001300 交叉村", &orb.Point{x + 0.002, y + 0.002}},
		{"unclosed ring", village("330727001300", "未闭村", at(x, y, 0, 0, 4, 0, 4, 4, 0, 4)), "error ring-not-closed", "330727001300 未闭村", &orb.Point{x, y + 0.004}},
		{"hole outside its shell", village("330727001300", "外洞村", orb.MultiPolygon{{good[0][0], hole(x+0.1, y)}}), "error hole-outside-shell", "330727001300 外洞村", &orb.Point{x + 0.1, y}},
		{"overlapping holes", village("330727001300", "洞村", orb.MultiPolygon{{good[0][0], hole(x+0.001, y+0.001), hole(x+0.0015, y+0.0015)}}), "error holes-overlap", "330727001300 洞村", &orb.Point{x + 0.0015, y + 0.0015}},
		{"ring of two points", village("330727001300", "线村", at(x, y, 0, 0, 4, 0, 0, 0)), "error ring-too-short", "330727001300 线村", &orb.Point{x, y}},
		{"spike", village("330727001300", "刺村", at(x, y, 0, 0, 4, 0, 4, 4, 8, 4, 4, 4, 0, 4, 0, 0)), "error spike", "330727001300 刺村", &orb.Point{x + 0.008, y + 0.004}},
		{"repeated point", village("330727001300", "重点村", at(x, y, 0, 0, 4, 0, 4, 0, 4, 4, 0, 4, 0, 0)), "info duplicate-vertex", "330727001300 重点村", &orb.Point{x + 0.004, y}},
		{"duplicate code", village("330727001205", "重码村", good), "error code-duplicate", "330727001205 重码村", middle},
		{"parent that does not exist", village("330727009201", "无乡村", good), "error parent-missing", "330727009201 无乡村", middle},
		{"parent that is no code", village("330727001300", "甲村", good, property{"parent", `"三三"`}), "error parent-unreadable", "330727001300 甲村", nil},
		{"parent of its own level", village("330727001300", "甲村", good, property{"parent", `"330727001205"`}), "error parent-not-above", "330727001300 甲村", middle},
		{"its own parent", village("330727001300", "甲村", good, property{"parent", `"330727001300"`}), "error parent-not-above", "330727001300 甲村", middle},
		{"parent of other digits", village("330727001300", "甲村", at(120.352, 28.912, 0, 0, 4, 0, 4, 4, 0, 4, 0, 0), property{"parent", `"330727102"`}), "warning parent-code-disagree", "330727001300 甲村", nil},
		{"code that is none", village("33072700130", "十一位村", good), "error code-unreadable", "十一位村", middle},
		{"no code", village("", "无码村", good), "error code-unreadable", "无码村", middle},
		{"no name", village("330727001300", " ", good), "error name-empty", "330727001300", middle},
		{"endless name", village("330727001300", strings.Repeat("村", 61), good), "warning name-long", "", nil},
		{"control character", village("330727001300", "甲\u0001村", good), "error control-character", "", nil},
		{"direction override", village("330727001300", "甲\u202e村", good), "error control-character", "", nil},
		{"level that disagrees", village("330727300", "甲村", good, property{"level", `"village"`}), "warning level-code-disagree", "330727300000 甲村", nil},
		{"level that is none", village("330727001300", "甲村", good, property{"level", `"屯"`}), "warning level-unreadable", "330727001300 甲村", middle},
		{"dates in the wrong order", village("330727001300", "甲村", good, property{"valid_from", `"2020-01-01"`}, property{"valid_to", `"2019-01-01"`}), "error date-order", "330727001300 甲村", middle},
		{"date that is none", village("330727001300", "甲村", good, property{"valid_from", `"2020-02-30"`}), "error date-unreadable", "330727001300 甲村", nil},
		{"secrecy that is none", village("330727001300", "甲村", good, property{"secrecy", `"谁都可以看"`}), "error secrecy-unreadable", "330727001300 甲村", nil},
		{"synthetic or not", village("330727001300", "甲村", good, property{"synthetic", `"maybe"`}), "error synthetic-unreadable", "330727001300 甲村", nil},
		{"no geometry", strings.Replace(village("330727001300", "甲村", nil), `{"type":"MultiPolygon","coordinates":[]}`, "null", 1), "error geometry-empty", "330727001300 甲村", nil},
		{"empty geometry", village("330727001300", "甲村", nil), "error geometry-empty", "330727001300 甲村", nil},
		{"a line", strings.Replace(village("330727001300", "甲村", nil), `"MultiPolygon","coordinates":[]`, `"LineString","coordinates":[[120.3,29],[120.4,29]]`, 1), "error geometry-kind", "330727001300 甲村", nil},
		{"outside its parent", village("330727001300", "远村", at(120.412, 28.912, 0, 0, 4, 0, 4, 4, 0, 4, 0, 0)), "warning outside-parent", "330727001300 远村", &orb.Point{120.414, 28.914}},
		{"on the other side of the world", village("330727001300", "远村", at(-70, 28.912, 0, 0, 4, 0, 4, 4, 0, 4, 0, 0)), "warning outside-extent, warning outside-parent", "330727001300 远村", &orb.Point{-69.998, 28.914}},
		{"beyond the pole", village("330727001300", "远村", at(120.3, 95, 0, 0, 4, 0, 4, 4, 0, 4, 0, 0)), "error coordinate-out-of-range", "330727001300 远村", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := append(featuresOf(county()), c.feature)
			d := check1(t, put(t, "county.geojson", collection(fs)), Options{}, nil)
			// A spike touches the ring where it leaves it: some checks call that a crossing as well.
			if got := rulesOf(d.Findings); got != c.want && (c.name != "spike" || got != c.want+", error ring-self-crossing") {
				t.Fatalf("%s, want %s\n%+v", got, c.want, d.Findings)
			}
			f := d.Findings[0]
			if f.File != "county.geojson" || f.Record != len(fs) || c.object != "" && f.Object != c.object {
				t.Errorf("file %q, record %d, object %q", f.File, f.Record, f.Object)
			}
			if f.Message.ZH == "" || f.Message.EN == "" || f.Severity > geo.Info && (f.Advice.ZH == "" || f.Advice.EN == "") {
				t.Errorf("without words: %+v", f)
			}
			switch {
			case c.near == nil:
			case f.Position == nil:
				t.Error("no position")
			case math.Abs(f.Position[0]-c.near[0]) > 0.0011 || math.Abs(f.Position[1]-c.near[1]) > 0.0011:
				t.Errorf("position %v, want about %v", *f.Position, *c.near)
			}
			if _, err := json.Marshal(d.Findings); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCodesInTime(t *testing.T) {
	at := func(from, to string) string {
		return village("330727001300", "甲村", orb.MultiPolygon{{square(120.302, 28.912, 0.004)}},
			property{"valid_from", text(from)}, property{"valid_to", text(to)})
	}
	for _, c := range []struct {
		name string
		fs   []string
		want string
	}{
		{"one after the other", []string{at("2000-01-01", "2018-10-31"), at("2018-10-31", "9999-12-31")}, ""},
		{"on the same date", []string{at("2000-01-01", "2018-11-01"), at("2018-10-31", "")}, "error code-overlap-in-time"},
		{"three within one", []string{at("2000-01-01", ""), at("2001-01-01", "2002-01-01"), at("2003-01-01T00:00:00", "2004/01/01")}, "error code-overlap-in-time, error code-overlap-in-time"},
		{"the same twice", []string{at("2000-01-01", "2018-10-31"), at("2000-01-01", "2018-10-31")}, "error code-duplicate"},
	} {
		d := check1(t, put(t, "x.geojson", collection(append(featuresOf(county()), c.fs...))), Options{}, nil)
		if got := rulesOf(d.Findings); got != c.want || !d.HasValidRange {
			t.Errorf("%s: %+v", c.name, d.Findings)
		}
		for _, f := range d.Findings {
			if f.Object != "330727001300 甲村" || f.Position == nil || f.Record < 19 {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
	}
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		os.WriteFile(path, []byte(content), 0o600)
		return path
	}
	whole := collection(featuresOf(county()))
	write("a.shp", "")
	os.Mkdir(filepath.Join(dir, "folder"), 0o700)
	os.WriteFile(filepath.Join(dir, "folder", "x.gpkg"), nil, 0o600)
	for _, c := range []struct{ name, path, want, says string }{
		{"missing", filepath.Join(dir, "none.shp"), "error file-missing", ""},
		{"folder", filepath.Join(dir, "folder"), "error file-is-folder", "x.gpkg"},
		{"empty", write("empty.geojson", ""), "error file-empty", ""},
		{"empty collection", write("e.geojson", collection(nil)), "error no-records", ""},
		{"cut in the middle", write("cut.geojson", whole[:len(whole)/2]), "error geojson-syntax", ""},
		{"cut line", write("cut.geojsonl", strings.Join(featuresOf(county()), "\n")[:9000]), "error geojson-syntax", ""},
		{"no JSON", write("no.geojson", "hello"), "error file-kind", "GeoJSON"},
		{"no GeoPackage", write("no.gpkg", "hello hello hello"), "error file-kind", "GeoPackage"},
		{"no Shapefile", write("no.shp", strings.Repeat("hello", 50)), "error shp-header", ""},
		{"archive", write("a.zip", "PK\x03\x04rest"), "error file-is-archive", ".shp"},
		{"only the table", write("a.dbf", "x"), "error file-is-sibling", "a.shp"},
		{"a picture", write("a.png", "\x89PNG\r\n"), "error file-kind", ""},
		{"KML", write("a.kml", "<?xml version='1.0'?><kml/>"), "error file-kind", "GeoPackage"},
		{"another database", write("a.gpkg", "SQLite format 3\x00"+strings.Repeat("\x00", 200)), "error gpkg-damaged", ""},
	} {
		d := check1(t, c.path, Options{}, nil)
		if len(find(d.Findings, strings.Fields(c.want)[1])) == 0 || !strings.Contains(rulesOf(d.Findings), c.want) {
			t.Errorf("%s: %s, want %s", c.name, rulesOf(d.Findings), c.want)
			continue
		}
		f := find(d.Findings, strings.Fields(c.want)[1])[0]
		if f.File != filepath.Base(c.path) || !strings.Contains(f.Message.EN+f.Advice.EN, c.says) || f.Advice.ZH == "" {
			t.Errorf("%s: %+v", c.name, f)
		}
		if f.Rule == "geojson-syntax" && f.Record == 0 {
			t.Errorf("%s: no record is named: %+v", c.name, f)
		}
	}
}

// The good features before the cut are there, so that a dry run can say all that is wrong.
func TestCutGeoJSONKeepsWhatIsWhole(t *testing.T) {
	fs := featuresOf(county())
	whole := collection(fs)
	third := strings.Index(whole, fs[3])
	d := check1(t, put(t, "cut.geojson", whole[:third+200]), Options{}, nil)
	if len(d.Units) != 3 || rulesOf(d.Findings) != "error geojson-syntax" || d.Findings[0].Record != 4 {
		t.Errorf("%d units, %+v", len(d.Units), d.Findings)
	}
}

// mapped returns the county with every coordinate changed.
func mapped(fn func(orb.Point) orb.Point) []division.Unit {
	us := county()
	for k, u := range us {
		us[k].Geom = u.Geom.Clone()
		for _, p := range us[k].Geom {
			for _, r := range p {
				for i := range r {
					r[i] = fn(r[i])
				}
			}
		}
	}
	return us
}

func TestCoordinatesThatAreNotWhatTheyAreDeclared(t *testing.T) {
	zone, err := crs.Parse("EPSG:4549")
	if err != nil {
		t.Fatal(err)
	}
	metres := func(p orb.Point) orb.Point {
		x, y, err := zone.FromLonLat(p)
		if err != nil {
			t.Fatal(err)
		}
		return orb.Point{x, y}
	}
	shifted := func(p orb.Point) orb.Point {
		x, y, err := crs.GCJ02.FromLonLat(p)
		if err != nil {
			t.Fatal(err)
		}
		return grid(orb.Point{x, y})
	}
	border := block(0, 0, columns, rows)
	known := database{units: map[division.Code]division.Level{"330727000000": division.County}, border: border}
	for _, c := range []struct {
		name  string
		fn    func(orb.Point) orb.Point
		o     Options
		known Known
		want  string
		says  string
	}{
		{"degrees swapped", func(p orb.Point) orb.Point { return orb.Point{p[1], p[0]} }, Options{}, nil, crs.AxesSwapped, ""},
		{"metres declared as degrees", metres, Options{}, nil, crs.ProjectedAsDegrees, "4549"},
		{"degrees declared as metres", func(p orb.Point) orb.Point { return p }, Options{CRS: "EPSG:4549"}, nil, crs.DegreesAsProjected, ""},
		{"GCJ-02", shifted, Options{}, known, crs.ShiftedGCJ02, "GCJ"},
	} {
		d := check1(t, put(t, "x.geojson", collection(featuresOf(mapped(c.fn)))), c.o, c.known)
		fs := find(d.Findings, c.want)
		if len(fs) != 1 || fs[0].Severity != geo.Error || len(d.Findings) > 1 {
			t.Errorf("%s: %+v", c.name, d.Findings)
			continue
		}
		if f := fs[0]; f.File != "x.geojson" || f.Message.ZH == "" || f.Advice.ZH == "" || !strings.Contains(f.Message.EN+f.Advice.EN, c.says) {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
	// Declared rightly, the same numbers are the same county.
	d := check1(t, put(t, "x.geojson", collection(featuresOf(mapped(shifted)))), Options{CRS: "GCJ02"}, known)
	if len(find(d.Findings, crs.ShiftedGCJ02)) != 0 || d.CRS != "GCJ02" {
		t.Errorf("%+v", d.Findings)
	}
	sameCounty(t, d.Units, county())
	// Without a border on record nothing betrays the shift, and nothing is made up.
	if d := check1(t, put(t, "x.geojson", collection(featuresOf(mapped(shifted)))), Options{}, nil); len(d.Findings) != 0 {
		t.Errorf("%+v", d.Findings)
	}
}

func TestParentsInTheDatabase(t *testing.T) {
	us := county()
	var villages []division.Unit
	for _, u := range us {
		if u.Level == division.Village {
			villages = append(villages, u)
		}
	}
	path := put(t, "villages.geojson", collection(featuresOf(villages)))
	full := database{units: map[division.Code]division.Level{"330727001000": 4, "330727102000": 4, "330727203000": 4}}
	if d := check1(t, path, Options{}, full); len(d.Findings) != 0 || d.Units[0].Parent != "330727001000" {
		t.Errorf("with their townships: %+v", d.Findings)
	}
	// Nothing above is known: the topmost level needs no parent.
	if d := check1(t, path, Options{}, nil); len(d.Findings) != 0 || d.Units[0].Parent != "" {
		t.Errorf("alone: %+v", d.Findings)
	}
	delete(full.units, "330727102000")
	if d := check1(t, path, Options{}, full); len(find(d.Findings, "parent-missing")) != 4 || len(d.Findings) != 4 {
		t.Errorf("one township is missing: %s", rulesOf(d.Findings))
	}
}

// 省直辖县级行政区划: the prefecture of the digits does not exist, the province is above.
func TestCountyDirectlyUnderProvince(t *testing.T) {
	path := put(t, "x.geojson", collection([]string{village("419001", "济源市", orb.MultiPolygon{{square(112.5, 35, 0.1)}})}))
	d := check1(t, path, Options{}, database{units: map[division.Code]division.Level{"410000000000": division.Province}})
	if len(d.Findings) != 0 || d.Units[0].Parent != "410000000000" || d.Units[0].Type != "县级市" {
		t.Errorf("%+v %+v", d.Units, d.Findings)
	}
}

// A file with a fault in every record is told about in bounds.
func TestManyFindingsAreCounted(t *testing.T) {
	var fs []string
	for i := range 2500 {
		if i%10 == 0 {
			fs = append(fs, village(fmt.Sprintf("33072700%04d", i), "村", orb.MultiPolygon{{square(120.3, 28.9, 0.01)}}))
			continue
		}
		fs = append(fs, village(fmt.Sprintf("B%d", i), "村", orb.MultiPolygon{{square(120.3, 28.9, 0.01)}}))
	}
	d := check1(t, put(t, "x.geojson", collection(fs)), Options{}, nil)
	if n := len(find(d.Findings, "code-unreadable")); n != 1000 {
		t.Errorf("%d findings of the rule", n)
	}
	more := find(d.Findings, "findings-omitted")
	if len(more) == 0 || more[0].Severity != geo.Error || !slices.ContainsFunc(more, func(f geo.Finding) bool { return strings.Contains(f.Message.EN, "code-unreadable") }) {
		t.Errorf("%+v", more)
	}
}

// A good Shapefile that something happened to.
func TestDamagedShapefiles(t *testing.T) {
	in := put(t, "county.geojson", collection(featuresOf(county())))
	source := t.TempDir()
	ogr2ogr(t, "-f", "ESRI Shapefile", "-s_srs", "EPSG:4490", "-t_srs", "EPSG:4549", "-lco", "ENCODING=GBK", filepath.Join(source, "x.shp"), in)
	for _, c := range []struct {
		name   string
		damage func(dir string)
		want   string
		file   string
		record int
	}{
		{"truncated .shp", func(dir string) { os.Truncate(filepath.Join(dir, "x.shp"), 5000) }, "error shp-truncated", "x.shp", 1},
		{".dbf shorter than .shp", func(dir string) {
			b, _ := os.ReadFile(filepath.Join(dir, "x.dbf"))
			width := int(b[10]) | int(b[11])<<8
			b = b[:len(b)-1-3*width]
			b[4] -= 3
			os.WriteFile(filepath.Join(dir, "x.dbf"), b, 0o600)
		}, "error dbf-shorter", "x.dbf", 16},
		{".dbf cut", func(dir string) {
			st, _ := os.Stat(filepath.Join(dir, "x.dbf"))
			os.Truncate(filepath.Join(dir, "x.dbf"), st.Size()-10)
		}, "error dbf-truncated", "x.dbf", 18},
		{"no .shx", func(dir string) { os.Remove(filepath.Join(dir, "x.shx")) }, "warning shx-missing", "x.shp", 0},
		{"no .dbf", func(dir string) { os.Remove(filepath.Join(dir, "x.dbf")) }, "error dbf-missing", "x.shp", 0},
		{"5 GB declared in 1 KB", func(dir string) {
			b, _ := os.ReadFile(filepath.Join(dir, "x.shp"))
			copy(b[24:], []byte{0x9f, 0xff, 0xff, 0xff})  // 5.4 GB in words of 16 bits
			copy(b[104:], []byte{0x9f, 0xff, 0xff, 0x00}) // and the first shape takes it all
			os.WriteFile(filepath.Join(dir, "x.shp"), b[:1024], 0o600)
		}, "error shp-truncated", "x.shp", 1},
	} {
		dir := t.TempDir()
		for _, ext := range []string{".shp", ".shx", ".dbf", ".prj", ".cpg"} {
			b, err := os.ReadFile(filepath.Join(source, "x"+ext))
			if err != nil {
				t.Fatal(err)
			}
			os.WriteFile(filepath.Join(dir, "x"+ext), b, 0o600)
		}
		c.damage(dir)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d := check1(t, filepath.Join(dir, "x.shp"), Options{}, nil)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Errorf("%s: %d bytes allocated", c.name, used)
		}
		named := slices.ContainsFunc(d.Findings, func(f geo.Finding) bool {
			return f.Severity.String()+" "+f.Rule == c.want && f.File == c.file && f.Record == c.record
		})
		if !named {
			t.Errorf("%s: %+v", c.name, d.Findings)
		}
	}
}
