package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"yutu/geo"
)

// process is one running postmaster.
type process struct {
	pid    int
	done   chan struct{} // closed after the process ended
	err    error         // how it ended; read after done
	stderr *tail
}

// spawn starts a program that the kernel will interrupt (SIGINT: PostgreSQL's fast shutdown) when this program
// dies. The parent-death signal belongs to the thread that forked, so that thread is held until the child ends.
func spawn(cmd *exec.Cmd, cred *syscall.Credential) (*process, error) {
	p := &process{done: make(chan struct{}), stderr: &tail{max: 16 << 10}}
	cmd.Stderr = p.stderr
	cmd.Stdout = p.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: cred,
		Pdeathsig:  syscall.SIGINT,
		// A group of its own: Ctrl-C in the terminal is for the program, which then stops the server in order.
		Setpgid: true,
	}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// launch starts the server and returns when it answers.
func (c *Cluster) launch(ctx context.Context) error {
	args := []string{"-D", c.place.data, "-k", c.socket, "-h", ""}
	for _, s := range c.settings() {
		args = append(args, "-c", s)
	}
	cmd := exec.Command(c.bin.path("postgres"), args...)
	cmd.Dir = c.place.data
	cmd.Env = environment()
	proc, err := spawn(cmd, c.place.credential())
	if err != nil {
		return fmt.Errorf("start %s: %w", c.bin.path("postgres"), err)
	}
	if err := c.await(ctx, proc); err != nil {
		terminate(proc, syscall.SIGQUIT)
		return err
	}
	c.mu.Lock()
	c.proc = proc
	c.mu.Unlock()
	return nil
}

// await waits until the server answers a query. Recovery after a crash may take long: there is no other limit
// than ctx as long as the process lives.
func (c *Cluster) await(ctx context.Context, proc *process) error {
	told := time.Now()
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		conn, err := pgx.Connect(attempt, urlFor(c.socket, "postgres"))
		if err == nil {
			err = conn.Ping(attempt)
			conn.Close(attempt)
		}
		cancel()
		if err == nil {
			return nil
		}
		if time.Since(told) > 3*time.Second {
			told = time.Now()
			c.opt.Progress(geo.Text{ZH: "数据库正在恢复，请稍候…", EN: "The database is recovering, please wait…"})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-proc.done:
			return &Error{geo.Text{
				ZH: fmt.Sprintf("数据库未能启动。日志在 %s", filepath.Join(c.place.data, "log")),
				EN: fmt.Sprintf("the database did not start; its log is in %s", filepath.Join(c.place.data, "log")),
			}, errors.New(proc.stderr.last())}
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// halt ends the running server: fast shutdown first, then without recovery of clients, then by force.
func (c *Cluster) halt() error {
	c.mu.Lock()
	proc := c.proc
	c.proc = nil
	c.mu.Unlock()
	if proc == nil {
		return nil
	}
	first := syscall.SIGINT
	if c.opt.Ephemeral {
		first = syscall.SIGQUIT
	}
	return terminate(proc, first)
}

func terminate(proc *process, first syscall.Signal) error {
	for _, step := range []struct {
		sig  syscall.Signal
		wait time.Duration
	}{{first, 60 * time.Second}, {syscall.SIGQUIT, 10 * time.Second}, {syscall.SIGKILL, 10 * time.Second}} {
		_ = syscall.Kill(proc.pid, step.sig)
		select {
		case <-proc.done:
			return nil
		case <-time.After(step.wait):
		}
	}
	return fmt.Errorf("the database process %d does not end", proc.pid)
}

// endOrphan ends a server that outlived a program which was killed. The kernel has usually told it to stop
// already; then this only waits until it has.
func (c *Cluster) endOrphan(ctx context.Context) error {
	pid, ok := postmasterPID(c.place.data)
	if !ok {
		return nil
	}
	c.log.Info("ending a database server that outlived its program", "pid", pid)
	sig := syscall.SIGINT
	for begin := time.Now(); ; {
		_ = syscall.Kill(pid, sig)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		if now, ok := postmasterPID(c.place.data); !ok || now != pid {
			return nil
		}
		if time.Since(begin) > 30*time.Second {
			sig = syscall.SIGQUIT
		}
		if time.Since(begin) > 60*time.Second {
			return &Error{geo.Text{
				ZH: fmt.Sprintf("上次遗留的数据库进程 %d 无法结束，请先结束它", pid),
				EN: fmt.Sprintf("the database process %d left over from last time does not end: end it first", pid),
			}, nil}
		}
	}
}

// postmasterPID returns the process that holds the data directory, if it lives and is a PostgreSQL server of
// this very directory: process ids are used again, and the file outlives a crash of the machine.
func postmasterPID(data string) (int, bool) {
	b, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 {
		return 0, false
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !bytes.Contains(cmdline, []byte("postgres")) || !bytes.Contains(cmdline, []byte(data)) {
		return 0, false
	}
	return pid, true
}

// initdb creates the data directory beside its place and moves it there, so that an interrupted attempt is
// never taken for a cluster.
func (c *Cluster) initdb(ctx context.Context) error {
	fresh := c.place.data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if entries, err := os.ReadDir(c.place.data); err == nil && len(entries) > 0 {
		return &Error{geo.Text{
			ZH: fmt.Sprintf("目录 %s 不是数据库目录却有内容。请移走它，或用 --home 另选目录", c.place.data),
			EN: fmt.Sprintf("the directory %s is not empty and not a database: move it away or choose another --home", c.place.data),
		}, nil}
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return err
	}
	cred := c.place.credential()
	if cred != nil {
		if err := os.Chown(fresh, int(cred.Uid), int(cred.Gid)); err != nil {
			return err
		}
	}
	args := []string{"-D", fresh, "-U", User, "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
		"--auth-local=trust", "--auth-host=reject"}
	if c.opt.Ephemeral {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, c.bin.path("initdb"), args...)
	cmd.Dir = fresh
	cmd.Env = environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(&Error{geo.Text{
			ZH: fmt.Sprintf("无法在 %s 创建数据库", c.place.data),
			EN: fmt.Sprintf("cannot create the database in %s", c.place.data),
		}, fmt.Errorf("initdb: %w: %s", err, lastLine(out))}, os.RemoveAll(fresh))
	}
	if err := os.Remove(c.place.data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(fresh, c.place.data)
}

// settings are the server's parameters. They stand on the command line, not in the data directory, so that a
// newer program brings newer settings.
func (c *Cluster) settings() []string {
	s := []string{
		"listen_addresses=",
		"unix_socket_permissions=0700",
		"max_connections=100",
		"shared_buffers=" + sharedBuffers(),
		"work_mem=32MB",
		"maintenance_work_mem=256MB",
		// Imports write hundreds of megabytes at once; frequent checkpoints would only slow them down.
		"max_wal_size=2GB",
		"checkpoint_timeout=15min",
		"random_page_cost=1.1",
		"jit=off",
		"timezone=UTC",
		"log_timezone=UTC",
		"logging_collector=on",
		"log_directory=log",
		"log_filename=postgresql-%a.log",
		"log_truncate_on_rotation=on",
		"log_rotation_age=1d",
		"log_rotation_size=0",
		"cluster_name=yutu",
	}
	if c.opt.Ephemeral {
		s = append(s, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=128MB", "logging_collector=off")
	}
	return s
}

// sharedBuffers is a quarter of the memory, as the PostgreSQL manual advises (20.4.1), but no more than 512 MB:
// reads are answered by the atlas, the server only writes.
func sharedBuffers() string {
	var info syscall.Sysinfo_t
	mb := uint64(128)
	if syscall.Sysinfo(&info) == nil {
		mb = min(max(uint64(info.Totalram)*uint64(info.Unit)>>20/4, 64), 512)
	}
	return strconv.FormatUint(mb, 10) + "MB"
}

// environment is what the server sees: nothing of the user's own PG variables or language settings.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
}

// tail keeps the last max bytes written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
	max int
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - t.max; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(b), nil
}

func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return lastLine(t.buf)
}

// lastLine returns the last line that names an error, or the last line at all.
func lastLine(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.Contains(lines[i], "FATAL") || strings.Contains(lines[i], "error:") {
			return strings.TrimSpace(lines[i])
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
