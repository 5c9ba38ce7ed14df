package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yutu/data/cluster"
)

// standby copies the server of a home directory and runs the copy as a streaming replica; it returns its URL.
func standby(t *testing.T, home string) string {
	t.Helper()
	url, err := cluster.Attach(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	const bin = "/usr/lib/postgresql/15/bin" // of the package that make test installs
	// The directory stands where the database's user can reach it, with a path short enough for a socket.
	dir, err := os.MkdirTemp("/tmp", "yutu-standby-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var cred *syscall.Credential
	if os.Geteuid() == 0 {
		info, err := os.Stat(config.Host)
		if err != nil {
			t.Fatal(err)
		}
		st := info.Sys().(*syscall.Stat_t)
		cred = &syscall.Credential{Uid: st.Uid, Gid: st.Gid}
		if err := os.Chown(dir, int(st.Uid), int(st.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	copied := exec.Command(filepath.Join(bin, "pg_basebackup"), "-h", config.Host, "-U", config.User, "-D", data, "-R", "-c", "fast", "-X", "stream")
	copied.SysProcAttr, copied.Dir = &syscall.SysProcAttr{Credential: cred}, dir
	if out, err := copied.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v: %s", err, out)
	}
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories="+dir,
		"-c", "max_connections=100", "-c", "hot_standby=on", "-c", "shared_buffers=32MB")
	server.SysProcAttr, server.Dir = &syscall.SysProcAttr{Credential: cred}, dir
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT)
		_ = server.Wait()
	})
	replica := "postgres:///" + config.Database + "?host=" + dir + "&user=" + config.User + "&sslmode=disable"
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		conn, err := pgx.Connect(ctx, replica)
		cancel()
		if err == nil {
			conn.Close(t.Context())
			return replica
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
}

// A read-only node on a streaming replica serves what the main node holds, follows its changes by polling, and takes
// none itself.
func TestReadOnlyNodeOnAReplica(t *testing.T) {
	dir := home(t)
	primary := serve(t, "--home", dir, "--demo")
	url := standby(t, dir)
	node := serve(t, "--read-only", "--database", url)
	before := statusOf(t, node.url)
	if want := statusOf(t, primary.url); before.Seq != want.Seq || before.Counts["village"] != want.Counts["village"] || before.Degraded {
		t.Fatalf("the node says %+v, the main one %+v", before, want)
	}
	for _, path := range []string{"/", "/ogc/collections/divisions/items?limit=1", "/tiles/divisions/10/854/427.mvt", "/readyz"} {
		if code, body := get(t, node.url+path); code != http.StatusOK {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	res, err := http.Post(node.url+"/api/v1/session", "application/json", strings.NewReader(`{"name":"editor","password":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("signing in: %s", res.Status)
	}

	file := filepath.Join(t.TempDir(), "county.geojson")
	if err := os.WriteFile(file, []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"330727000000","name":"磐安县"},
		"geometry":{"type":"Polygon","coordinates":[[[120.2,28.8],[120.8,28.8],[120.8,29.3],[120.2,29.3],[120.2,28.8]]]}}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "import", "divisions", file, "--home", dir, "--accept-warnings")
	deadline := time.Now().Add(time.Minute)
	for statusOf(t, node.url).Synthetic || statusOf(t, node.url).Seq == before.Seq {
		if time.Now().After(deadline) {
			t.Fatalf("the node has not followed: %+v", statusOf(t, node.url))
		}
		time.Sleep(50 * time.Millisecond)
	}
	if s := statusOf(t, node.url); s.Counts["county"] != 1 || s.Counts["village"] != 0 {
		t.Errorf("after the import: %+v", s)
	}

	// The main node goes away; the node reads on.
	primary.stop()
	if code, body := get(t, node.url+"/ogc/collections/divisions/items?limit=1"); code != http.StatusOK || !strings.Contains(body, "磐安县") {
		t.Errorf("without the main node: %d %s", code, body)
	}
}
