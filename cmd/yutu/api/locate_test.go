package api

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// post sends a body of a type.
func (w *world) post(path, typ string, body io.Reader, headers ...string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), "POST", w.URL+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", typ)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{res, got, req.URL.String()}
}

func TestLocateSaysBothSidesOfABorder(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string]string{"lon=120.05&lat=29.01": "on", "lon=120.01&lat=29.01": "in", "lon=120°00′36″&lat=N29°00′36″": "in"} {
		var d locateDoc
		w.json(w.ok(w.get("/api/v1/locate?"+strings.NewReplacer("°", "%C2%B0", "′", "%E2%80%B2", "″", "%E2%80%B3").Replace(query)), typeJSON), &d)
		if len(d.Items) == 0 {
			t.Fatalf("%s: nowhere", query)
		}
		borders := 0
		for _, it := range d.Items {
			if it.Border != (len(it.OnBorder) > 0) {
				t.Errorf("%s: %+v", query, it)
			}
			borders += len(it.OnBorder)
			for _, side := range it.OnBorder {
				if side.Level != it.Level || side.Name == "" || side.BBox == nil {
					t.Errorf("%s: %+v", query, side)
				}
			}
		}
		if (borders > 0) != (want == "on") {
			t.Errorf("%s: %d sides, %+v", query, borders, d.Items)
		}
	}
}

func TestLocateBatch(t *testing.T) {
	w := newWorld(t)
	a := w.ok(w.post("/api/v1/locate", "text/csv", strings.NewReader("id,lon,lat\n1,120.01,29.01\n2,x,29\n")), typeCSV)
	lines := strings.Split(strings.TrimSpace(string(a.body)), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "id,lon,lat,province_code") || !strings.Contains(lines[1], "3307") || !strings.Contains(lines[2], "角值") ||
		a.Header.Get("Yutu-Rows") != "2" || a.Header.Get("Yutu-Bad-Rows") != "1" {
		t.Errorf("%v %s", a.Header, a.body)
	}
	a = w.ok(w.post("/api/v1/locate?at=2001-01-01&crs=EPSG:4326", "application/x-ndjson; charset=utf-8", strings.NewReader("{\"lon\":120.01,\"lat\":29.01}\n{\"lon\":1}\n"), "Accept-Language", "en"), typeNDJSON)
	if body := string(a.body); !strings.Contains(body, `"divisions":[{"level":`) || !strings.Contains(body, "lacks the members") {
		t.Errorf("%s", body)
	}
	for _, c := range []struct {
		query, typ, body string
		status           int
		parameter        string
	}{
		{"", "application/json", "{}", 415, ""}, {"", "", "", 415, ""}, {"", "text/csv", "", 400, ""}, {"", "text/csv", "a,b\n", 400, ""},
		{"?crs=x", "text/csv", "lon,lat\n", 400, "crs"}, {"?at=x", "text/csv", "lon,lat\n", 400, "at"}, {"?lon=1", "text/csv", "lon,lat\n", 400, "lon"},
		{"", "application/x-ndjson", `{"a":"` + strings.Repeat("x", 2<<20), 400, ""},
	} {
		w.problem(t, w.post("/api/v1/locate"+c.query, c.typ, strings.NewReader(c.body)), c.status, c.parameter)
	}
}

// An answer longer than what waits in memory comes whole, and leaves nothing on disk.
func TestLongBatch(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t)
	const rows = 60_000
	in, feed := io.Pipe()
	go func() {
		fmt.Fprintln(feed, "id,lon,lat,note")
		for i := range rows {
			fmt.Fprintf(feed, "%d,120.01,29.01,%s\n", i, "这一行有一些文字让回答变长这一行有一些文字让回答变长")
		}
		feed.Close()
	}()
	a := w.ok(w.post("/api/v1/locate", "text/csv", in), typeCSV)
	if n := strings.Count(string(a.body), "\n"); n != rows+1 || len(a.body) <= batchMemory || a.Header.Get("Yutu-Bad-Rows") != "0" {
		t.Errorf("%d lines, %d bytes, %v", n, len(a.body), a.Header)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) != 0 {
		t.Errorf("%v left behind, %v", left, err)
	}
}
