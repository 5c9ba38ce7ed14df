// Package cluster runs a private PostgreSQL with PostGIS for a program that was started without one: nothing to
// install by hand, nothing to configure, reachable by nobody else.
//
// The server listens on a unix socket only, in a directory that only its owner may enter; that directory is the
// whole of the authentication. It lives and dies with the program: a clean stop shuts it down, and should the
// program be killed, the kernel tells the server to shut down (PR_SET_PDEATHSIG). Should the server be killed, it
// is started again. One home directory belongs to one program at a time, held by a lock on the file "lock";
// other programs of the same user attach to the server that runs (Attach).
//
// The files under the home directory:
//
//	lock           held while a program runs the server; contains its process id
//	cluster.json   where the running server listens
//	pg/            the data directory (PGDATA); its own log stands in pg/log
//	pg.location    only if pg/ had to stand elsewhere, see place
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"yutu/geo"
)

// Database is the name of the database in the private cluster, and User the role that owns it.
const (
	Database = "yutu"
	User     = "yutu"
)

// MinMajor is the oldest major version of PostgreSQL that the schema is written for.
const MinMajor = 15

// Options say where the cluster lives and how careful it is.
type Options struct {
	// Home is the program's own directory; it is created when missing.
	Home string
	// Ephemeral is for tests: nothing is flushed to disk, and Stop removes the data.
	Ephemeral bool
	// Log receives what happens; nil for silence.
	Log *slog.Logger
	// Progress is called before each step that takes more than a moment; nil for none.
	Progress func(geo.Text)
}

// Error is a refusal that a person can act on.
type Error struct {
	Text geo.Text
	Err  error
}

// Error returns the English sentence; Localized has both.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Text.EN + ": " + e.Err.Error()
	}
	return e.Text.EN
}

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// Localized returns the sentence in both languages.
func (e *Error) Localized() geo.Text { return e.Text }

// ErrInUse is wrapped by the error of Start when another program holds the home directory.
var ErrInUse = errors.New("home directory in use")

// ErrNotRunning is wrapped by the error of Attach when no server runs for the home directory.
var ErrNotRunning = errors.New("no cluster is running")

// Cluster is a running private server.
type Cluster struct {
	opt      Options
	log      *slog.Logger
	lock     *os.File
	bin      binaries
	place    location
	socket   string
	stopping chan struct{}
	done     chan struct{}

	mu   sync.Mutex
	proc *process
}

// Start makes the home directory's cluster if there is none, starts it, waits until it answers, and keeps it
// running until Stop. Errors a person can act on are *Error: PostgreSQL or PostGIS missing, a data directory of
// another major version, the home directory in use (wraps ErrInUse).
func Start(ctx context.Context, o Options) (c *Cluster, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(geo.Text) {}
	}
	home, err := filepath.Abs(o.Home)
	if err != nil {
		return nil, err
	}
	o.Home = home
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, &Error{geo.Text{
			ZH: fmt.Sprintf("无法创建工作目录 %s，请检查权限或用 --home 另选目录", home),
			EN: fmt.Sprintf("cannot create the home directory %s: check permissions or choose another with --home", home),
		}, err}
	}
	lock, err := acquire(home)
	if err != nil {
		return nil, err
	}
	c = &Cluster{opt: o, log: o.Log, lock: lock, stopping: make(chan struct{}), done: make(chan struct{})}
	defer func() {
		if err != nil {
			release(lock)
		}
	}()
	if c.place, err = place(home); err != nil {
		return nil, err
	}
	if c.bin, err = findBinaries(c.place.data); err != nil {
		return nil, err
	}
	if err := c.endOrphan(ctx); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(c.place.data, "PG_VERSION")); errors.Is(err, fs.ErrNotExist) {
		o.Progress(geo.Text{ZH: "正在创建数据库（仅首次）…", EN: "Creating the database (first time only)…"})
		if err := c.initdb(ctx); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	if c.socket, err = socketDir(c.place); err != nil {
		return nil, err
	}
	if err := c.launch(ctx); err != nil {
		return nil, err
	}
	if err := c.createDatabase(ctx); err != nil {
		c.halt()
		return nil, err
	}
	if err := c.writeState(); err != nil {
		c.halt()
		return nil, err
	}
	go c.watch()
	return c, nil
}

// URL returns the connection string of the database; it needs no password.
func (c *Cluster) URL() string { return urlFor(c.socket, Database) }

// BinDir returns the directory of the server's own programs, among them pg_dump of the right version.
func (c *Cluster) BinDir() string { return c.bin.dir }

// PID returns the process id of the running server, 0 while it is being restarted.
func (c *Cluster) PID() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc == nil {
		return 0
	}
	return c.proc.pid
}

// Stop shuts the server down and gives the home directory free. It may be called more than once.
func (c *Cluster) Stop() error {
	c.mu.Lock()
	select {
	case <-c.stopping:
		c.mu.Unlock()
		<-c.done
		return nil
	default:
		close(c.stopping)
	}
	c.mu.Unlock()
	<-c.done
	os.Remove(filepath.Join(c.opt.Home, stateFile))
	err := c.halt()
	os.RemoveAll(c.socket)
	if c.opt.Ephemeral {
		err = errors.Join(err, c.place.remove())
	}
	release(c.lock)
	return err
}

// watch starts the server again whenever it ends without being told to.
func (c *Cluster) watch() {
	defer close(c.done)
	pause := 100 * time.Millisecond
	for {
		c.mu.Lock()
		proc := c.proc
		c.mu.Unlock()
		started := time.Now()
		select {
		case <-c.stopping:
			return
		case <-proc.done:
		}
		c.log.Error("the private PostgreSQL ended by itself; starting it again", "error", proc.err)
		c.mu.Lock()
		c.proc = nil
		c.mu.Unlock()
		if time.Since(started) > time.Minute {
			pause = 100 * time.Millisecond
		}
		for {
			select {
			case <-c.stopping:
				return
			case <-time.After(pause):
			}
			// A server that was killed leaves backends behind which hold its shared memory for a moment; a
			// start before they are gone is refused by PostgreSQL, and tried again here.
			pause = min(2*pause, 10*time.Second)
			ctx, cancel := context.WithCancel(context.Background())
			stop := make(chan struct{})
			go func() {
				select {
				case <-c.stopping:
					cancel()
				case <-stop:
				}
			}()
			err := c.launch(ctx)
			close(stop)
			cancel()
			if err == nil {
				c.log.Info("the private PostgreSQL is running again", "pid", c.PID())
				break
			}
			c.log.Error("the private PostgreSQL does not start", "error", err)
		}
	}
}

// createDatabase makes the program's own database where it is missing.
func (c *Cluster) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, urlFor(c.socket, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, Database).Scan(&exists); err != nil {
		return err
	}
	if exists {
		return nil
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{Database}.Sanitize()+" TEMPLATE template0 ENCODING 'UTF8'")
	return err
}

func urlFor(socket, database string) string {
	return fmt.Sprintf("postgres:///%s?host=%s&user=%s&sslmode=disable", database, strings.ReplaceAll(socket, " ", "%20"), User)
}
