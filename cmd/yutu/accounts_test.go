package main

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"yutu/cmd/yutu/api"
)

var printedPassword = regexp.MustCompile(`密码 ([a-z2-9]{4}(?:-[a-z2-9]{4}){3})`)

// signIn asks the running program for a session and returns the status and the answer.
func (r *running) signIn(t *testing.T, name, password string) (int, string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"name": name, "password": password})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", r.url+"/api/v1/session", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// The first administrator's password is printed at the first start and never again; the demonstration's accounts end
// when real data arrive; the command line manages the rest.
func TestAccountsFromTheFirstStartOn(t *testing.T) {
	dir := home(t)
	first := serve(t, "--home", dir, "--demo")
	m := printedPassword.FindStringSubmatch(first.out())
	if m == nil {
		t.Fatalf("no password was printed:\n%s", first.out())
	}
	if code, body := first.signIn(t, firstAdministrator, m[1]); code != 200 || !strings.Contains(body, `"temporary":true`) {
		t.Errorf("the administrator: %d %s", code, body)
	}
	for _, role := range api.Roles {
		if code, body := first.signIn(t, role.Name, api.DemoPassword); code != 200 || !strings.Contains(body, `"role":"`+role.Name+`"`) {
			t.Errorf("the demonstration's %s: %d %s", role.Name, code, body)
		}
	}

	// While the program runs, and with its database.
	added := mustRun(t, "user", "add", "WangXY", "--display-name", "王秀英", "--grant", "editor@330727", "--home", dir)
	password := strings.TrimSpace(added)
	if code, body := first.signIn(t, "wangxy", password); code != 200 || !strings.Contains(body, `"330727000000"`) {
		t.Errorf("the new account: %d %s", code, body)
	}
	again := strings.TrimSpace(mustRun(t, "user", "reset", "wangxy", "--home", dir))
	if code, _ := first.signIn(t, "wangxy", password); code != 401 {
		t.Errorf("the old password: %d", code)
	}
	mustRun(t, "user", "grant", "wangxy", "planner", "330727001", "--home", dir)
	mustRun(t, "user", "revoke", "wangxy", "editor", "330727", "--home", dir)
	if code, body := first.signIn(t, "wangxy", again); code != 200 || !strings.Contains(body, "planner") || strings.Contains(body, "editor") {
		t.Errorf("%d %s", code, body)
	}
	if list := mustRun(t, "user", "list", "--home", dir); !strings.Contains(list, "planner@330727001") || !strings.Contains(list, "王秀英") {
		t.Errorf("%s", list)
	}
	for _, bad := range [][]string{
		{"user", "revoke", "wangxy", "editor", "330727"}, {"user", "add", "wangxy"}, {"user", "add", "x y"}, {"user", "reset", "nobody"},
		{"user", "add", "other", "--grant", "editor"}, {"user", "grant", "wangxy", "editor", "33072"}, {"user", "reset", "viewer"},
		{"user", "disable", firstAdministrator}, {"user", "revoke", firstAdministrator, "admin", "all"}, {"token", "add", "nobody", "QGIS"}, {"token", "revoke", "99"},
	} {
		if code, _, errs := yutu(t, "", append(bad, "--home", dir)...); code != exitFindings || !strings.Contains(errs, "yutu:") {
			t.Errorf("%v: exit %d %s", bad, code, errs)
		}
	}
	if code, _, _ := yutu(t, "", "user", "grant", "wangxy", "emperor", "all", "--home", dir); code != exitUsage {
		t.Errorf("a role that is none: exit %d", code)
	}

	token := strings.TrimSpace(mustRun(t, "token", "add", firstAdministrator, "报表", "--days", "30", "--home", dir))
	ask := func() int {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", first.url+"/api/v1/users", nil)
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if got := ask(); got != 200 {
		t.Errorf("the token: %d", got)
	}
	if list := mustRun(t, "token", "list", "--home", dir); !strings.Contains(list, "报表") || strings.Contains(list, token) {
		t.Errorf("%s", list)
	}
	mustRun(t, "token", "revoke", "1", "--home", dir)
	if got := ask(); got != 401 {
		t.Errorf("the revoked token: %d", got)
	}
	mustRun(t, "user", "disable", "wangxy", "--home", dir)
	if code, _ := first.signIn(t, "wangxy", again); code != 401 {
		t.Errorf("the disabled account: %d", code)
	}
	first.stop()

	second := serve(t, "--home", dir, "--demo")
	if strings.Contains(second.out(), m[1]) || printedPassword.MatchString(second.out()) {
		t.Errorf("a password was printed again:\n%s", second.out())
	}
	if !strings.Contains(second.out(), api.DemoPassword) {
		t.Error("the demonstration's password is not told")
	}
	// Real data arrive: the demonstration and its accounts end at once.
	importReal(t, dir)
	if code, _ := second.signIn(t, "admin", api.DemoPassword); code != 401 {
		t.Errorf("the demonstration's admin after real data: %d", code)
	}
	if code, _ := second.signIn(t, firstAdministrator, m[1]); code != 200 {
		t.Errorf("the administrator after real data: %d", code)
	}
	second.stop()
	third := serve(t, "--home", dir, "--demo")
	if strings.Contains(third.out(), api.DemoPassword) {
		t.Error("the demonstration's password is told without a demonstration")
	}
}
