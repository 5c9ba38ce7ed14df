// Command yutu is the atlas that a county civil-affairs bureau works in.
//
// The program is a value: Main reads nothing but its arguments and its environment, so that tests start the
// real program on a port of their own. One file per subcommand; the first constant in it is its help text.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"yutu/geo"
)

// Exit codes that other programs rely on.
const (
	exitFine     = 0
	exitFindings = 1 // findings of severity error, or the work could not be done
	exitUsage    = 2
)

const about = `舆图：县级民政部门的地图集 —— 行政区划、地名、界线与公共服务设施。
Yutu: the atlas of a county civil-affairs bureau.`

type commands struct {
	globals

	Serve   serveCmd   `cmd:"" help:"启动服务与网页地图 · Start the service and the web map"`
	Demo    demoCmd    `cmd:"" help:"生成合成示范数据 · Make a synthetic county or province"`
	Import  importCmd  `cmd:"" help:"检查并导入文件 · Check files and import them"`
	Undo    undoCmd    `cmd:"" help:"撤销一次导入 · Take an import back"`
	Imports importsCmd `cmd:"" help:"列出导入记录 · List the imports"`
	Events  eventsCmd  `cmd:"" help:"列出区划变更事件 · List the events of the divisions"`
	Event   eventCmd   `cmd:"" help:"记录或撤回区划变更 · Record an event, or withdraw one"`
	Check   checkCmd   `cmd:"" help:"检查文件而不写入 · Check a file, write nothing"`
	CRS     crsCmd     `cmd:"" name:"crs" help:"坐标换算 · Convert coordinates"`
	Locate  locateCmd  `cmd:"" help:"坐标所在的区划 · Which divisions a position lies in"`
	Search  searchCmd  `cmd:"" help:"按名称或代码查找区划 · Find a division by name or code"`
	User    userCmd    `cmd:"" help:"管理账号与角色 · Manage accounts and roles"`
	Token   tokenCmd   `cmd:"" help:"管理程序令牌 · Manage tokens for programs"`
	Migrate migrateCmd `cmd:"" help:"更新数据库结构 · Bring a database's schema up to date"`
	Doctor  doctorCmd  `cmd:"" help:"检查运行环境 · Check what the program needs"`
	Version versionCmd `cmd:"" help:"显示版本 · Print the version"`
}

// globals are the settings every command shares.
type globals struct {
	Home     string `help:"工作目录 · Home directory." default:".yutu" env:"YUTU_HOME" type:"path" placeholder:"DIR"`
	Database string `help:"使用已有的 PostGIS 数据库，而不是私有数据库 · Use a PostGIS of your own instead of the private one." env:"YUTU_DATABASE_URL" placeholder:"URL"`
	Lang     string `help:"提示语言 zh 或 en · Language of messages." default:"zh" enum:"zh,en" env:"YUTU_LANG"`
	JSON     bool   `name:"json" help:"以 JSON 输出结果 · Machine-readable output."`
	Verbose  bool   `short:"v" help:"显示运行日志 · Show the log."`
}

// app is what a command's Run method works with.
type app struct {
	globals
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	log    *slog.Logger
}

// say returns the sentence in the chosen language.
func (a *app) say(t geo.Text) string {
	if a.Lang == "en" {
		return t.EN
	}
	return t.ZH
}

// tell writes a sentence for the person at the terminal; results go to stdout, talk goes to stderr.
func (a *app) tell(zh, en string, args ...any) {
	format := a.say(geo.Text{ZH: zh, EN: en})
	fmt.Fprintf(a.stderr, format+"\n", args...)
}

// errReported is an error whose explanation has been printed already.
var errReported = errors.New("reported")

// refusal is an error a person can act on.
type refusal struct{ text geo.Text }

func (r refusal) Error() string       { return r.text.EN }
func (r refusal) Localized() geo.Text { return r.text }

func refuse(zh, en string, args ...any) error {
	return refusal{geo.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}}
}

// Main runs the program and returns its exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var cli commands
	exited := -1
	parser, err := kong.New(&cli, kong.Name("yutu"), kong.Description(about), kong.UsageOnError(),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintln(stderr, "yutu:", err)
		fmt.Fprintln(stderr, "yutu --help")
		return exitUsage
	}
	level := slog.LevelWarn
	if cli.Verbose {
		level = slog.LevelDebug
	}
	a := &app{
		globals: cli.globals, ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr,
		log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})),
	}
	if a.Home, err = filepath.Abs(a.Home); err != nil {
		fmt.Fprintln(stderr, "yutu:", err)
		return exitUsage
	}
	return a.report(command.Run(a))
}

// report prints an error the way a person can use it and returns the exit code.
func (a *app) report(err error) int {
	var localized interface{ Localized() geo.Text }
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errReported):
		return exitFindings
	case errors.Is(err, context.Canceled) && a.ctx.Err() != nil:
		a.tell("已中断。", "Interrupted.")
		return exitFindings
	case errors.As(err, &localized):
		fmt.Fprintln(a.stderr, "yutu:", a.say(localized.Localized()))
		a.log.Debug("cause", "error", err)
		return exitFindings
	default:
		fmt.Fprintln(a.stderr, "yutu:", err)
		return exitFindings
	}
}

// version is the module's version or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return info.Main.Version
}

type versionCmd struct{}

func (versionCmd) Run(a *app) error {
	fmt.Fprintln(a.stdout, version())
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
