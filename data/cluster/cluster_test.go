package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The test binary can also be the program that owns a cluster, so that it can be killed like one.
func TestMain(m *testing.M) {
	if home := os.Getenv("YUTU_CLUSTER_TEST_OWNER"); home != "" {
		c, err := Start(context.Background(), Options{Home: home})
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("ready", c.PID())
		select {}
	}
	os.Exit(m.Run())
}

// homeDir returns a home directory that takes its data with it, wherever they stand.
func homeDir(t *testing.T) string {
	home := t.TempDir()
	t.Cleanup(func() {
		if b, err := os.ReadFile(filepath.Join(home, locationFile)); err == nil {
			if err := (location{data: strings.TrimSpace(string(b))}).remove(); err != nil {
				t.Error(err)
			}
		}
	})
	return home
}

func start(t *testing.T, home string) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), Options{Home: home, Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var s string
	if err := conn.QueryRow(ctx, sql).Scan(&s); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

func TestStartGivesAPrivateUTF8DatabaseWithChecksums(t *testing.T) {
	c := start(t, t.TempDir())
	for sql, want := range map[string]string{
		`SHOW server_encoding`:         "UTF8",
		`SHOW data_checksums`:          "on",
		`SHOW listen_addresses`:        "",
		`SHOW unix_socket_permissions`: "0700",
		`SELECT current_database()`:    Database,
		`SELECT current_user::text`:    User,
		`SELECT lower('ÄÖ') || '磐安县'`:  "äö磐安县",
		`SELECT (count(*) > 0)::text FROM pg_available_extensions WHERE name = 'postgis'`: "true",
	} {
		if got := query(t, c.URL(), sql); got != want {
			t.Errorf("%s = %q, want %q", sql, got, want)
		}
	}
	// The socket's directory is the authentication.
	info, err := os.Stat(c.socket)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's directory has mode %v, want 0700", info.Mode().Perm())
	}
}

func TestHomeWithSpacesChineseAndALongPath(t *testing.T) {
	home := filepath.Join(t.TempDir(), "舆图 工作目录", strings.Repeat("很长", 40))
	c := start(t, home)
	if got := query(t, c.URL(), `SELECT current_database()`); got != Database {
		t.Errorf("database %q", got)
	}
}

func TestRootReachesHomeThatTheServersUserCannot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root steps down to another user")
	}
	parent := filepath.Join(t.TempDir(), "private")
	if err := os.Mkdir(parent, 0o700); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(parent, ".yutu")
	c := start(t, home)
	if strings.HasPrefix(c.place.data, home) {
		t.Fatalf("data directory %s stands where the server's user cannot go", c.place.data)
	}
	b, err := os.ReadFile(filepath.Join(home, locationFile))
	if err != nil || strings.TrimSpace(string(b)) != c.place.data {
		t.Errorf("%s says %q (%v), the data stand in %s", locationFile, b, err, c.place.data)
	}
}

func TestDataOutlivesAStopAndAStart(t *testing.T) {
	home := homeDir(t)
	c, err := Start(t.Context(), Options{Home: home})
	if err != nil {
		t.Fatal(err)
	}
	query(t, c.URL(), `WITH t AS (SELECT set_config('x.y', 'z', false)) SELECT * FROM t`)
	exec1(t, c.URL(), `CREATE TABLE kept AS SELECT '留存'::text AS v`)
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(); err != nil {
		t.Errorf("a second Stop: %v", err)
	}
	c, err = Start(t.Context(), Options{Home: home})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	if got := query(t, c.URL(), `SELECT v FROM kept`); got != "留存" {
		t.Errorf("got %q", got)
	}
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestTwoProgramsOnOneHome(t *testing.T) {
	home := homeDir(t)
	c := start(t, home)
	_, err := Start(t.Context(), Options{Home: home})
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("a second start: %v, want ErrInUse", err)
	}
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Text.ZH, fmt.Sprint(os.Getpid())) {
		t.Errorf("the refusal does not name the process that holds the directory: %v", err)
	}
	url, err := Attach(t.Context(), home)
	if err != nil || url != c.URL() {
		t.Errorf("Attach = %q, %v; want %q", url, err, c.URL())
	}
	if _, err := Attach(t.Context(), t.TempDir()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("Attach to an empty home: %v, want ErrNotRunning", err)
	}
}

func TestServerKilledIsStartedAgain(t *testing.T) {
	c := start(t, t.TempDir())
	before := c.PID()
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(60 * time.Second)
	for c.PID() == before || c.PID() == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the server did not come back within a minute")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := query(t, c.URL(), `SELECT 'answers'`); got != "answers" {
		t.Errorf("got %q", got)
	}
}

func TestProgramKilledTakesTheServerWithIt(t *testing.T) {
	home := homeDir(t)
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), "YUTU_CLUSTER_TEST_OWNER="+home)
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscanf(line, "ready %d", &pid); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if _, err := Start(t.Context(), Options{Home: home}); !errors.Is(err, ErrInUse) {
		t.Errorf("start beside a living program: %v, want ErrInUse", err)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()
	// The next start works at once: it waits for the old server to end.
	c, err := Start(t.Context(), Options{Home: home})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	if c.PID() == pid {
		t.Error("the orphaned server was taken over")
	}
	// A process that ended but whose new parent has not asked for it yet has an empty command line.
	if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && len(b) > 0 {
		t.Errorf("the server %d outlived its program: %q", pid, b)
	}
}

func TestAnotherMajorVersionIsRefused(t *testing.T) {
	home := homeDir(t)
	data := filepath.Join(home, "pg")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := chooseBinaries(data, debianRoot, "/usr/share/postgresql")
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, want a refusal", err)
	}
	for _, want := range []string{"postgresql-9", "pg_upgrade", "--home", data} {
		if !strings.Contains(e.Text.ZH, want) || !strings.Contains(e.Text.EN, want) {
			t.Errorf("the refusal does not mention %s: %s", want, e.Text.ZH)
		}
	}
}

func TestMissingPostgreSQLAndPostGISSayWhatToInstall(t *testing.T) {
	root, share := t.TempDir(), t.TempDir()
	_, err := chooseBinaries(filepath.Join(root, "none"), root, share)
	if err == nil || !strings.Contains(err.Error(), "postgresql-15-postgis-3") {
		t.Errorf("nothing installed: %v", err)
	}
	bin := filepath.Join(root, "15", "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "postgres"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = chooseBinaries(filepath.Join(root, "none"), root, share)
	if err == nil || !strings.Contains(err.Error(), "postgresql-15-postgis-3") {
		t.Errorf("PostgreSQL without PostGIS: %v", err)
	}
}

func TestAForeignDirectoryIsNotOverwritten(t *testing.T) {
	home := homeDir(t)
	kept := filepath.Join(home, "pg", "照片.jpg")
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	// Where root falls back to another place there is nothing to overwrite; ask the decision itself.
	c := &Cluster{opt: Options{Home: home, Progress: nil}, place: location{home: home, data: filepath.Dir(kept)}}
	if err := c.initdb(t.Context()); err == nil {
		t.Error("initdb into a directory with other content was not refused")
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}

func TestAnInterruptedInitdbIsStartedOver(t *testing.T) {
	home := homeDir(t)
	l, err := place(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(l.data+".new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := start(t, home)
	if got := query(t, c.URL(), `SELECT 'answers'`); got != "answers" {
		t.Errorf("got %q", got)
	}
}
