// Command vulncheck runs govulncheck on every Go module of the repository, tools included, and fails on
// each known vulnerability that tools/vulncheck/exceptions.txt does not except with a reason.
//
//	go -C tools run ./vulncheck [-root ..] [module folder ...]
//
// A finding counts at any level: in a function that is called, a package that is imported or a module that
// is required. GOVULNDB names the database, such as file:///path/to/vulndb; the default is
// https://vuln.go.dev. When that can't be reached the check is skipped with a warning, unless
// VULNCHECK=required.
//
// Exit status: 0 nothing found, or skipped; 3 something found; 1 anything else.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/vuln/scan"
)

func main() {
	root := flag.String("root", "..", "root of the repository")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	found, err := check(ctx, *root, flag.Args())
	switch {
	case errors.Is(err, errUnreachable) && os.Getenv("VULNCHECK") != "required":
		fmt.Fprintln(os.Stderr, "vulncheck: SKIPPED, the database can't be reached; nothing was checked")
	case err != nil:
		fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(1)
	case found > 0:
		fmt.Fprintf(os.Stderr,
			"vulncheck: %d vulnerabilities: upgrade, or add a line with the reason to tools/vulncheck/exceptions.txt\n", found)
		os.Exit(3)
	}
}

var errUnreachable = errors.New("the vulnerability database can't be reached")

// check scans the modules, all of them if none is named, and returns the number of findings that are not excepted.
func check(ctx context.Context, root string, modules []string) (int, error) {
	excepted, err := readExceptions(root)
	if err != nil {
		return 0, err
	}
	if len(modules) == 0 {
		if modules, err = findModules(root); err != nil {
			return 0, err
		}
	}
	total := 0
	for _, module := range modules {
		findings, err := scanModule(ctx, root, module)
		if err != nil {
			return total, fmt.Errorf("module %s: %w", module, err)
		}
		found := 0
		for _, f := range findings {
			if !excepted.has(module, f) {
				fmt.Printf("%s: %s\n", module, f)
				found++
			}
		}
		fmt.Printf("vulncheck: %s: %d found, %d excepted\n", module, found, len(findings)-found)
		total += found
	}
	return total, excepted.unused(modules)
}

// scanModule returns the findings of a module, each vulnerability once for each module that has it.
func scanModule(ctx context.Context, root, module string) ([]finding, error) {
	args := []string{"-C", root + "/" + module, "-scan", "package", "-format", "json"}
	if db := os.Getenv("GOVULNDB"); db != "" {
		args = append(args, "-db", db)
	}
	var out, problems bytes.Buffer
	cmd := scan.Command(ctx, append(args, "./...", "tool")...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		if strings.Contains(err.Error()+problems.String(), "fetching vulnerabilities") {
			return nil, fmt.Errorf("%w: %w", errUnreachable, err)
		}
		return nil, fmt.Errorf("%w\n%s", err, problems.String())
	}
	return parse(&out)
}
