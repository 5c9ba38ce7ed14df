package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

// Whoever adds a route says who may use it; whoever removes one takes its row out.
func TestEveryRouteStandsInTheTable(t *testing.T) {
	w := newWorld(t)
	routes := map[string]bool{}
	err := chi.Walk(w.Config.Handler.(chi.Router), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes[method+" "+pattern] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	table := accessByRoute([]string{"favicon.svg"})
	for route := range routes {
		if table[route] == nil {
			t.Errorf("%s does not say who may use it: give it a row in accessTable", route)
		}
	}
	seen := map[string]bool{}
	for _, a := range accessTable {
		key := a.method + " " + a.pattern
		if !routes[key] {
			t.Errorf("%s is in the table, but is no route", key)
		}
		if seen[key] {
			t.Errorf("%s is in the table twice", key)
		}
		seen[key] = true
		if (a.need == Public || a.need == SignedIn) != (a.where == nowhere) {
			t.Errorf("%s: %q with scope %d", key, a.need, a.where)
		}
		// Nothing writes without both a role and a scope; what one does to one's own session and tokens is no write.
		if a.method != "GET" && a.where == anywhere {
			t.Errorf("%s writes without a scope", key)
		}
		if a.where == inPath && !strings.Contains(a.pattern, "{code}") {
			t.Errorf("%s has no {code}", key)
		}
	}
}

// The wall stands whatever a route's handler does: strangers get no further than the table says.
func TestStrangersGetNoFurtherThanTheTable(t *testing.T) {
	w := newWorld(t)
	fill := strings.NewReplacer("{code}", "330727000000", "{id}", "1", "{name}", "admin", "{collection}", "divisions", "{feature}", "11",
		"{tileMatrixSet}", "WebMercatorQuad", "{tileMatrix}", "2", "{tileRow}", "1", "{tileCol}", "3")
	for _, a := range accessTable {
		if strings.HasSuffix(a.pattern, "*") || a.pattern == "/api/v1/events" {
			continue
		}
		got := w.do(a.method, fill.Replace(a.pattern)).StatusCode
		if a.need == Public && (got == 401 || got == 403) {
			t.Errorf("%s %s: %d, and is public", a.method, a.pattern, got)
		}
		if a.need != Public && got != 401 {
			t.Errorf("%s %s: %d for a stranger, want 401", a.method, a.pattern, got)
		}
	}
}

// A route that nobody wrote into the table is shut, not open.
func TestARouteOutsideTheTableIsShut(t *testing.T) {
	s := &server{mux: chi.NewRouter(), pages: newPages(), access: accessByRoute(nil)}
	s.Log = quiet
	reached := false
	s.mux.Get("/forgotten", s.do(func(http.ResponseWriter, *http.Request) error { reached = true; return nil }))
	rec := httptest.NewRecorder()
	s.mux.ServeHTTP(rec, httptest.NewRequest("GET", "/forgotten", nil))
	if rec.Code != 500 || reached {
		t.Errorf("%d, reached %v", rec.Code, reached)
	}
}

func TestTheRolesAreThoseOfTheSchema(t *testing.T) {
	if len(Roles) != 6 {
		t.Errorf("%d roles", len(Roles))
	}
	admin := map[Permission]bool{}
	for _, p := range may["admin"] {
		admin[p] = true
	}
	used := map[Permission]bool{Public: true, SignedIn: true}
	for _, r := range Roles {
		for _, p := range r.May {
			used[p] = true
			if !admin[p] {
				t.Errorf("%s may %s and admin may not", r.Name, p)
			}
		}
	}
	for _, a := range accessTable {
		if !used[a.need] {
			t.Errorf("%s %s needs %s, which no role has", a.method, a.pattern, a.need)
		}
	}
}
