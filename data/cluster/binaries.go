package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"yutu/geo"
)

// binaries is one installed PostgreSQL.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, program) }

// debianRoot is where Debian and Ubuntu install each major version side by side.
const debianRoot = "/usr/lib/postgresql"

// findBinaries chooses the installed PostgreSQL that fits the data directory: the very major version that made
// it, or for a new one the newest that has PostGIS.
func findBinaries(data string) (binaries, error) {
	return chooseBinaries(data, debianRoot, "/usr/share/postgresql")
}

func chooseBinaries(data, root, share string) (binaries, error) {
	var best, anyVersion binaries
	made := madeBy(data)
	entries, _ := os.ReadDir(root)
	for _, e := range entries {
		major, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		b := binaries{filepath.Join(root, e.Name(), "bin"), major}
		if _, err := os.Stat(b.path("postgres")); err != nil {
			continue
		}
		if anyVersion.major < major {
			anyVersion = b
		}
		if made == 0 && major < MinMajor || made != 0 && major != made {
			continue
		}
		if _, err := os.Stat(filepath.Join(share, e.Name(), "extension", "postgis.control")); err != nil {
			continue
		}
		if best.major < major {
			best = b
		}
	}
	switch {
	case best.major != 0:
		return best, nil
	case made != 0 && anyVersion.major == made:
		return best, &Error{geo.Text{
			ZH: fmt.Sprintf("PostgreSQL %d 缺少 PostGIS，请安装软件包 postgresql-%d-postgis-3", made, made),
			EN: fmt.Sprintf("PostgreSQL %d lacks PostGIS: install the package postgresql-%d-postgis-3", made, made),
		}, nil}
	case made != 0:
		return best, &Error{geo.Text{
			ZH: fmt.Sprintf("数据目录 %s 由 PostgreSQL %d 创建，而本机没有这个版本（有 %s）。请安装 postgresql-%d 和 postgresql-%d-postgis-3，或用 pg_upgrade 升级数据目录，或用 --home 另选目录",
				data, made, versionName(anyVersion), made, made),
			EN: fmt.Sprintf("the data directory %s was made by PostgreSQL %d, which is not installed (found: %s): install postgresql-%d and postgresql-%d-postgis-3, upgrade the directory with pg_upgrade, or choose another --home",
				data, made, versionName(anyVersion), made, made),
		}, nil}
	default:
		return best, &Error{geo.Text{
			ZH: fmt.Sprintf("未找到 PostgreSQL %d 以上版本和 PostGIS 3（有 %s）。请运行 make run，它会安装 postgresql-15 和 postgresql-15-postgis-3；或用 --database 指定已有的数据库", MinMajor, versionName(anyVersion)),
			EN: fmt.Sprintf(`no PostgreSQL %d or newer with PostGIS 3 found (found: %s): "make run" installs postgresql-15 and postgresql-15-postgis-3, or use --database for a server of your own`, MinMajor, versionName(anyVersion)),
		}, nil}
	}
}

func versionName(b binaries) string {
	if b.major == 0 {
		return "—"
	}
	return strconv.Itoa(b.major)
}

// madeBy returns the major version that created the data directory, 0 if there is none.
func madeBy(data string) int {
	b, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil {
		return 0
	}
	major, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return major
}

// Installed reports as *Error what is missing to run a cluster in the home directory; nil if nothing is.
func Installed(home string) error {
	data := filepath.Join(home, "pg")
	if b, err := os.ReadFile(filepath.Join(home, locationFile)); err == nil {
		data = strings.TrimSpace(string(b))
	}
	_, err := findBinaries(data)
	return err
}
