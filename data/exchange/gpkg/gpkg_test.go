package gpkg

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	orbwkb "github.com/paulmach/orb/encoding/wkb"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"yutu/geo"
)

const sample = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"330727001000","name":"安文街道","n":330727001000,"f":1.5,"ok":true,"d":"2018-10-31"},"geometry":{"type":"Polygon","coordinates":[[[120.1,29],[120.2,29],[120.2,29.1],[120.1,29.1],[120.1,29]]]}},
{"type":"Feature","properties":{"code":"330727002000","name":"新渥街道","n":2,"f":-2.25,"ok":false,"d":null},"geometry":{"type":"MultiPolygon","coordinates":[[[[120.2,29],[120.3,29],[120.3,29.1],[120.2,29.1],[120.2,29]],[[120.24,29.04],[120.24,29.06],[120.26,29.06],[120.26,29.04],[120.24,29.04]]],[[[120.5,29],[120.6,29],[120.6,29.1],[120.5,29]]]]}},
{"type":"Feature","properties":{"code":"330727003000","name":null,"n":3,"f":0,"ok":true,"d":null},"geometry":null}
]}`

func ogr2ogr(t testing.TB, args ...string) {
	t.Helper()
	if b, err := exec.Command("ogr2ogr", args...).CombinedOutput(); err != nil {
		t.Fatalf("ogr2ogr (package gdal-bin): %v\n%s", err, b)
	}
}

// export lets GDAL write a GeoPackage and returns its path.
func export(t testing.TB, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.geojson"), filepath.Join(dir, "县 #1?.gpkg")
	if err := os.WriteFile(in, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	ogr2ogr(t, slices.Concat([]string{"-f", "GPKG", out, in, "-nln", "villages", "-nlt", "MULTIPOLYGON", "-a_srs", "EPSG:4490"}, args)...)
	return out
}

func read(t testing.TB, path, layer string) (Header, []Record, []geo.Finding) {
	t.Helper()
	var rs []Record
	h, fs, err := Read(context.Background(), path, layer, Limits{}, nil, func(r Record) error {
		rs = append(rs, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, rs, fs
}

func rules(fs []geo.Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, f.Severity.String()+" "+f.Rule)
	}
	return strings.Join(out, ", ")
}

func TestReadsWhatGDALWrites(t *testing.T) {
	for _, dim := range []string{"XY", "XYZ", "XYM", "XYZM"} {
		h, rs, fs := read(t, export(t, "-dim", dim), "")
		if len(fs) != 0 || len(rs) != 3 || h.Records != 3 || h.Layer != "villages" || h.SRS.Organization != "EPSG" || h.SRS.ID != 4490 {
			t.Fatalf("%s: %d records, %+v, %s", dim, len(rs), h, rules(fs))
		}
		if want := []string{"fid", "code", "name", "n", "f", "ok", "d"}; !reflect.DeepEqual(h.Columns, want) {
			t.Errorf("columns %q", h.Columns)
		}
		if want := []string{"1", "330727001000", "安文街道", "330727001000", "1.5", "1", "2018-10-31"}; !reflect.DeepEqual(rs[0].Values, want) {
			t.Errorf("values %q", rs[0].Values)
		}
		if rs[2].Values[2] != "" || rs[2].Geom != nil {
			t.Errorf("NULLs: %q %v", rs[2].Values, rs[2].Geom)
		}
		if g := rs[1].Geom; len(g) != 2 || len(g[0]) != 2 || len(g[0][1]) != 5 || g[1][0][1] != (orb.Point{120.6, 29}) {
			t.Errorf("%s: geometry %v", dim, g)
		}
	}
}

func TestLayerIsChosenOrAskedFor(t *testing.T) {
	path := export(t)
	in := filepath.Join(filepath.Dir(path), "in.geojson")
	ogr2ogr(t, "-f", "GPKG", "-update", path, in, "-nln", "points", "-nlt", "POINT", "-dialect", "SQLITE", "-sql", "SELECT code, ST_PointOnSurface(geometry) AS geometry FROM \"in\"")
	if h, rs, fs := read(t, path, ""); h.Layer != "villages" || len(rs) != 3 || len(fs) != 0 {
		t.Errorf("beside points: %q, %s", h.Layer, rules(fs))
	}
	ogr2ogr(t, "-f", "GPKG", "-update", path, in, "-nln", "乡镇", "-nlt", "MULTIPOLYGON")
	_, rs, fs := read(t, path, "")
	if len(rs) != 0 || rules(fs) != "error layer-choice" || !strings.Contains(fs[0].Advice.ZH, "--map layer=villages") {
		t.Errorf("two polygon layers: %+v", fs)
	}
	if h, rs, fs := read(t, path, "乡镇"); h.Layer != "乡镇" || len(rs) != 3 || len(fs) != 0 {
		t.Errorf("named: %q, %s", h.Layer, rules(fs))
	}
	if _, rs, fs := read(t, path, "counties"); len(rs) != 0 || rules(fs) != "error layer-unknown" || !strings.Contains(fs[0].Message.EN, "乡镇") {
		t.Errorf("unknown layer: %+v", fs)
	}
	if _, _, fs := read(t, path, "points"); rules(fs) != "error gpkg-geometry, error gpkg-geometry" {
		t.Errorf("layer of points: %s", rules(fs))
	}
}

func execute(t testing.TB, path, script string) {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.ExecuteScript(conn, script, nil); err != nil {
		t.Fatal(err)
	}
}

// What a file can bring along to be executed is not.
func TestSchemaIsNotTrusted(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"view as layer", `ALTER TABLE villages RENAME TO v0; CREATE VIEW villages AS SELECT * FROM v0`, "error layer-view"},
		{"endless view", `ALTER TABLE villages RENAME TO v0; CREATE VIEW villages AS WITH RECURSIVE r(geom) AS (SELECT geom FROM v0 UNION ALL SELECT geom FROM r) SELECT * FROM r`, "error layer-view"},
		{"view as catalogue", `ALTER TABLE gpkg_contents RENAME TO c0; CREATE VIEW gpkg_contents AS SELECT * FROM c0`, "error gpkg-not"},
		{"no catalogue", `DROP TABLE gpkg_geometry_columns`, "error gpkg-not"},
		{"geometry column that is not there", `UPDATE gpkg_geometry_columns SET column_name='nowhere'`, "error gpkg-damaged"},
		{"layer that is not there", `UPDATE gpkg_geometry_columns SET table_name='nowhere'; UPDATE gpkg_contents SET table_name='nowhere'`, "error layer-view"},
		{"geometry by default value", `CREATE TABLE w(fid INTEGER PRIMARY KEY);
			WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM r WHERE i<5000) INSERT INTO w SELECT i FROM r;
			ALTER TABLE w ADD COLUMN geom BLOB DEFAULT (x'` + fmt.Sprintf("%X", gpb(box(1000))) + `');
			UPDATE gpkg_geometry_columns SET table_name='w'; UPDATE gpkg_contents SET table_name='w'`, "error gpkg-damaged"},
		{"columns that rows do not have", `CREATE TABLE w(geom BLOB);
			WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM r WHERE i<5000) INSERT INTO w SELECT NULL FROM r;
			PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE TABLE w(geom BLOB` + manyColumns(1500) + `)' WHERE name='w'; PRAGMA writable_schema=RESET;
			UPDATE gpkg_geometry_columns SET table_name='w'; UPDATE gpkg_contents SET table_name='w'`, "error gpkg-damaged"},
		{"text of a megabyte", `UPDATE villages SET name=printf('%.*c', 1000000, 'x') WHERE fid=1`, "error text-too-long"},
		{"text that is none", `UPDATE villages SET name=CAST(x'ff00fe' AS TEXT) WHERE fid=1`, "error text-undecodable"},
	} {
		path := export(t)
		execute(t, path, "PRAGMA foreign_keys=OFF; PRAGMA legacy_alter_table=ON;"+dropTriggers(t, path)+c.script)
		before := allocated()
		_, _, fs := read(t, path, "")
		if used := allocated() - before; used > 32<<20 {
			t.Errorf("%s: %d bytes allocated", c.name, used)
		}
		if rules(fs) != c.want {
			t.Errorf("%s: %v, want %s", c.name, fs, c.want)
		}
	}
}

func manyColumns(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ", c%d TEXT", i)
	}
	return b.String()
}

// dropTriggers writes the statements that remove GDAL's triggers, which need functions that only GDAL has.
func dropTriggers(t testing.TB, path string) string {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var b strings.Builder
	err = sqlitex.ExecuteTransient(conn, "SELECT name FROM sqlite_schema WHERE type='trigger'", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		fmt.Fprintf(&b, "DROP TRIGGER %q;", s.ColumnText(0))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestFileInUse(t *testing.T) {
	path := export(t)
	os.WriteFile(path+"-wal", []byte("changes"), 0o600)
	if _, rs, fs := read(t, path, ""); len(rs) != 0 || rules(fs) != "error file-in-use" {
		t.Errorf("%d records, %s", len(rs), rules(fs))
	}
}

// Cut at page borders and between: never a record that differs, always a finding.
func TestCutsAreFound(t *testing.T) {
	path := export(t)
	_, want, _ := read(t, path, "")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.gpkg")
	for n := 0; n < len(whole); n += 509 {
		os.WriteFile(cut, whole[:n], 0o600)
		_, got, fs := read(t, cut, "")
		if len(got) > 0 && !reflect.DeepEqual(got, want[:len(got)]) {
			t.Fatalf("cut at %d: records differ", n)
		}
		// What follows the rows of the layer is not needed to read it.
		if worst, _ := geo.Worst(fs); worst != geo.Error && len(got) != len(want) {
			t.Fatalf("cut at %d of %d: %d records, %s", n, len(whole), len(got), rules(fs))
		}
	}
}

func TestCallerCanStop(t *testing.T) {
	path := export(t)
	stop := errors.New("stop")
	if _, _, err := Read(context.Background(), path, "", Limits{}, nil, func(Record) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Read(ctx, path, "", Limits{}, nil, func(Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, _, err := Read(context.Background(), path+".none", "", Limits{}, nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func box(n int) orb.MultiPolygon {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		ring = append(ring, orb.Point{math.Cos(float64(i)), math.Sin(float64(i))})
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

func gpb(g orb.Geometry) []byte {
	return append([]byte{'G', 'P', 0, 1, 0, 0, 0, 0}, orbwkb.MustMarshal(g, binary.LittleEndian)...)
}

// orb's encoder is not ours: what it writes in either byte order is what we read.
func TestDecodesBothByteOrders(t *testing.T) {
	g := orb.MultiPolygon{box(5)[0], {box(7)[0][0], box(4)[0][0]}}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, in := range []orb.Geometry{g, orb.Collection{g[0], orb.MultiPolygon{g[1]}}} {
			got, bad := DecodeWKB(orbwkb.MustMarshal(in, order), 1000)
			if bad != "" || !reflect.DeepEqual(got, g) {
				t.Errorf("%s: %v", bad, got)
			}
		}
	}
}

func TestDamagedBlobs(t *testing.T) {
	whole := gpb(orb.MultiPolygon{box(5)[0], {box(7)[0][0], box(4)[0][0]}})
	for n := range whole {
		if g, bad := DecodeGeometry(whole[:n], 1000); bad == "" || g != nil {
			t.Fatalf("cut at %d: %v", n, g)
		}
	}
	if _, bad := DecodeGeometry(whole, 17); bad == "" {
		t.Error("more vertices than allowed were read")
	}
	huge := slices.Clone(whole)
	binary.LittleEndian.PutUint32(huge[8+5:], math.MaxUint32)
	before := allocated()
	if _, bad := DecodeGeometry(huge, math.MaxInt); !strings.Contains(bad, "4294967295 parts") {
		t.Errorf("4 billion parts: %q", bad)
	}
	if used := allocated() - before; used > 1<<20 {
		t.Errorf("%d bytes allocated", used)
	}
	for _, g := range []orb.Geometry{orb.Point{1, 2}, orb.LineString{{1, 2}, {3, 4}}, orb.Collection{orb.Point{1, 2}}} {
		if _, bad := DecodeGeometry(gpb(g), 100); !strings.Contains(bad, "is not a polygon") {
			t.Errorf("%v: %q", g, bad)
		}
	}
	empty := slices.Clone(whole)
	empty[3] |= 0x10
	if g, bad := DecodeGeometry(empty, 100); g != nil || bad != "" {
		t.Errorf("empty: %v %q", g, bad)
	}
}

func FuzzDecodeGeometry(f *testing.F) {
	f.Add(gpb(box(4)))
	f.Add(gpb(orb.Collection{box(3)[0], box(3)}))
	f.Add([]byte{'G', 'P', 0, 0x11, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		before := allocated()
		g, bad := DecodeGeometry(b, 1000)
		if used := allocated() - before; used > 64<<10+32*uint64(len(b)) {
			t.Errorf("%d bytes allocated for %d", used, len(b))
		}
		if bad != "" && g != nil {
			t.Error("a geometry and a fault")
		}
		for _, p := range g {
			if len(p) == 0 {
				t.Error("an empty polygon")
			}
		}
		if bad == "" && g != nil {
			// What was understood is written by another hand and understood again as the same.
			again, bad := DecodeWKB(orbwkb.MustMarshal(g, binary.BigEndian), 1000)
			if bad != "" || !sameBits(again, g) {
				t.Errorf("%v became %v (%s)", g, again, bad)
			}
		}
	})
}

// sameBits compares so that NaN equals itself.
func sameBits(a, b orb.MultiPolygon) bool {
	return slices.EqualFunc(a, b, func(p, q orb.Polygon) bool {
		return slices.EqualFunc(p, q, func(r, s orb.Ring) bool {
			return slices.EqualFunc(r, s, func(u, v orb.Point) bool {
				return math.Float64bits(u[0]) == math.Float64bits(v[0]) && math.Float64bits(u[1]) == math.Float64bits(v[1])
			})
		})
	})
}

func FuzzRead(f *testing.F) {
	whole, err := os.ReadFile(export(f))
	if err != nil {
		f.Fatal(err)
	}
	// A whole file is too large to mutate well: only some bytes of it are exchanged.
	f.Add(uint32(16), []byte{0xff})
	f.Add(uint32(100), []byte{0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, at uint32, with []byte) {
		b := slices.Clone(whole)
		copy(b[int(at)%len(b):], with)
		path := filepath.Join(t.TempDir(), "x.gpkg")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		before := allocated()
		h, rs, _ := read(t, path, "")
		if used := allocated() - before; used > 64<<20 {
			t.Errorf("%d bytes allocated", used)
		}
		for _, r := range rs {
			if len(r.Values) != len(h.Columns) {
				t.Errorf("%d values for %d columns", len(r.Values), len(h.Columns))
			}
		}
	})
}
