package api

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
)

// wellFormed reads a page as XML that forgives what HTML allows, and returns its elements with their attributes.
func wellFormed(t *testing.T, a answer) (elements []xml.StartElement) {
	t.Helper()
	body := string(a.body)
	if !strings.HasPrefix(body, "<!doctype html>\n<html lang=") {
		t.Errorf("%s begins with %.60q", a.url, body)
	}
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(body, "<!doctype html>\n")))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	open := []string{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", a.url, err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			elements = append(elements, e.Copy())
			open = append(open, e.Name.Local)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != e.Name.Local {
				t.Fatalf("%s: </%s> closes %v", a.url, e.Name.Local, open)
			}
			open = open[:len(open)-1]
		}
	}
	return elements
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

var pagesOfTheService = []string{
	"/ogc", "/ogc/api", "/ogc/conformance", "/ogc/collections", "/ogc/collections/divisions", "/ogc/collections/divisions/queryables",
	"/ogc/collections/divisions/items", "/ogc/collections/divisions/items?limit=2&datetime=../..", "/ogc/collections/divisions/items?name=没有",
	"/ogc/collections/divisions/items/11", "/ogc/collections/divisions/items/10", "/ogc/collections/divisions/items/92", "/ogc/collections/divisions/items/94",
	"/ogc/collections/divisions/tiles", "/ogc/collections/divisions/tiles/WebMercatorQuad", "/ogc/nothing", "/ogc/collections/divisions/items?limit=-1",
}

var han = regexp.MustCompile(`\p{Han}`)

func TestPages(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Public, c.ReviewNumber = true, "浙金S(2026)1号" })
	for _, path := range pagesOfTheService {
		for _, tag := range []string{"zh-CN", "en"} {
			a := w.get(path, "Accept", "text/html", "Accept-Language", tag)
			if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || a.Header.Get("Content-Security-Policy") == "" {
				t.Errorf("%s: %v", path, a.Header)
			}
			headings, titles, language := 0, 0, ""
			for _, e := range wellFormed(t, a) {
				switch e.Name.Local {
				case "html":
					language = attr(e, "lang")
				case "h1":
					headings++
				case "title":
					titles++
				case "img":
					if attr(e, "alt") == "" {
						t.Errorf("%s: an image without alt", path)
					}
				case "th":
					if attr(e, "scope") == "" {
						t.Errorf("%s: a heading cell without scope", path)
					}
				}
				// No outside host, ever; links of the address bar's own service may be absolute.
				for _, name := range []string{"src", "href", "action", "data-geojson"} {
					v := attr(e, name)
					if strings.Contains(v, "//") && !strings.HasPrefix(v, w.URL+"/") {
						t.Errorf("%s: <%s %s=%q>", path, e.Name.Local, name, v)
					}
					if strings.HasPrefix(v, "javascript:") {
						t.Errorf("%s: %q", path, v)
					}
				}
				for _, x := range e.Attr {
					if strings.HasPrefix(x.Name.Local, "on") {
						t.Errorf("%s: inline script %s", path, x.Name.Local)
					}
				}
			}
			if language != tag || headings != 1 || titles != 1 {
				t.Errorf("%s: lang %q, %d h1, %d titles", path, language, headings, titles)
			}
			body := string(a.body)
			if a.StatusCode == 200 {
				note := map[string]string{"zh-CN": "演示数据", "en": "Demonstration data"}[tag]
				if !strings.Contains(body, note) {
					t.Errorf("%s: no word that the data are synthetic", path)
				}
			}
			if !strings.Contains(body, "浙金S(2026)1号") {
				t.Errorf("%s: no review number", path)
			}
			if tag == "en" && strings.Contains(path, "conformance") {
				text := strings.NewReplacer("中文", "", "浙金S(2026)1号", "").Replace(regexp.MustCompile(`(?s)<style>.*</style>`).ReplaceAllString(body, ""))
				if at := han.FindStringIndex(text); at != nil {
					t.Errorf("%s: Chinese left over: %.80s", path, text[max(0, at[0]-40):])
				}
			}
			if strings.Contains(body, "ZgotmplZ") || strings.Contains(body, "<no value>") || strings.Contains(body, "%!") {
				t.Errorf("%s: a template went wrong", path)
			}
		}
	}
}

func TestPagesEscapeWhatDataSay(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/ogc/collections/divisions/items/94?f=html", "/ogc/collections/divisions/items?f=html", "/ogc/collections/divisions/items?f=html&name=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"} {
		a := w.get(path)
		for _, e := range wellFormed(t, a) {
			if e.Name.Local == "script" && attr(e, "src") == "" {
				t.Errorf("%s: a script of the data's own", path)
			}
		}
	}
}

func TestTheMapOfAPage(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{
		"/ogc/collections/divisions/items/11?f=html&lang=en":  "/ogc/collections/divisions/items/11?f=json",
		"/ogc/collections/divisions/items?f=html&level=5":     "/ogc/collections/divisions/items?f=json&level=5",
		"/ogc/collections/divisions/items/92?f=html":          "",
		"/ogc/collections/divisions/items?f=html&name=nobody": "*",
	} {
		got, script := "", ""
		for _, e := range wellFormed(t, w.get(path)) {
			if attr(e, "class") == "minimap" {
				got = attr(e, "data-geojson")
			}
			if e.Name.Local == "script" {
				script = attr(e, "src")
			}
		}
		if want == "*" {
			continue
		}
		if got != want || (want != "") != (script == "/assets/minimap.js") {
			t.Errorf("%s: map of %q by %q", path, got, script)
		}
		if got != "" {
			w.ok(w.get(got), typeGeoJSON)
		}
	}
}

func TestTheMapOfAFormerVersionIsOfItsTime(t *testing.T) {
	w := newWorld(t)
	for id, want := range map[string]string{"10": "2010-06-30", "11": "", "14": "2017-12-31"} {
		got := ""
		for _, e := range wellFormed(t, w.get("/ogc/collections/divisions/items/"+id+"?f=html")) {
			if attr(e, "class") == "minimap" {
				got = attr(e, "data-at")
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

func TestAFormsEmptyFieldsAreDropped(t *testing.T) {
	w := newWorld(t)
	a := w.get("/ogc/collections/divisions/items?level=village&name=&within=&datetime=&f=html", "Accept", "text/html")
	if a.StatusCode != 303 || a.Header.Get("Location") != "/ogc/collections/divisions/items?f=html&level=village" {
		t.Errorf("%d %q", a.StatusCode, a.Header.Get("Location"))
	}
	w.problem(t, w.get("/ogc/collections/divisions/items?name="), 400, "name")
}

func TestTheLanguageSwitchStaysOnThePage(t *testing.T) {
	w := newWorld(t)
	for _, path := range pagesOfTheService {
		a := w.get(path, "Accept", "text/html")
		if a.StatusCode != 200 {
			continue
		}
		var other string
		for _, e := range wellFormed(t, a) {
			if e.Name.Local == "a" && attr(e, "hreflang") == "en" {
				other = attr(e, "href")
			}
		}
		b := w.get(other)
		if b.StatusCode != 200 || !strings.Contains(string(b.body), `<html lang="en">`) || b.Request.URL.Path != a.Request.URL.Path {
			t.Errorf("%s leads to %s: %d", path, other, b.StatusCode)
		}
	}
}
