package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"yutu/data/pg"
	"yutu/geo/division"
)

// The demonstration's accounts end with the demonstration, and so does what was made with them.
func TestTheDemonstrationCannotReachRealAccounts(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	demo := drawn()[0]
	demo.ID = 0
	if _, err := m.store.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test", File: "demo"}, []division.Unit{demo}); err != nil {
		t.Fatal(err)
	}
	hash, _ := HashPassword(t.Context(), DemoPassword)
	_, err := m.store.CreateAccount(t.Context(), "test", pg.NewAccount{
		Name: "visitor", DisplayName: "演示", PasswordHash: hash, Synthetic: true, Grants: []pg.Grant{{Role: "admin", Scope: pg.Everywhere}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := m.stranger()
	m.want(b.signIn("visitor", DemoPassword), 200, "")
	m.want(b.do("PATCH", "/api/v1/users/root", map[string]any{"reset_password": true}), 403, "not-allowed")
	m.want(b.do("PATCH", "/api/v1/users/visitor", map[string]any{"reset_password": true}), 403, "not-allowed")
	m.want(b.do("PATCH", sessionPath, map[string]string{"password": DemoPassword, "new_password": "quite another one"}), 403, "not-allowed")
	var made accountDoc
	m.json(b.do("POST", "/api/v1/users", map[string]any{"name": "sleeper", "roles": []grantIn{{"admin", ""}}}), &made)
	if !made.Synthetic {
		t.Error("a real account out of a public password")
	}
	var k tokenDoc
	m.json(b.do("POST", "/api/v1/tokens", map[string]any{"label": "x"}), &k)
	if a := b.do("GET", "/api/v1/audit", nil); strings.Contains(string(a.body), "127.0.0.1") {
		t.Error("visitors see addresses")
	}

	genuine := demo
	genuine.Synthetic, genuine.Name = false, "磐安县"
	if _, err := m.store.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test", File: "real"}, []division.Unit{genuine}); err != nil {
		t.Fatal(err)
	}
	m.want(b.do("GET", "/api/v1/users", nil), 401, "not-signed-in")
	m.want(b.do("GET", "/api/v1/users", nil, "Authorization", "Bearer "+k.Token), 401, "bad-token")
	m.want(m.stranger().signIn("visitor", DemoPassword), 401, "account-disabled")
	m.want(m.stranger().signIn("sleeper", made.Password), 401, "account-disabled")
	m.want(m.stranger().signIn("root", testPassword), 200, "")
}

// A handler that learns the divisions from the body and forgets to ask about them reports no success.
func TestAHandlerThatForgetsToAskIsCaught(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	b := m.as("editor")
	ask := func(handle func(s *server) handler) (status int) {
		s := &server{Config: Config{Accounts: m.store, Atlas: m.atlas, Log: quiet}, pages: newPages(), mux: chi.NewRouter()}
		s.access = map[string]*access{"POST /write": {"POST", "/write", DivisionsWrite, inBody}}
		s.mux.Post("/write", s.do(handle(s)))
		other := &members{world: &world{Server: httptest.NewServer(s.mux), t: t}}
		defer other.Close()
		return (&browser{m: other, cookie: b.cookie, csrf: b.csrf}).do("POST", "/write", "{}").StatusCode
	}
	ok := func(w http.ResponseWriter) error { w.WriteHeader(201); _, err := w.Write([]byte("{}")); return err }
	if got := ask(func(*server) handler { return func(w http.ResponseWriter, _ *http.Request) error { return ok(w) } }); got != 500 {
		t.Errorf("forgotten: %d", got)
	}
	for code, want := range map[division.Code]int{"330727001000": 201, "330727000000": 201, "330700000000": 403, "330728000000": 403} {
		got := ask(func(s *server) handler {
			return func(w http.ResponseWriter, r *http.Request) error {
				if err := s.authorize(r, DivisionsWrite, "330727002000", code); err != nil {
					return err
				}
				return ok(w)
			}
		})
		if got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
}
