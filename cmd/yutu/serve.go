package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"yutu/cmd/yutu/api"
	"yutu/cmd/yutu/web"
	"yutu/data/atlas"
	"yutu/geo"
)

const serveHelp = `启动服务：私有数据库、内存中的地图集、网页地图、OGC API 与矢量瓦片。
没有指定 --database 时，数据库建在工作目录（--home）中，随程序启动和停止。
首次启动时建立管理员 sysadmin，密码只显示一次。公开模式不影响登录；--read-only 的节点不接受登录和修改，
但认得主节点上的登录和令牌。

Starts the service: the private database, the atlas in memory, the web map, OGC API and vector tiles.
Without --database the database lives in the home directory (--home) and starts and stops with the program.
The first start makes the administrator sysadmin and shows the password once. Public mode changes nothing about
signing in; a --read-only node takes neither sign-ins nor changes, but knows the sessions and tokens of the main one.`

type serveCmd struct {
	Addr         string `help:"监听地址 · Address to listen on." default:"127.0.0.1:8080" env:"YUTU_ADDR" placeholder:"HOST:PORT"`
	BaseURL      string `help:"对外地址（位于反向代理之后时）· Address seen from outside, behind a proxy." env:"YUTU_BASE_URL" placeholder:"URL"`
	BehindProxy  bool   `help:"信任反向代理写入的 X-Forwarded-* · Trust the X-Forwarded headers of a proxy in front." env:"YUTU_BEHIND_PROXY"`
	ReadOnly     bool   `help:"只读节点：不登录、不修改 · Read-only node: no sign-ins, no changes."`
	Public       bool   `help:"公开模式，须有审图号 · Public mode; needs a map review number."`
	ReviewNumber string `help:"审图号 · Map review number." env:"YUTU_REVIEW_NUMBER" placeholder:"审图号"`
	Demo         bool   `help:"数据库为空时载入示范县 · Load the demonstration county if the database is empty."`
	TileCache    int64  `help:"瓦片缓存字节数，0 为不缓存 · Bytes for finished tiles; 0 for none." default:"134217728"`
}

// Help returns the text of yutu serve --help.
func (serveCmd) Help() string { return serveHelp }

func (c serveCmd) Run(a *app) (err error) {
	if c.Public && c.ReviewNumber == "" {
		return refuse("公开模式必须用 --review-number 给出审图号（《地图管理条例》第十五条）",
			"public mode needs the map review number: give it with --review-number (Regulations on Map Management, article 15)")
	}
	if c.ReadOnly && a.Database == "" {
		return refuse("只读节点须用 --database 指定主节点的数据库或其副本", "a read-only node needs --database: the main node's database, or a replica of it")
	}
	// The address is taken first: whoever finds it occupied should not wait for a database to learn so.
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return refuse("地址 %s 已被占用。舆图可能已在运行；或用 --addr 127.0.0.1:8081 另选端口",
				"the address %s is in use. Yutu may be running already; or choose another port with --addr 127.0.0.1:8081", c.Addr)
		}
		return refuse("无法监听 %s：%v", "cannot listen on %s: %v", c.Addr, err)
	}
	defer listener.Close()

	open := func() (*database, error) { return a.openDatabase(true) }
	if c.ReadOnly {
		open = a.openReplica
	}
	db, err := open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if c.Demo && !c.ReadOnly {
		if err := loadDemoIfEmpty(a, db); err != nil {
			return err
		}
		if err := ensureDemoAccounts(a, db); err != nil {
			return err
		}
	}
	note := ""
	if !c.ReadOnly {
		password, err := ensureAdministrator(a, db)
		if err != nil {
			return err
		}
		if note, err = accountsNote(a, db, password); err != nil {
			return err
		}
	}
	told := time.AfterFunc(time.Second, func() { a.tell("正在载入地图集…", "Loading the atlas…") })
	at, err := atlas.Open(a.ctx, db.Store, atlas.Options{Log: a.log, CacheBytes: max(c.TileCache, 1)})
	told.Stop()
	if err != nil {
		return err
	}
	// What loading needed and no longer needs goes back to the system before the service settles.
	debug.FreeOSMemory()

	handler, err := api.New(api.Config{
		Atlas: at, Accounts: db.Store, ReadOnly: c.ReadOnly, TrustForwarded: c.BehindProxy, Ping: db.Ping, Files: web.Files(), Style: web.Style, Public: c.Public,
		ReviewNumber: c.ReviewNumber, BaseURL: c.BaseURL, Version: version(), Log: a.log,
	})
	if err != nil {
		return err
	}
	following, stopFollowing := context.WithCancel(context.WithoutCancel(a.ctx))
	followed := make(chan error, 1)
	go func() { followed <- at.Run(following) }()
	defer func() {
		stopFollowing()
		<-followed
	}()
	return c.serve(a, listener, handler, note)
}

// serve answers requests until the program is told to stop, then lets those in flight finish.
func (c serveCmd) serve(a *app, listener net.Listener, handler http.Handler, note string) error {
	requests, endRequests := context.WithCancel(context.WithoutCancel(a.ctx))
	defer endRequests()
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	c.greet(a, listener.Addr(), note)
	select {
	case err := <-served:
		return err
	case <-a.ctx.Done():
	}
	a.tell("正在停止…", "Stopping…")
	// Event streams never end by themselves: their contexts are ended first.
	endRequests()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}

// greet says where the service is, what to try next, and with what to sign in.
func (c serveCmd) greet(a *app, addr net.Addr, note string) {
	url := c.BaseURL
	if url == "" {
		url = "http://" + addr.String()
	}
	self := "yutu"
	if exe, err := os.Executable(); err == nil {
		self = exe
		if wd, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(wd, exe); err == nil && len(rel) < len(exe) {
				self = rel
			}
		}
	}
	fmt.Fprintln(a.stdout, a.say(geo.Text{
		ZH: fmt.Sprintf(`
舆图已就绪
%s

接下来可以：
  1. 用浏览器打开上面的地址，按 / 键查找一个乡镇
  2. 在 QGIS 中添加“WFS / OGC API - Features”连接：%s/ogc
  3. 另开一个终端，检查并导入自己的数据：
     %s import divisions 文件.shp --dry-run
%s
按 Ctrl-C 停止。`, url, url, self, note),
		EN: fmt.Sprintf(`
Yutu is ready
%s

Next you can:
  1. open the address above in a browser and press / to find a township
  2. add a "WFS / OGC API - Features" connection in QGIS: %s/ogc
  3. check and import data of your own in another terminal:
     %s import divisions FILE.shp --dry-run
%s
Press Ctrl-C to stop.`, url, url, self, note),
	}))
}
