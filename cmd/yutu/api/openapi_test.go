package api

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-chi/chi/v5"
)

func loadOpenAPI(t *testing.T, w *world) *openapi3.T {
	t.Helper()
	a := w.ok(w.get("/ogc/api", "Accept", typeOpenAPI), typeOpenAPI)
	doc, err := openapi3.NewLoader().LoadFromData(a.body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheDescriptionIsOpenAPI30(t *testing.T) {
	w := newWorld(t)
	doc := loadOpenAPI(t, w)
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") || doc.Info.Version != "1.2.3" || doc.Servers[0].URL != w.URL+"/ogc" {
		t.Errorf("%s %s %s", doc.OpenAPI, doc.Info.Version, doc.Servers[0].URL)
	}
}

// Every route stands in the description and every described path is a route.
func TestTheDescriptionIsComplete(t *testing.T) {
	w := newWorld(t)
	doc := loadOpenAPI(t, w)
	described := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		full := "/ogc" + path
		if len(item.Servers) > 0 {
			full = path
		}
		described[strings.TrimSuffix(full, "/")] = true
	}
	// Routes whose description is written otherwise, and the files of the web app.
	same := map[string]string{"/tiles/divisions/*": "/tiles/divisions/{z}/{x}/{y}.mvt", "/ogc/": "/ogc"}
	names := strings.NewReplacer("{collection}", "{collectionId}", "{feature}", "{featureId}", "{tileMatrixSet}", "{tileMatrixSetId}")
	routes := map[string]bool{}
	err := chi.Walk(w.Config.Handler.(chi.Router), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if route == "/" || strings.HasPrefix(route, "/assets/") || route == "/favicon.svg" {
			return nil
		}
		if other, ok := same[route]; ok {
			route = other
		}
		route = names.Replace(route)
		routes[route] = true
		if !described[route] {
			t.Errorf("%s %s is not described", method, route)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for path := range described {
		if !routes[path] {
			t.Errorf("%s is described, but is no route", path)
		}
	}
}

func TestParametersOfItemsAreDeclaredAsTheStandardWants(t *testing.T) {
	w := newWorld(t)
	get := loadOpenAPI(t, w).Paths.Find("/collections/{collectionId}/items").Get
	bbox := get.Parameters.GetByInAndName("query", "bbox")
	if bbox == nil || bbox.Required || bbox.Style != "form" || bbox.Explode == nil || *bbox.Explode ||
		!bbox.Schema.Value.Type.Is("array") || bbox.Schema.Value.MinItems != 4 || *bbox.Schema.Value.MaxItems != 6 || !bbox.Schema.Value.Items.Value.Type.Is("number") {
		t.Errorf("bbox: %+v", bbox)
	}
	limit := get.Parameters.GetByInAndName("query", "limit")
	if limit == nil || limit.Required || !limit.Schema.Value.Type.Is("integer") || *limit.Schema.Value.Min != 1 || *limit.Schema.Value.Max != maxLimit || limit.Schema.Value.Default != float64(usualLimit) {
		t.Errorf("limit: %+v", limit)
	}
	datetime := get.Parameters.GetByInAndName("query", "datetime")
	if datetime == nil || datetime.Required || !datetime.Schema.Value.Type.Is("string") {
		t.Errorf("datetime: %+v", datetime)
	}
	var declared []string
	for _, p := range get.Parameters {
		if p.Value.In == "query" && p.Value.Name != "f" && p.Value.Name != "lang" {
			declared = append(declared, p.Value.Name)
		}
	}
	if !slices.Equal(declared, itemParameters) {
		t.Errorf("declared %v, known %v", declared, itemParameters)
	}
}

// routeOf finds the described path that an address belongs to; one without variables comes before one with.
func routeOf(doc *openapi3.T, address string) (*routers.Route, map[string]string) {
	address, _, _ = strings.Cut(address, "?")
	var best *routers.Route
	var values map[string]string
	for path, item := range doc.Paths.Map() {
		full := path
		if len(item.Servers) == 0 {
			full = "/ogc" + path
		}
		pattern := variable.ReplaceAllString(regexp.QuoteMeta(full), `(?P<$1>[^/]+)`)
		match := regexp.MustCompile("^" + pattern + "$")
		found := match.FindStringSubmatch(address)
		if found == nil || best != nil && len(found) > len(values) {
			continue
		}
		best = &routers.Route{Spec: doc, Path: path, PathItem: item, Method: "GET", Operation: item.Get}
		values = map[string]string{}
		for i, name := range match.SubexpNames()[1:] {
			values[name] = found[i+1]
		}
	}
	return best, values
}

var variable = regexp.MustCompile(`\\\{(\w+)\\\}`)

// Real answers are what the description says, the refusals too.
func TestAnswersMatchTheDescription(t *testing.T) {
	w := newWorld(t)
	doc := loadOpenAPI(t, w)
	openapi3filter.RegisterBodyDecoder(typeHTML, openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder(typeMVT, openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.FileBodyDecoder)
	for _, typ := range []string{typeGeoJSON, typeSchema, typeOpenAPI, "application/vnd.oai.openapi+json", "application/problem+json"} {
		openapi3filter.RegisterBodyDecoder(typ, func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
			var v any
			err := json.NewDecoder(body).Decode(&v)
			return v, err
		})
	}
	seen := map[string]bool{}
	items := "/ogc/collections/divisions/items"
	for _, path := range []string{
		"/ogc/", "/ogc/api", "/ogc/conformance", "/ogc/collections", "/ogc/collections/divisions", "/ogc/collections/divisions/queryables", items, items + "?datetime=../..&limit=50",
		items + "?bbox=120,29,121,30&level=village&within=330727", items + "?limit=0", items + "?bbox=1,2,3", items + "/11", items + "/92", items + "/4711",
		"/ogc/collections/divisions/tiles", "/ogc/collections/divisions/tiles/WebMercatorQuad", "/ogc/collections/divisions/tiles/WebMercatorQuad/2/1/3", "/ogc/collections/divisions/tiles/WebMercatorQuad/2/9/9",
		"/tiles/divisions.json", "/tiles/divisions/2/3/1.mvt", "/tiles/divisions/2/0/3.mvt", "/tiles/divisions/2/x/1.mvt", "/styles/atlas.json",
		"/api/v1/status", "/api/v1/status?at=2001-01-01", "/api/v1/search?q=安", "/api/v1/search", "/api/v1/locate?lon=120.01&lat=29.01", "/api/v1/locate?lon=1", "/api/v1/divisions/330727", "/api/v1/divisions/330727099000",
		"/api/v1/divisions/999999", "/api/v1/divisions/events", "/api/v1/divisions/events?from=x", "/api/v1/divisions/dates", "/api/v1/divisions/330727005/lineage", "/api/v1/divisions/999999/lineage", "/healthz", "/readyz", "/metrics",
		"/api/v1/session", "/api/v1/users", "/api/v1/tokens", "/api/v1/audit",
	} {
		for _, accept := range []string{"", "text/html"} {
			if accept != "" && (!strings.HasPrefix(path, "/ogc") || strings.Contains(path, "WebMercatorQuad/")) {
				continue
			}
			a := w.get(path, "Accept", accept)
			if accept != "" && a.StatusCode >= 400 {
				continue // a person reads refusals as pages
			}
			req, _ := http.NewRequestWithContext(t.Context(), "GET", a.url, nil)
			route, pathParams := routeOf(doc, strings.TrimPrefix(a.url, w.URL))
			if route == nil {
				t.Errorf("%s is not described", path)
				continue
			}
			seen[route.Path] = true
			in := &openapi3filter.ResponseValidationInput{
				RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: pathParams, Route: route},
				Status:                 a.StatusCode, Header: a.Header,
				Options: &openapi3filter.Options{IncludeResponseStatus: true},
			}
			in.SetBodyBytes(a.body)
			if err := openapi3filter.ValidateResponse(t.Context(), in); err != nil {
				t.Errorf("%s Accept %q: %d %v", path, accept, a.StatusCode, err)
			}
			// What the service takes must be allowed by the description.
			if a.StatusCode == 200 {
				if err := openapi3filter.ValidateRequest(t.Context(), in.RequestValidationInput); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
	}
	for path, item := range doc.Paths.Map() {
		if !seen[path] && item.Get != nil && path != "/api/v1/events" {
			t.Errorf("no answer of %s was checked", path)
		}
	}
}
