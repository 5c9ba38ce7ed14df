package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/go-chi/chi/v5"

	"yutu/data/cluster"
	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
)

func TestMain(m *testing.M) {
	// What is tested here is not how long a guess takes; TestAGuessIsExpensive looks at the real parameters.
	realParams = *hashParams
	hashParams = &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	// The server of the tests is started by the first test that wants it.
	pgtest.Main(m)
}

var realParams argon2id.Params

const testPassword = "correct horse battery"

// members is a service with accounts on a real database: one for each role, in the county 330727000000, and root, who is
// admin everywhere.
type members struct {
	*world
	store *pg.Store
	url   string
}

func newMembers(t testing.TB, change ...func(*Config)) *members {
	t.Helper()
	return newMembersOn(t, pgtest.URL(t), change...)
}

func newMembersOn(t testing.TB, url string, change ...func(*Config)) *members {
	t.Helper()
	store, err := pg.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	m := &members{store: store, url: url}
	hash, err := HashPassword(t.Context(), testPassword)
	if err != nil {
		t.Fatal(err)
	}
	add := func(name, role string, scope division.Code) {
		_, err := store.CreateAccount(t.Context(), "test", pg.NewAccount{Name: name, DisplayName: name, PasswordHash: hash, Grants: []pg.Grant{{Role: role, Scope: scope}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, role := range Roles {
		add(role.Name, role.Name, "330727000000")
	}
	add("root", "admin", pg.Everywhere)
	m.world = newWorld(t, append([]func(*Config){func(c *Config) { c.Accounts = store; c.Log = quiet }}, change...)...)
	return m
}

// browser is somebody's browser: it keeps its cookie and knows the token of its page.
type browser struct {
	m      *members
	cookie *http.Cookie
	csrf   string
	extra  []string // headers of every request
}

func (m *members) stranger() *browser { return &browser{m: m} }

// as signs in with the account.
func (m *members) as(name string) *browser {
	m.t.Helper()
	b := m.stranger()
	if a := b.signIn(name, testPassword); a.StatusCode != 200 {
		m.t.Fatalf("signing in as %s: %d %s", name, a.StatusCode, a.body)
	}
	return b
}

func (b *browser) signIn(name, password string) answer {
	b.m.t.Helper()
	a := b.do("POST", sessionPath, map[string]string{"name": name, "password": password})
	if a.StatusCode == 200 {
		var doc sessionDoc
		b.m.json(a, &doc)
		b.csrf = doc.CSRF
	}
	return a
}

func (b *browser) do(method, path string, body any, headers ...string) answer {
	b.m.t.Helper()
	var reader io.Reader
	if body != nil {
		text, ok := body.(string)
		if !ok {
			j, err := json.Marshal(body)
			if err != nil {
				b.m.t.Fatal(err)
			}
			text = string(j)
		}
		reader = strings.NewReader(text)
	}
	req, err := http.NewRequestWithContext(b.m.t.Context(), method, b.m.URL+path, reader)
	if err != nil {
		b.m.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.cookie != nil {
		req.AddCookie(b.cookie)
	}
	if b.csrf != "" {
		req.Header.Set(csrfHeader, b.csrf)
	}
	for _, h := range [][]string{b.extra, headers} {
		for i := 0; i < len(h); i += 2 {
			req.Header.Set(h[i], h[i+1])
			if h[i+1] == "" {
				req.Header.Del(h[i])
			}
		}
	}
	res, err := client.Do(req)
	if err != nil {
		b.m.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.m.t.Fatal(err)
	}
	for _, c := range res.Cookies() {
		if c.Name == sessionCookie {
			b.cookie = c
			if c.MaxAge < 0 {
				b.cookie = nil
			}
		}
	}
	return answer{res, text, path}
}

func (m *members) want(a answer, status int, slug string) {
	m.t.Helper()
	if a.StatusCode != status || slug != "" && !strings.Contains(string(a.body), problemPrefix+slug+`"`) {
		m.t.Errorf("%s: %d %.300s, want %d %s", a.url, a.StatusCode, a.body, status, slug)
	}
}

// lastAudit is the newest row of the log.
func (m *members) lastAudit() pg.AuditRow {
	m.t.Helper()
	rows, err := m.store.AuditRows(m.t.Context(), pg.AuditQuery{Limit: 1})
	if err != nil || len(rows) != 1 {
		m.t.Fatal(rows, err)
	}
	return rows[0]
}

func TestASessionBeginsAndEnds(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	b := m.stranger()
	var doc sessionDoc
	m.json(b.do("GET", sessionPath, nil), &doc)
	if doc.User != nil || doc.CSRF != "" || len(doc.Can) != 0 || doc.Demonstration != nil {
		t.Errorf("a stranger is %+v", doc)
	}
	a := b.signIn(" Editor ", testPassword)
	m.want(a, 200, "")
	set := a.Header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="} {
		if !strings.Contains(set, part) {
			t.Errorf("the cookie %q has no %s", set, part)
		}
	}
	if strings.Contains(set, "Secure") {
		t.Errorf("a cookie for HTTPS alone over HTTP: %q", set)
	}
	m.json(b.do("GET", sessionPath, nil), &doc)
	if doc.User == nil || doc.User.Name != "editor" || doc.CSRF != b.csrf || !slices.Contains(doc.Can, DivisionsWrite) || slices.Contains(doc.Can, UsersManage) ||
		len(doc.User.Roles) != 1 || doc.User.Roles[0].ScopeName != "试验县" {
		t.Errorf("the editor is %+v", doc)
	}
	// The secret changes with every sign-in, and the old one ends.
	old := *b
	m.want(b.signIn("editor", testPassword), 200, "")
	if b.cookie.Value == old.cookie.Value {
		t.Error("the same secret twice")
	}
	doc = sessionDoc{}
	if m.json(old.do("GET", sessionPath, nil), &doc); doc.User != nil {
		t.Error("the session before goes on")
	}
	out := *b
	m.want(b.do("DELETE", sessionPath, nil), 204, "")
	if b.cookie != nil {
		t.Error("the cookie stays")
	}
	m.want(out.do("GET", "/api/v1/tokens", nil), 401, "not-signed-in")
	if row := m.lastAudit(); row.Action != "refuse" || row.Actor != anonymous {
		t.Errorf("%+v", row)
	}
}

func TestTheCookieIsForHTTPSAloneWhereTheServiceIs(t *testing.T) {
	t.Parallel()
	m := newMembers(t, func(c *Config) { c.BaseURL = "https://map.example/yutu" })
	a := m.stranger().signIn("editor", testPassword)
	if set := a.Header.Get("Set-Cookie"); !strings.Contains(set, "Secure") || !strings.Contains(set, "Path=/yutu/") {
		t.Errorf("%q", set)
	}
	m = newMembers(t, func(c *Config) { c.TrustForwarded = true })
	b := m.stranger()
	b.extra = []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "10.9.9.9, 203.0.113.7"}
	if set := b.signIn("editor", testPassword).Header.Get("Set-Cookie"); !strings.Contains(set, "Secure") {
		t.Errorf("%q", set)
	}
	if row := m.lastAudit(); !strings.Contains(string(row.Detail), "203.0.113.7") {
		t.Errorf("the address is %s", row.Detail)
	}
}

// Each role gets as far as the table of roles says, and no further; what it does not get is noted.
func TestEachRoleGetsAsFarAsItMay(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	for _, role := range Roles {
		b := m.as(role.Name)
		m.want(b.do("GET", "/api/v1/tokens", nil), 200, "")
		status, slug := 403, "not-allowed"
		if role.Name == "admin" {
			status, slug = 200, ""
		}
		m.want(b.do("GET", "/api/v1/users", nil), status, slug)
		if role.Name != "admin" {
			if row := m.lastAudit(); row.Action != "refuse" || row.Actor != role.Name || !strings.Contains(string(row.Detail), "/api/v1/users") {
				t.Errorf("the refusal is not in the log: %+v %s", row, row.Detail)
			}
		}
		// The log is of the whole service: no role in one county reads it.
		m.want(b.do("GET", "/api/v1/audit", nil), 403, "not-allowed")
	}
	m.want(m.as("root").do("GET", "/api/v1/audit", nil), 200, "")
}

// A role holds in its division and below, and neither above nor beside.
func TestARoleHoldsInItsScopeAlone(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	admin := m.as("admin") // of 330727
	add := func(name, role, scope string) answer {
		return admin.do("POST", "/api/v1/users", map[string]any{"name": name, "roles": []grantIn{{role, scope}}})
	}
	m.want(add("a1", "editor", "330727"), 201, "")
	m.want(add("a2", "editor", "330727001"), 201, "")
	m.want(add("a3", "editor", "330727001200"), 201, "")
	m.want(add("a4", "editor", "330728"), 403, "not-allowed")
	m.want(add("a5", "editor", "3307"), 403, "not-allowed")
	m.want(add("a6", "editor", ""), 403, "not-allowed")
	m.want(add("a7", "emperor", "330727"), 422, "invalid-value")
	m.want(add("a1", "editor", "330727"), 409, "exists-already")
	m.want(add("a:8", "editor", "330727"), 422, "invalid-value")
	m.want(add("Anonymous", "editor", "330727"), 422, "invalid-value")
	// Whoever sets a password can act with it: root's is out of reach.
	m.want(admin.do("PATCH", "/api/v1/users/root", map[string]any{"reset_password": true}), 403, "not-allowed")
	m.want(admin.do("PATCH", "/api/v1/users/nobody", map[string]any{"disabled": true}), 404, "not-found")
	m.want(admin.do("PATCH", "/api/v1/users/a1", map[string]any{"grant": []grantIn{{"admin", ""}}}), 403, "not-allowed")
	m.want(admin.do("PATCH", "/api/v1/users/a1", map[string]any{"grant": []grantIn{{"viewer", "330727002"}}, "revoke": []grantIn{{"editor", "330727"}}}), 200, "")
	a, err := m.store.AccountByName(t.Context(), "a1")
	if err != nil || len(a.Grants) != 1 || a.Grants[0] != (pg.Grant{Role: "viewer", Scope: "330727002000"}) {
		t.Errorf("%+v %v", a, err)
	}
	if row := m.lastAudit(); row.Actor != "admin" || row.Action != "change" || row.Subject != "account" {
		t.Errorf("%+v", row)
	}
	root := m.as("root")
	m.want(root.do("PATCH", "/api/v1/users/root", map[string]any{"disabled": true}), 409, "last-administrator")
	m.want(root.do("PATCH", "/api/v1/users/root", map[string]any{"revoke": []grantIn{{"admin", ""}}}), 409, "last-administrator")
}

func TestANewPasswordWorksAndEndsTheSessions(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	root, editor := m.as("root"), m.as("editor")
	var doc accountDoc
	a := root.do("PATCH", "/api/v1/users/editor", map[string]any{"reset_password": true})
	m.want(a, 200, "")
	m.json(a, &doc)
	m.want(editor.do("GET", "/api/v1/tokens", nil), 401, "not-signed-in")
	m.want(m.stranger().signIn("editor", testPassword), 401, "wrong-password")
	m.want(editor.signIn("editor", doc.Password), 200, "")

	other := m.stranger()
	m.want(other.signIn("editor", doc.Password), 200, "")
	change := func(old, fresh string) answer {
		return editor.do("PATCH", sessionPath, map[string]string{"password": old, "new_password": fresh})
	}
	for _, bad := range []string{"short", "aaaaaaaaaaaaaaa", "my name is Editor", strings.Repeat("x1y2z", 300)} {
		m.want(change(doc.Password, bad), 422, "invalid-value")
	}
	m.want(change("wrong wrong wrong", "四季有口的老樟树"), 422, "invalid-value") // too short
	m.want(change("wrong wrong wrong", "四季都有村口的老樟树"), 422, "wrong-password")
	m.want(change(doc.Password, "四季都有村口的老樟树"), 200, "")
	m.want(editor.do("GET", "/api/v1/tokens", nil), 200, "")
	m.want(other.do("GET", "/api/v1/tokens", nil), 401, "not-signed-in")
	m.want(m.stranger().signIn("editor", "四季都有村口的老樟树"), 200, "")

	m.want(root.do("PATCH", "/api/v1/users/editor", map[string]any{"disabled": true}), 200, "")
	m.want(editor.do("GET", "/api/v1/tokens", nil), 401, "not-signed-in")
	m.want(m.stranger().signIn("editor", "四季都有村口的老樟树"), 401, "account-disabled")
	m.want(m.stranger().signIn("editor", "no such password"), 401, "wrong-password")
	m.want(root.do("PATCH", "/api/v1/users/editor", map[string]any{"disabled": false}), 200, "")
	m.want(m.stranger().signIn("editor", "四季都有村口的老樟树"), 200, "")
}

// Passwords, secrets and tokens stand nowhere in the database.
func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	b := m.as("editor")
	var k tokenDoc
	m.json(b.do("POST", "/api/v1/tokens", map[string]any{"label": "QGIS", "days": 30}), &k)
	var made accountDoc
	m.json(m.as("root").do("POST", "/api/v1/users", map[string]any{"name": "fresh"}), &made)
	m.stranger().signIn("secretinthewrongfield", "x")
	if k.Token == "" || made.Password == "" {
		t.Fatal(k, made)
	}
	var dump string
	for _, table := range []string{"account", "session", "api_token", "sign_in_failure", "audit", "change", "role_grant"} {
		dump += strings.Join(pgtest.Lines(t, m.url, `SELECT t::text FROM `+table+` t`), "\n")
	}
	for _, secret := range []string{testPassword, b.cookie.Value, b.csrf, k.Token, k.Token[5:], made.Password, "secretinthewrongfield"} {
		if strings.Contains(dump, secret) {
			t.Errorf("%q is in the database", secret)
		}
	}
	if !strings.Contains(dump, "QGIS") || !strings.Contains(dump, "$argon2id$") {
		t.Error("the dump does not show what it should")
	}
}

func TestTokensActForTheirAccount(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	b := m.as("admin")
	var k tokenDoc
	a := b.do("POST", "/api/v1/tokens", map[string]any{"label": "报表", "days": 1})
	m.want(a, 201, "")
	m.json(a, &k)
	bearer := []string{"Authorization", "Bearer " + k.Token}
	program := m.stranger()
	m.want(program.do("GET", "/api/v1/users", nil, bearer...), 200, "")
	// A token makes neither accounts nor tokens, and no cookie lends it more than it has.
	m.want(program.do("POST", "/api/v1/users", map[string]any{"name": "more", "roles": []grantIn{{"viewer", "330727"}}}, bearer...), 403, "not-with-a-token")
	if row := m.lastAudit(); row.Actor != "admin token:报表" {
		t.Errorf("%+v", row)
	}
	m.want(b.do("POST", "/api/v1/tokens", map[string]any{"label": "x"}, bearer...), 403, "not-with-a-token")
	for _, bad := range []string{"Bearer " + k.Token + "x", "Bearer yutu_" + newSecret(), "Basic YTpi", "Bearer", "Bearer  ", k.Token, "bearer " + strings.TrimPrefix(k.Token, "yutu_")} {
		m.want(b.do("GET", "/api/v1/users", nil, "Authorization", bad), 401, "bad-token")
	}
	// Of others' tokens nothing is seen and nothing ended.
	m.want(m.as("editor").do("DELETE", fmt.Sprintf("/api/v1/tokens/%d", k.ID), nil), 404, "not-found")
	var list struct{ Tokens []tokenDoc }
	if m.json(m.as("editor").do("GET", "/api/v1/tokens", nil), &list); len(list.Tokens) != 0 {
		t.Errorf("%+v", list)
	}
	if m.json(b.do("GET", "/api/v1/tokens", nil), &list); len(list.Tokens) != 1 || list.Tokens[0].UsedAt == nil || list.Tokens[0].Token != "" {
		t.Errorf("%+v", list)
	}
	m.want(b.do("DELETE", fmt.Sprintf("/api/v1/tokens/%d", k.ID), nil), 204, "")
	m.want(b.do("DELETE", fmt.Sprintf("/api/v1/tokens/%d", k.ID), nil), 404, "not-found")
	m.want(program.do("GET", "/api/v1/users", nil, bearer...), 401, "bad-token")
	m.want(b.do("POST", "/api/v1/tokens", map[string]any{"label": " "}), 422, "invalid-value")
	m.want(b.do("POST", "/api/v1/tokens", map[string]any{"label": "x", "days": -1}), 422, "invalid-value")
}

func TestForeignPagesChangeNothing(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	b := m.as("root")
	body := map[string]any{"name": "planted"}
	for name, headers := range map[string][]string{
		"no token":      {csrfHeader, ""},
		"wrong token":   {csrfHeader, strings.Repeat("A", 43)},
		"other origin":  {"Origin", "https://evil.example"},
		"null origin":   {"Origin", "null"},
		"other port":    {"Origin", "http://127.0.0.1:1"},
		"cross site":    {"Sec-Fetch-Site", "cross-site"},
		"sibling site":  {"Sec-Fetch-Site", "same-site"},
		"another token": {csrfHeader, csrfToken(newSecret())},
	} {
		a := b.do("POST", "/api/v1/users", body, headers...)
		if m.want(a, 403, "forgery-suspected"); t.Failed() {
			t.Fatal(name)
		}
	}
	if _, err := m.store.AccountByName(t.Context(), "planted"); err == nil {
		t.Error("the account was made")
	}
	m.want(b.do("POST", "/api/v1/users", body, "Content-Type", "text/plain"), 415, "not-json")
	m.want(b.do("POST", "/api/v1/users", body, "Origin", m.URL, "Sec-Fetch-Site", "same-origin"), 201, "")
	// Signing somebody in unasked is a forgery too.
	for _, headers := range [][]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
		m.want(m.stranger().do("POST", sessionPath, map[string]string{"name": "editor", "password": testPassword}, headers...), 403, "forgery-suspected")
	}
	// Nor is there a door in the answers to OPTIONS.
	for _, path := range []string{sessionPath, "/api/v1/users", "/api/v1/tokens/1"} {
		a := b.do("OPTIONS", path, nil, "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
		if got := a.Header.Get("Access-Control-Allow-Origin") + a.Header.Get("Access-Control-Allow-Methods"); got != "" {
			t.Errorf("OPTIONS %s allows %q", path, got)
		}
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	b := m.stranger()
	for range freeBoth {
		m.want(b.signIn("editor", "guess guess guess"), 401, "wrong-password")
	}
	a := b.signIn("editor", testPassword)
	m.want(a, 429, "too-many-attempts")
	if wait := a.Header.Get("Retry-After"); wait == "" || wait == "0" || len(wait) > 3 {
		t.Errorf("Retry-After %q", wait)
	}
	if row := m.lastAudit(); row.Action != "refuse" || !strings.Contains(string(row.Detail), `"editor"`) {
		t.Errorf("%+v %s", row, row.Detail)
	}
	// Others at the same address, and a name that does not exist, are not locked out by it.
	m.want(b.signIn("viewer", testPassword), 200, "")
	for range freeBoth {
		m.want(m.stranger().signIn("nobody", "guess guess guess"), 401, "wrong-password")
	}
	// An account that does not exist is slowed down just as one that does.
	m.want(m.stranger().signIn("nobody", "guess guess guess"), 429, "too-many-attempts")
}

// Whether an account exists cannot be told from the answer.
func TestUnknownAccountsLookLikeWrongPasswords(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	known, unknown := m.stranger().signIn("editor", "guess guess guess"), m.stranger().signIn("nobody", "guess guess guess")
	if known.StatusCode != unknown.StatusCode || string(known.body) != string(unknown.body) {
		t.Errorf("%s\n%s", known.body, unknown.body)
	}
}

func TestAGuessIsExpensive(t *testing.T) {
	if realParams.Memory < 46<<10 || realParams.Iterations < 1 {
		t.Errorf("%+v is less than OWASP's least", realParams)
	}
	// The digest for nobody costs what a real one costs, and fits no password.
	params, _, key, err := argon2id.DecodeHash(nobody)
	if err != nil || params.Memory != realParams.Memory || params.Iterations != realParams.Iterations || params.Parallelism != realParams.Parallelism ||
		params.KeyLength != realParams.KeyLength || params.SaltLength != realParams.SaltLength {
		t.Errorf("%+v %v %d", params, err, len(key))
	}
}

// Reading goes on for strangers while the database is away; signing in says when to try again.
func TestWithoutADatabaseStrangersReadOn(t *testing.T) {
	t.Parallel()
	// A server of its own, since this one is stopped.
	server, err := cluster.Start(t.Context(), cluster.Options{Home: t.TempDir(), Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	if err := pg.Migrate(t.Context(), server.URL()); err != nil {
		t.Fatal(err)
	}
	m := newMembersOn(t, server.URL())
	b := m.as("editor")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	m.ok(m.get("/api/v1/divisions/330727"), typeJSON)
	m.ok(m.get(sessionPath), typeJSON)
	a := m.stranger().signIn("editor", testPassword)
	m.want(a, 503, "database-unavailable")
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	m.want(b.do("GET", sessionPath, nil), 503, "database-unavailable")
	m.want(b.do("POST", "/api/v1/tokens", map[string]any{"label": "x"}), 503, "database-unavailable")
	// A cookie does not get in the way of reading.
	m.want(b.do("GET", "/api/v1/divisions/330727", nil), 200, "")
	m.want(m.stranger().do("GET", "/api/v1/users", nil), 401, "not-signed-in")
}

func TestAReadOnlyNodeKnowsTheSessionsOfTheMainOne(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	b := m.as("root")
	reader := &members{world: newWorld(t, func(c *Config) { c.Accounts = m.store; c.ReadOnly = true })}
	there := &browser{m: reader, cookie: b.cookie, csrf: b.csrf}
	m.want(there.do("GET", "/api/v1/users", nil), 200, "")
	m.want(there.do("POST", "/api/v1/users", map[string]any{"name": "x"}), 403, "read-only")
	m.want(reader.stranger().signIn("root", testPassword), 403, "read-only")
	var doc sessionDoc
	if reader.json(there.do("GET", sessionPath, nil), &doc); doc.User == nil || !doc.ReadOnly {
		t.Errorf("%+v", doc)
	}
}

func TestSigningInWorksInPublicMode(t *testing.T) {
	t.Parallel()
	m := newMembers(t, func(c *Config) { c.Public = true; c.ReviewNumber = "浙金S(2026)1号" })
	m.want(m.as("editor").do("GET", "/api/v1/tokens", nil), 200, "")
}

func TestTheLogIsReadPageByPage(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	for i := range 25 {
		if err := m.store.Audit(t.Context(), "cli:x", "put", "division", map[string]any{"n": i}); err != nil {
			t.Fatal(err)
		}
	}
	b := m.as("root")
	var seen []int64
	path := "/api/v1/audit?limit=10"
	for {
		var page struct {
			Entries []auditDoc
			Next    *int64
		}
		a := b.do("GET", path, nil)
		m.want(a, 200, "")
		m.json(a, &page)
		for _, e := range page.Entries {
			seen = append(seen, e.ID)
		}
		if page.Next == nil {
			break
		}
		path = fmt.Sprintf("/api/v1/audit?limit=10&before=%d", *page.Next)
	}
	if len(seen) < 33 || !slices.IsSortedFunc(seen, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("%v", seen)
	}
	var page struct{ Entries []auditDoc }
	m.json(b.do("GET", "/api/v1/audit?actor=cli:x&action=put", nil), &page)
	if len(page.Entries) != 25 {
		t.Errorf("%d rows of one actor", len(page.Entries))
	}
	m.want(b.do("GET", "/api/v1/audit?before=x", nil), 400, "invalid-parameter")
	m.want(b.do("GET", "/api/v1/audit?colour=red", nil), 400, "invalid-parameter")
}

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

func TestIdleSessionsEnd(t *testing.T) {
	t.Parallel()
	m := newMembers(t)
	b := m.as("editor")
	age := func(d time.Duration) {
		pgtest.Lines(t, m.url, fmt.Sprintf(`UPDATE session SET seen_at = clock_timestamp() - interval '%d seconds' RETURNING ''`, int(d.Seconds())))
	}
	age(sessionIdle - time.Minute)
	m.want(b.do("GET", "/api/v1/tokens", nil), 200, "") // and is fresh again
	if pgtest.Lines(t, m.url, `SELECT 'x' FROM session WHERE seen_at < clock_timestamp() - interval '1 minute'`) != nil {
		t.Error("a use was not noted")
	}
	age(sessionIdle + time.Minute)
	m.want(b.do("GET", "/api/v1/tokens", nil), 401, "not-signed-in")
	age(0)
	m.want(b.do("GET", "/api/v1/tokens", nil), 200, "")
	pgtest.Lines(t, m.url, `UPDATE session SET expires_at = clock_timestamp() RETURNING ''`)
	m.want(b.do("GET", "/api/v1/tokens", nil), 401, "not-signed-in")
}
