package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yutu/data/cluster"
)

// running is the real program serving on a port of its own.
type running struct {
	url  string
	stop func() int
	// out is what it has written to standard output so far.
	out func() string
}

// output collects what a program says, from several goroutines.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// home returns a home directory whose data go with the test, wherever the cluster had to put them.
func home(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		if b, err := os.ReadFile(filepath.Join(dir, "pg.location")); err == nil {
			os.RemoveAll(filepath.Dir(strings.TrimSpace(string(b))))
		}
	})
	return dir
}

// serve starts the program as a user would and waits until it says where it is.
func serve(t testing.TB, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var stdout, stderr output
	code := make(chan int, 1)
	go func() {
		code <- Main(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), strings.NewReader(""), &stdout, &stderr)
	}()
	var once sync.Once
	result := 0
	r := &running{out: stdout.String, stop: func() int {
		once.Do(func() {
			cancel()
			result = <-code
		})
		return result
	}}
	t.Cleanup(func() { r.stop() })
	deadline := time.Now().Add(5 * time.Minute)
	for r.url == "" {
		select {
		case c := <-code:
			code <- c
			t.Fatalf("the program ended with %d: %s%s", c, stdout.String(), stderr.String())
		case <-time.After(10 * time.Millisecond):
		}
		r.url = address.FindString(stdout.String())
		if time.Now().After(deadline) {
			t.Fatalf("not ready after five minutes: %s%s", stdout.String(), stderr.String())
		}
	}
	return r
}

// yutu runs one command and returns its exit code and what it wrote.
func yutu(t testing.TB, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs output
	code = Main(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func mustRun(t testing.TB, args ...string) string {
	t.Helper()
	code, out, errs := yutu(t, "", args...)
	if code != exitFine {
		t.Fatalf("yutu %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func get(t testing.TB, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// status is the part of /api/v1/status that the tests look at.
type status struct {
	Seq       int64          `json:"seq"`
	Degraded  bool           `json:"degraded"`
	Synthetic bool           `json:"synthetic"`
	Counts    map[string]int `json:"counts"`
}

func statusOf(t testing.TB, url string) (s status) {
	t.Helper()
	code, body := get(t, url+"/api/v1/status")
	if code != 200 {
		t.Fatalf("/api/v1/status: %d %s", code, body)
	}
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatalf("/api/v1/status: %v: %s", err, body)
	}
	return s
}

// The way of a first-time user: the demonstration county, read by GDAL, written as the Shapefile that a bureau
// would hand over (GBK, Gauss–Krüger), imported into an empty atlas, undone again.
func TestFromTheDemonstrationToAFileAndBack(t *testing.T) {
	first := home(t)
	demo := serve(t, "--home", first, "--demo")
	if s := statusOf(t, demo.url); s.Counts["township"] != 14 || s.Counts["village"] != 236 || s.Counts["county"] != 8 || !s.Synthetic {
		t.Fatalf("the demonstration is %+v", s)
	}
	if out := tool(t, "ogrinfo", "OAPIF:"+demo.url+"/ogc"); !strings.Contains(out, "divisions") {
		t.Errorf("ogrinfo does not list the collection:\n%s", out)
	}
	shape := filepath.Join(t.TempDir(), "区划.shp")
	tool(t, "ogr2ogr", "-f", "ESRI Shapefile", shape, "OAPIF:"+demo.url+"/ogc", "divisions", "-t_srs", "EPSG:4549", "-lco", "ENCODING=GBK")

	second := home(t)
	out := mustRun(t, "import", "divisions", shape, "--home", second, "--accept-warnings", "--json")
	var report importReport
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if report.Added != 14+236+8 || !report.Written {
		t.Errorf("imported %+v, findings %v", report, report.Findings)
	}
	again := serve(t, "--home", second)
	compareCollections(t, demo.url, again.url, 0.001)

	// The same file once more changes nothing, beside the running service.
	before := statusOf(t, again.url).Seq
	out = mustRun(t, "import", "divisions", shape, "--home", second, "--accept-warnings", "--json")
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	if report.Written || report.Unchanged != 14+236+8 {
		t.Errorf("the second import of the same file: %+v", report)
	}
	if after := statusOf(t, again.url).Seq; after != before {
		t.Errorf("an import without changes moved the log from %d to %d", before, after)
	}
	mustRun(t, "undo", "1", "--home", second)
	waitFor(t, "the undone import to disappear", func() bool { return statusOf(t, again.url).Counts["village"] == 0 })
	if code := again.stop(); code != exitFine {
		t.Errorf("the service ended with %d", code)
	}
}

// compareCollections holds two services' divisions against each other: same codes, same words, same ground.
func compareCollections(t *testing.T, a, b string, toleranceM float64) {
	t.Helper()
	one, two := collection(t, a), collection(t, b)
	if len(one) != len(two) {
		t.Fatalf("%d divisions and %d", len(one), len(two))
	}
	worst := 0.0
	for code, f := range one {
		g, ok := two[code]
		if !ok {
			t.Errorf("%s is missing", code)
			continue
		}
		for _, key := range []string{"name", "level", "type", "parent", "synthetic", "valid_from"} {
			if fmt.Sprint(f.Properties[key]) != fmt.Sprint(g.Properties[key]) {
				t.Errorf("%s: %s is %v and %v", code, key, f.Properties[key], g.Properties[key])
			}
		}
		d, err := ringDistanceM(f.Geometry.Coordinates, g.Geometry.Coordinates)
		if err != nil {
			t.Errorf("%s: %v", code, err)
		}
		worst = max(worst, d)
	}
	t.Logf("largest displacement of a vertex: %.6f m", worst)
	if worst > toleranceM {
		t.Errorf("a vertex moved by %.6f m, more than %.3f m", worst, toleranceM)
	}
}

func TestReadsOutliveTheDatabase(t *testing.T) {
	dir := home(t)
	server, err := cluster.Start(t.Context(), cluster.Options{Home: dir})
	if err != nil {
		t.Fatal(err)
	}
	url := server.URL()
	service := serve(t, "--home", home(t), "--database", url, "--demo")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the service to notice", func() bool {
		_, body := get(t, service.url+"/readyz")
		return strings.Contains(body, "degraded")
	})
	for _, path := range []string{"/ogc/collections/divisions/items?limit=1", "/tiles/divisions/10/854/421.mvt", "/api/v1/search?q=330727", "/healthz"} {
		if code, body := get(t, service.url+path); code != 200 && code != 204 {
			t.Errorf("%s without a database: %d %s", path, code, body)
		}
	}
	server, err = cluster.Start(t.Context(), cluster.Options{Home: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	if server.URL() != url {
		t.Fatalf("the cluster moved from %s to %s", url, server.URL())
	}
	waitFor(t, "the service to recover", func() bool { return !statusOf(t, service.url).Degraded })
	service.stop()
}

func waitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

func TestRealDataReplaceTheDemonstrationAndUndoBringsItBack(t *testing.T) {
	dir := home(t)
	mustRun(t, "demo", "--home", dir)
	out := importReal(t, dir)
	var report importReport
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	if report.Added != 1 || report.Withdrawn == 0 {
		t.Fatalf("%+v", report)
	}
	service := serve(t, "--home", dir)
	if s := statusOf(t, service.url); s.Synthetic || s.Counts["county"] != 1 || s.Counts["village"] != 0 {
		t.Errorf("after the import: %+v", s)
	}
	mustRun(t, "undo", fmt.Sprint(report.ImportID), "--home", dir)
	waitFor(t, "the demonstration to return", func() bool {
		s := statusOf(t, service.url)
		return s.Synthetic && s.Counts["village"] == 236
	})
	if code, _, errs := yutu(t, "", "serve", "--home", dir, "--addr", "127.0.0.1:0"); code == exitFine || !strings.Contains(errs, "正在使用") {
		t.Errorf("a second service on one home: exit %d, %s", code, errs)
	}
}

func TestBadInputWritesNothing(t *testing.T) {
	dir := home(t)
	file := filepath.Join(t.TempDir(), "cut.geojson")
	if err := os.WriteFile(file, []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"330727","name":"x"},"geometry":{"type":"Pol`), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs := yutu(t, "", "import", "divisions", file, "--home", dir)
	if code != exitFindings || !strings.Contains(out, "错误") || !strings.Contains(out, "cut.geojson") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if out := mustRun(t, "imports", "--home", dir, "--json"); strings.TrimSpace(out) != "[]" && strings.TrimSpace(out) != "null" {
		t.Errorf("something was written: %s", out)
	}
	if code, _, _ := yutu(t, "", "import", "divisions", filepath.Join(dir, "none.shp"), "--home", dir); code != exitFindings {
		t.Errorf("a missing file: exit %d", code)
	}
	if code, _, errs := yutu(t, "", "undo", "99", "--home", dir); code != exitFindings || errs == "" {
		t.Errorf("undo of nothing: exit %d %s", code, errs)
	}
}

func TestUsageErrorsExitWithTwo(t *testing.T) {
	for _, args := range [][]string{{"fly"}, {"import"}, {"import", "dragons", "f"}, {"crs"}, {"--lang", "fr", "version"}, {"undo", "x"}} {
		if code, _, errs := yutu(t, "", args...); code != exitUsage || errs == "" {
			t.Errorf("yutu %v: exit %d, %q", args, code, errs)
		}
	}
	if code, out, _ := yutu(t, "", "--help"); code != exitFine || !strings.Contains(out, "import") {
		t.Errorf("--help: exit %d, %q", code, out)
	}
	for _, c := range []string{"serve", "demo", "import", "undo", "check", "crs", "locate", "search", "migrate", "doctor"} {
		if code, out, _ := yutu(t, "", c, "--help"); code != exitFine || len(out) < 100 {
			t.Errorf("%s --help: exit %d, %q", c, code, out)
		}
	}
}

func TestPublicModeNeedsAReviewNumber(t *testing.T) {
	if code, _, errs := yutu(t, "", "serve", "--public", "--home", t.TempDir()); code != exitFindings || !strings.Contains(errs, "审图号") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestCRSAgreesWithPROJ(t *testing.T) {
	in := "120.45 29.05\n119.5,28.5\n\n121 30\n"
	code, out, errs := yutu(t, in, "crs", "--from", "EPSG:4490", "--to", "EPSG:4549")
	if code != exitFine {
		t.Fatal(errs)
	}
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	if len(lines) != 4 || lines[2] != "" {
		t.Fatalf("lines out do not follow lines in: %q", out)
	}
	cmd := exec.Command("cs2cs", "-f", "%.4f", "+proj=longlat +ellps=GRS80", "+to", "+proj=tmerc +lon_0=120 +x_0=500000 +ellps=GRS80")
	cmd.Stdin = strings.NewReader("120.45 29.05")
	theirs, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if f := strings.Fields(string(theirs)); lines[0] != f[0]+" "+f[1] {
		t.Errorf("%q, PROJ says %q", lines[0], theirs)
	}
	if code, _, errs := yutu(t, "a b\n", "crs", "--from", "4490", "--to", "3857"); code != exitFindings || !strings.Contains(errs, "1") {
		t.Errorf("letters as numbers: exit %d %s", code, errs)
	}
}

func TestLocateAndSearchBesideARunningService(t *testing.T) {
	dir := home(t)
	serve(t, "--home", dir, "--demo")
	out := mustRun(t, "search", "330727", "--home", dir, "--json")
	var hits []struct {
		Code, Name string
		Lon, Lat   float64
	}
	if err := json.Unmarshal([]byte(out), &hits); err != nil || len(hits) == 0 {
		t.Fatalf("%v: %s", err, out)
	}
	in := fmt.Sprintf("\ufeffname,经度,lat\n这里,%.9f,%.9f\n", hits[0].Lon, hits[0].Lat)
	code, rows, errs := yutu(t, in, "locate", "--home", dir)
	if code != exitFine || !strings.Contains(rows, hits[0].Code) || !strings.HasPrefix(rows, "name,经度,lat,province_code") {
		t.Errorf("exit %d\n%s%s", code, rows, errs)
	}
	in = fmt.Sprintf("{\"lon\":%.9f,\"lat\":%.9f}\n", hits[0].Lon, hits[0].Lat)
	if code, rows, errs := yutu(t, in, "locate", "--home", dir, "--format", "ndjson"); code != exitFine || !strings.Contains(rows, `"divisions":[{"level":"`) || !strings.Contains(rows, hits[0].Code) {
		t.Errorf("exit %d\n%s%s", code, rows, errs)
	}
	if code, rows, errs := yutu(t, "lon,lat\nx,29\n120,29\n", "locate", "--home", dir); code != exitFindings || strings.Count(rows, "\n") != 3 || !strings.Contains(errs, "1") {
		t.Errorf("exit %d\n%s%s", code, rows, errs)
	}
}

// importReal imports a county that is not made up and returns the report.
func importReal(t testing.TB, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "county.geojson")
	const county = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"行政区划代码":"330727","行政区划名称":"磐安县"},
		"geometry":{"type":"Polygon","coordinates":[[[120.3,28.9],[120.7,28.9],[120.7,29.2],[120.3,29.2],[120.3,28.9]]]}}]}`
	if err := os.WriteFile(file, []byte(county), 0o644); err != nil {
		t.Fatal(err)
	}
	return mustRun(t, "import", "divisions", file, "--home", dir, "--accept-warnings", "--json")
}
