package api

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"yutu/data/atlas"
	"yutu/data/pg"
)

type jsonProblem struct {
	Type, Title, Detail, Parameter, Instance string
	Status                                   int
}

// problem asserts that an answer is a problem of the status, complete and without a word of the inside.
func (w *world) problem(t *testing.T, a answer, status int, parameter string) jsonProblem {
	t.Helper()
	var p jsonProblem
	if a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %d %s\n%.300s", a.url, a.StatusCode, a.Header.Get("Content-Type"), a.body)
		return p
	}
	w.json(a, &p)
	if a.StatusCode != status || p.Status != status || p.Parameter != parameter || p.Title == "" || p.Detail == "" || !strings.HasPrefix(p.Type, "urn:yutu:problem:") {
		t.Errorf("%s: %d %+v, want %d for the parameter %q", a.url, a.StatusCode, p, status, parameter)
	}
	for _, inside := range []string{"goroutine", ".go:", "panic", "runtime", "/root", "/work", "strconv", "pgx", "sql:"} {
		if strings.Contains(string(a.body), inside) {
			t.Errorf("%s: the body tells %q: %s", a.url, inside, a.body)
		}
	}
	return p
}

func TestBadInput(t *testing.T) {
	w := newWorld(t)
	const items = "/ogc/collections/divisions/items"
	for _, c := range []struct {
		path      string
		status    int
		parameter string
	}{
		// The parameters of items.
		{items + "?bbox=1,2,3", 400, "bbox"}, {items + "?bbox=1,2,3,4,5", 400, "bbox"}, {items + "?bbox=1,2,3,4,5,6,7", 400, "bbox"},
		{items + "?bbox=a,2,3,4", 400, "bbox"}, {items + "?bbox=1,2,,4", 400, "bbox"}, {items + "?bbox=NaN,2,3,4", 400, "bbox"},
		{items + "?bbox=1,2,Inf,4", 400, "bbox"}, {items + "?bbox=0x1p4,2,3,4", 400, "bbox"}, {items + "?bbox=1_0,2,3,4", 400, "bbox"},
		{items + "?bbox=1,4,3,2", 400, "bbox"}, {items + "?bbox=500000,3200000,510000,3300000", 400, "bbox"}, {items + "?bbox=1e999,2,3,4", 400, "bbox"},
		{items + "?bbox=1,2,9,3,4,5", 400, "bbox"}, {items + "?bbox=" + strings.Repeat("1,", 3000), 400, "bbox"}, {items + "?bbox=", 400, "bbox"},
		{items + "?bbox=120,29,121,30&bbox-crs=" + url.QueryEscape(crs4490), 400, "bbox"},
		{items + "?bbox-crs=EPSG:4490", 400, "bbox-crs"}, {items + "?crs=http://www.opengis.net/def/crs/EPSG/0/9999", 400, "crs"},
		{items + "/11?crs=nonsense", 400, "crs"},
		{items + "?limit=-1", 400, "limit"}, {items + "?limit=0", 400, "limit"}, {items + "?limit=unlimited", 400, "limit"}, {items + "?limit=1.5", 400, "limit"},
		{items + "?limit=%2B5", 400, "limit"}, {items + "?limit=1e3", 400, "limit"}, {items + "?limit=５", 400, "limit"}, {items + "?limit=", 400, "limit"},
		{items + "?limit=-99999999999999999999", 400, "limit"},
		{items + "?datetime=foo", 400, "datetime"}, {items + "?datetime=2020", 400, "datetime"}, {items + "?datetime=2020-02-30", 400, "datetime"},
		{items + "?datetime=2020-01-02/2020-01-01", 400, "datetime"}, {items + "?datetime=2020-01-01T00:00:00", 400, "datetime"},
		{items + "?datetime=P1D", 400, "datetime"}, {items + "?datetime=P1D/P1D", 400, "datetime"}, {items + "?datetime=../P1D", 400, "datetime"},
		{items + "?datetime=2020-01-01/P", 400, "datetime"}, {items + "?datetime=2020-01-01/PT", 400, "datetime"}, {items + "?datetime=2020-01-01/P1Q", 400, "datetime"},
		{items + "?datetime=2020-01-01/P9999999Y", 400, "datetime"}, {items + "?datetime=a/b/c", 400, "datetime"}, {items + "?datetime=..", 400, "datetime"},
		{items + "?after=0", 400, "after"}, {items + "?after=-1", 400, "after"}, {items + "?after=~", 400, "after"}, {items + "?after=zzzzzzzzzzzzzzzzzz", 400, "after"},
		{items + "?code=12345", 400, "code"}, {items + "?code=330727001000.0", 400, "code"}, {items + "?code=00", 400, "code"}, {items + "?parent=x", 400, "parent"},
		{items + "?within=3307270", 400, "within"}, {items + "?level=6", 400, "level"}, {items + "?level=hamlet", 400, "level"},
		{items + "?limit=1&limit=2", 400, "limit"}, {items + "?unknown=1", 400, "unknown"}, {items + "?Limit=1", 400, "Limit"}, {items + "?f=xml", 400, "f"},
		{items + "?lang=fr", 400, "lang"}, {items + "?name=%00", 400, "name"}, {items + "?name=%ff", 400, "name"}, {items + "?name=%zz", 400, ""}, {items + "?a;b", 400, ""},
		{items + "?%3Cscript%3E=1", 400, "<script>"},
		// Every other resource refuses what it does not know.
		{"/ogc?x=1", 400, "x"}, {"/ogc/conformance?x=1", 400, "x"}, {"/ogc/collections?x=1", 400, "x"}, {"/ogc/collections/divisions?limit=1", 400, "limit"},
		{items + "/11?bbox=1,2,3,4", 400, "bbox"}, {"/ogc/api?x=1", 400, "x"}, {"/ogc/collections/divisions/queryables?x=1", 400, "x"},
		{"/tiles/divisions.json?x=1", 400, "x"}, {"/tiles/divisions/8/1/1.mvt?x=1", 400, "x"}, {"/styles/atlas.json?x=1", 400, "x"}, {"/api/v1/status?x=1", 400, "x"},
		{"/api/v1/events?x=1", 400, "x"},
		// What is not there.
		{items + "/999999", 404, ""}, {items + "/011", 404, ""}, {items + "/abc", 404, ""}, {items + "/-1", 404, ""}, {items + "/93", 404, ""}, {items + "/99999999999999999999999", 404, ""},
		{"/ogc/collections/other", 404, ""}, {"/ogc/collections/other/items", 404, ""}, {"/ogc/nothing", 404, ""}, {"/nothing", 404, ""}, {"/assets/none.js", 404, ""},
		{"/ogc/collections/divisions/tiles/WorldCRS84Quad", 404, ""}, {"/api/v1/divisions/330728", 404, ""}, {"/api/v2/status", 404, ""}, {"/assets/", 404, ""},
		// Tiles.
		{"/tiles/divisions/40/0/0.mvt", 404, ""}, {"/tiles/divisions/300/0/0.mvt", 404, ""}, {"/tiles/divisions/3/8/0.mvt", 404, ""}, {"/tiles/divisions/3/0/8.mvt", 404, ""},
		{"/tiles/divisions/18/0/0.mvt", 404, ""}, {"/tiles/divisions/3/99999999999999999999/0.mvt", 404, ""}, {"/tiles/divisions/3/4294967296/0.mvt", 404, ""},
		{"/tiles/divisions/3/-1/0.mvt", 400, ""}, {"/tiles/divisions/a/0/0.mvt", 400, ""}, {"/tiles/divisions/3/0/0.png", 400, ""}, {"/tiles/divisions/3/0/0", 400, ""},
		{"/tiles/divisions/3/0.mvt", 400, ""}, {"/tiles/divisions/3/0/0/0.mvt", 400, ""}, {"/tiles/divisions/3/00/0.mvt", 400, ""}, {"/tiles/divisions/3/+1/0.mvt", 400, ""},
		{"/tiles/divisions/3/1.0/0.mvt", 400, ""}, {"/tiles/divisions/.mvt", 400, ""}, {"/tiles/divisions/", 400, ""}, {"/tiles/divisions/3/%20/0.mvt", 400, ""},
		{"/tiles/divisions/8/1/1.mvt?at=foo", 400, "at"}, {"/tiles/divisions/8/1/1.mvt?at=2020-13-01", 400, "at"}, {"/tiles/divisions/8/1/1.mvt?at=20200101", 400, "at"},
		{"/tiles/other/8/1/1.mvt", 404, ""}, {"/tiles/other.json", 404, ""}, {"/tiles/divisions.json?at=x", 400, "at"},
		{"/ogc/collections/divisions/tiles/WebMercatorQuad/40/0/0", 404, ""}, {"/ogc/collections/divisions/tiles/WebMercatorQuad/x/0/0", 400, ""},
		{"/ogc/collections/divisions/tiles/WebMercatorQuad/10/0/0?datetime=foo", 400, "datetime"}, {"/ogc/collections/divisions/tiles/WebMercatorQuad/10/0/0?f=png", 400, "f"},
		// Paths that mean something else to somebody else.
		{"/tiles/divisions/..%2f..%2fetc%2fpasswd", 400, ""}, {"/tiles/divisions/8/..%2F1/1.mvt", 400, ""}, {"/ogc/collections/divisions%2Fitems", 400, ""},
		{"/assets/..%2findex.html", 400, ""}, {"/assets/%2e%2e/index.html", 400, ""}, {"/assets/../index.html", 400, ""}, {"//ogc", 400, ""}, {"/ogc//", 400, ""},
		{"/ogc/collections/..", 400, ""}, {"/assets/a%5cb", 400, ""}, {"/assets/a%00b", 400, ""}, {"/ogc%0d%0aSet-Cookie:x", 400, ""},
		{"/ogc?x=" + strings.Repeat("a", 9000), 414, ""},
		// The application's interface.
		{"/api/v1/search", 400, "q"}, {"/api/v1/search?q=%20", 400, "q"}, {"/api/v1/search?q=a&limit=0", 400, "limit"}, {"/api/v1/search?q=a&at=x", 400, "at"},
		{"/api/v1/locate", 400, "lon"}, {"/api/v1/locate?lon=120", 400, "lat"}, {"/api/v1/locate?lon=x&lat=1", 400, "lon"}, {"/api/v1/locate?lon=1200&lat=1", 400, "lon"},
		{"/api/v1/locate?lon=120&lat=29&crs=EPSG:2437", 400, "crs"}, {"/api/v1/locate?lon=NaN&lat=29", 400, "lon"},
		{"/api/v1/divisions/abc", 400, ""}, {"/api/v1/divisions/12345", 400, ""}, {"/api/v1/divisions/330727?at=2020-1-1", 400, "at"},
		{"/api/v1/divisions/330727004000", 404, ""}, {"/api/v1/divisions/330727005000?at=2017-12-31", 404, ""},
	} {
		w.problem(t, w.get(c.path), c.status, c.parameter)
	}
}

func TestProblemsSpeakTheReadersLanguage(t *testing.T) {
	w := newWorld(t)
	const path = "/ogc/collections/divisions/items?limit=-1"
	for _, c := range []struct{ accept, tag, word string }{
		{"", "zh-CN", "整数"}, {"en-US,en;q=0.9,zh;q=0.5", "en", "whole number"}, {"zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", "整数"}, {"fr", "zh-CN", "整数"},
		{"en;q=0.1", "en", "whole number"}, {"en;q=x", "zh-CN", "整数"}, {"*, en;q=0.5", "zh-CN", "整数"},
	} {
		a := w.get(path, "Accept-Language", c.accept)
		if p := w.problem(t, a, 400, "limit"); !strings.Contains(p.Detail, c.word) || a.Header.Get("Content-Language") != c.tag {
			t.Errorf("Accept-Language %q: %s %+v", c.accept, a.Header.Get("Content-Language"), p)
		}
	}
	if p := w.problem(t, w.get(path+"&lang=en"), 400, "limit"); !strings.Contains(p.Detail, "whole number") {
		t.Errorf("lang=en: %+v", p)
	}
	// A person at a browser reads a page, compressed or not.
	packed := w.get("/ogc/nothing", "Accept", "text/html,*/*;q=0.8", "Accept-Encoding", "gzip")
	if packed.StatusCode != 404 || packed.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%d %v", packed.StatusCode, packed.Header)
	}
	a := w.get("/ogc/nothing", "Accept", "text/html,*/*;q=0.8")
	if a.StatusCode != 404 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || !strings.Contains(string(a.body), "没有找到") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestMethods(t *testing.T) {
	w := newWorld(t)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"} {
		for _, path := range []string{"/ogc", "/tiles/divisions/8/1/1.mvt", "/api/v1/status", "/", "/assets/minimap.js"} {
			a := w.do(method, path)
			w.problem(t, a, 405, "")
			if a.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
				t.Errorf("%s %s: Allow %q", method, path, a.Header.Get("Allow"))
			}
		}
	}
	w.problem(t, w.do("POST", "/nothing"), 404, "")
	w.problem(t, w.do("OPTIONS", "/nothing"), 404, "")
	if a := w.get("/ogc/collections/?f=json"); a.StatusCode != 308 || a.Header.Get("Location") != "/ogc/collections?f=json" {
		t.Errorf("a slash too many: %d %q", a.StatusCode, a.Header.Get("Location"))
	}
}

// raw speaks to the server without a client that would tidy the request up.
func raw(t *testing.T, w *world, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

func TestRawRequests(t *testing.T) {
	w := newWorld(t)
	for request, want := range map[string]int{
		"GET /ogc HTTP/1.1\r\nHost: a\"b<c>\r\n\r\n":                              400,
		"GET /ogc HTTP/1.1\r\nHost: evil.example/path\r\n\r\n":                    400,
		"GET /ogc HTTP/1.1\r\nHost: ok.example:8080\r\n\r\n":                      200,
		"GET /ogc HTTP/1.0\r\n\r\n":                                               200,
		"GET http://ok.example/ogc HTTP/1.1\r\nHost: ok.example\r\n\r\n":          200,
		"GET /tiles/divisions/../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n":       400,
		"GET /assets/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: a\r\n\r\n":          400,
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n":                                   200, // net/http itself
		"GET /ogc?" + strings.Repeat("a", 20000) + " HTTP/1.1\r\nHost: a\r\n\r\n": 414,
	} {
		if got := raw(t, w, request).StatusCode; got != want {
			t.Errorf("%.60q: %d, want %d", request, got, want)
		}
	}
}

func TestTheTableOfProblems(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		retry  bool
	}{
		{fmt.Errorf("x: %w", pg.ErrUnavailable), 503, true}, {pg.ErrNotFound, 404, false}, {pg.ErrAlreadyUndone, 409, false}, {pg.ErrUndoBlocked, 409, false},
		{pg.ErrInvalid, 422, false}, {pg.ErrOverlap, 409, false}, {pg.ErrSyntheticOverReal, 409, false}, {atlas.ErrZoom, 404, false}, {errors.New("secret"), 500, false},
	} {
		s := &server{Config: Config{}}
		s.Log = quiet
		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/api/v1/imports", nil)
		s.fail(w, r, c.err)
		var p jsonProblem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if w.Code != c.status || (w.Header().Get("Retry-After") != "") != c.retry || p.Title == "" || p.Detail == "" || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: %d %v %s", c.err, w.Code, w.Header(), w.Body)
		}
	}
	for _, k := range append(kinds, internal) {
		if k.title.ZH == "" || k.title.EN == "" || k.slug == "" || k.status < 400 {
			t.Errorf("%+v", k)
		}
	}
}

func TestAPanicTellsNothing(t *testing.T) {
	h, _, _ := newHandler(t, drawn(), func(c *Config) { c.Log = quiet })
	s := h.(interface {
		Get(string, http.HandlerFunc)
	})
	s.Get("/test/panic", func(http.ResponseWriter, *http.Request) { panic("at /root/secret.go:12") })
	s.Get("/test/half", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("too late")
	})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	w := &world{Server: server, t: t}
	p := w.problem(t, w.get("/test/panic"), 500, "")
	if p.Instance == "" || !strings.Contains(p.Detail, strings.TrimPrefix(p.Instance, "urn:yutu:error:")) {
		t.Errorf("%+v", p)
	}
	res, err := http.Get(server.URL + "/test/half")
	if err == nil {
		_, err = bufio.NewReader(res.Body).ReadString(0)
		res.Body.Close()
		if err == nil || err.Error() == "EOF" {
			t.Error("half an answer looks whole")
		}
	}
}
