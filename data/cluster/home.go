package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"yutu/geo"
)

const (
	lockFile     = "lock"
	stateFile    = "cluster.json"
	locationFile = "pg.location"
	// outside is where data directories stand that cannot stand in their home directory.
	outside = "/var/lib/yutu"
)

// location is where the data directory stands and who runs the server.
type location struct {
	home, data string
	// uid and gid of the server process; drop says whether they differ from this program's own.
	uid, gid int
	drop     bool
}

// remove deletes the data.
func (l location) remove() error {
	if filepath.Dir(filepath.Dir(l.data)) == outside {
		return os.RemoveAll(filepath.Dir(l.data))
	}
	return os.RemoveAll(l.data)
}

// credential returns what the server is to run as, nil for the same user as this program.
func (l location) credential() *syscall.Credential {
	if !l.drop {
		return nil
	}
	return &syscall.Credential{Uid: uint32(l.uid), Gid: uint32(l.gid)}
}

// place decides both. PostgreSQL refuses to run as root, so root steps down: to the owner of the home directory
// when that is an ordinary user, otherwise to the user "postgres" that Debian's package creates. Where that user
// cannot reach the home directory (a clone under /root, for example), the data directory stands under
// /var/lib/yutu, and the file pg.location in the home directory says where.
func place(home string) (location, error) {
	l := location{home: home, data: filepath.Join(home, "pg"), uid: os.Geteuid(), gid: os.Getegid()}
	if l.uid != 0 {
		return l, os.MkdirAll(home, 0o755)
	}
	l.drop = true
	info, err := os.Stat(home)
	if err != nil {
		return l, err
	}
	if st := info.Sys().(*syscall.Stat_t); st.Uid != 0 {
		l.uid, l.gid = int(st.Uid), int(st.Gid)
	} else {
		u, err := user.Lookup("postgres")
		if err != nil {
			return l, &Error{geo.Text{
				ZH: "以 root 身份启动时需要系统用户 postgres，它由软件包 postgresql-15 创建。请先运行 make run 或安装该软件包",
				EN: `started as root, the database runs as the system user "postgres", which the package postgresql-15 creates: run "make run" or install that package`,
			}, err}
		}
		l.uid, _ = strconv.Atoi(u.Uid)
		l.gid, _ = strconv.Atoi(u.Gid)
	}
	if b, err := os.ReadFile(filepath.Join(home, locationFile)); err == nil {
		l.data = strings.TrimSpace(string(b))
		return l, os.MkdirAll(filepath.Dir(l.data), 0o755)
	}
	if reachable(home, l.uid, l.gid) {
		return l, nil
	}
	if err := os.MkdirAll(outside, 0o755); err != nil {
		return l, err
	}
	// A name that was never used: somebody who removes the home directory and starts again expects an empty
	// database, not the old one from behind the scenes.
	dir, err := os.MkdirTemp(outside, digest(home)+"-")
	if err != nil {
		return l, err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return l, err
	}
	l.data = filepath.Join(dir, "pg")
	return l, os.WriteFile(filepath.Join(home, locationFile), []byte(l.data+"\n"), 0o644)
}

// reachable reports whether the user may pass through every directory down to dir.
func reachable(dir string, uid, gid int) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil {
			return false
		}
		st := info.Sys().(*syscall.Stat_t)
		mode := info.Mode().Perm()
		switch {
		case int(st.Uid) == uid:
			if mode&0o100 == 0 {
				return false
			}
		case int(st.Gid) == gid:
			if mode&0o010 == 0 {
				return false
			}
		case mode&0o001 == 0:
			return false
		}
		if dir == "/" {
			return true
		}
		dir = filepath.Dir(dir)
	}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// socketDir makes the directory of the socket. Its path must be short: a socket's address holds 107 bytes.
func socketDir(l location) (string, error) {
	base := os.TempDir()
	if l.drop {
		base = "/run"
	} else if d := os.Getenv("XDG_RUNTIME_DIR"); d != "" {
		base = d
	}
	dir := filepath.Join(base, "yutu-"+digest(l.data))
	// The directory is the authentication, so it must be ours alone: made anew, never one that stood there.
	if info, err := os.Lstat(dir); err == nil {
		if st := info.Sys().(*syscall.Stat_t); !info.IsDir() || int(st.Uid) != l.uid {
			return "", &Error{geo.Text{
				ZH: fmt.Sprintf("%s 属于其他用户，无法使用；请删除它", dir),
				EN: fmt.Sprintf("%s belongs to somebody else: remove it", dir),
			}, nil}
		}
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	if l.drop {
		if err := os.Chown(dir, l.uid, l.gid); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// acquire takes the lock of the home directory.
func acquire(home string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(home, lockFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, &Error{geo.Text{
			ZH: fmt.Sprintf("无法写入工作目录 %s，请检查它的属主和权限，或用 --home 另选目录", home),
			EN: fmt.Sprintf("cannot write to the home directory %s: check its owner and permissions or choose another with --home", home),
		}, err}
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		b := make([]byte, 32)
		n, _ := f.ReadAt(b, 0)
		holder := strings.TrimSpace(string(b[:n]))
		f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, err
		}
		return nil, &Error{geo.Text{
			ZH: fmt.Sprintf("另一个舆图程序（进程 %s）正在使用目录 %s。请先停止它，或用 --home 另选目录", holder, home),
			EN: fmt.Sprintf("another Yutu program (process %s) is using %s: stop it first or choose another --home", holder, home),
		}, ErrInUse}
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// release gives the lock free; the file stays, since removing it would let two programs lock two files.
func release(f *os.File) {
	_ = f.Truncate(0)
	_ = f.Close()
}

type state struct {
	Socket  string `json:"socket"`
	Data    string `json:"data"`
	Program int    `json:"program_pid"`
}

func (c *Cluster) writeState() error {
	b, err := json.MarshalIndent(state{c.socket, c.place.data, os.Getpid()}, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(c.opt.Home, stateFile)
	if err := os.WriteFile(path+".new", append(b, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Attach returns the URL of the server that another program runs for this home directory. While that program is
// still starting it waits, as long as ctx allows. Without such a program the error wraps ErrNotRunning.
func Attach(ctx context.Context, home string) (string, error) {
	home, err := filepath.Abs(home)
	if err != nil {
		return "", err
	}
	for {
		held, err := isHeld(home)
		if err != nil {
			return "", err
		}
		if !held {
			return "", fmt.Errorf("%s: %w", home, ErrNotRunning)
		}
		var s state
		if b, err := os.ReadFile(filepath.Join(home, stateFile)); err == nil && json.Unmarshal(b, &s) == nil {
			url := urlFor(s.Socket, Database)
			if conn, err := pgx.Connect(ctx, url); err == nil {
				conn.Close(ctx)
				return url, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", &Error{geo.Text{
				ZH: "正在运行的舆图程序的数据库没有应答，请稍后再试",
				EN: "the database of the running Yutu program does not answer: try again later",
			}, ctx.Err()}
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func isHeld(home string) (bool, error) {
	f, err := os.Open(filepath.Join(home, lockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	// A shared lock is refused exactly while somebody holds the exclusive one, and disturbs nobody else.
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	return errors.Is(err, syscall.EWOULDBLOCK), nil
}
