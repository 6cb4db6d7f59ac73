package cli

import (
	"cmp"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pod-status-logger/pod-status-logger/test/need"
)

// TestManPage: docs/man has the manual page of the commands. cobra's generator would make
// a page per command, take underscores for markup, and write the date.
func TestManPage(t *testing.T) {
	const page = "docs/man/pod-status-logger.1"
	want := manPage(documented())
	if *update {
		write(t, page, want)
	}
	if readDoc(t, page) != want {
		t.Errorf("%s is not what the code says; make docs writes it", page)
	}
	if _, err := exec.LookPath("groff"); err != nil {
		need.Missing(t, "groff, to see whether the page is well formed", err)
	}
	out, err := exec.Command("groff", "-man", "-Tutf8", "-ww", "-z", root+page).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("groff: %v: %s", err, out)
	}
}

func manPage(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH POD\\-STATUS\\-LOGGER 1 \"\" pod\\-status\\-logger \"User Commands\"\n")
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(root.Name()), roff(strings.ToLower(root.Short[:1])+root.Short[1:]))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n.RI [ COMMAND ]\n.RI [ FLAGS ]\n", roff(root.Name()))
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s", paragraphs(root.Long))
	b.WriteString(".SH FLAGS\n")
	for _, g := range grouped(root.Flags()) {
		fmt.Fprintf(&b, ".SS %s\n", g.title)
		for _, f := range g.flags {
			b.WriteString(manFlag(f))
		}
	}
	b.WriteString(
		".SH COMMANDS\nCommands that read the configuration take the flags above that are of use to them, and these.\n",
	)
	visit(root, func(cmd *cobra.Command) {
		if cmd.IsAvailableCommand() && cmd.HasParent() && cmd.Parent().Name() != "completion" {
			b.WriteString(manCommand(cmd))
		}
	})
	fmt.Fprintf(&b, ".SH EXAMPLES\n%s", verbatim(root.Example))
	b.WriteString(".SH ENVIRONMENT\nEach flag has a variable, such as POD_STATUS_LOGGER_CLUSTER_NAME; KUBECONFIG, " +
		"NO_COLOR, OTEL_RESOURCE_ATTRIBUTES " +
		"and the OTEL_EXPORTER_OTLP_* variables are as elsewhere.\n")
	b.WriteString(
		".SH EXIT STATUS\n0 when all is well; 2 for a mistake in flags, environment or configuration; 1 otherwise.\n",
	)
	return b.String()
}

func manCommand(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".SS %s\n%s", roff(strings.TrimPrefix(cmd.UseLine(), cmd.Root().Name()+" ")),
		paragraphs(cmp.Or(cmd.Long, cmd.Short)))
	for _, g := range grouped(cmd.Flags()) {
		for _, f := range g.flags {
			if g.title == ownFlags {
				b.WriteString(manFlag(f))
			}
		}
	}
	if cmd.Example != "" {
		b.WriteString(".PP\n" + verbatim(cmd.Example))
	}
	return b.String()
}

func manFlag(f *pflag.Flag) string {
	name, usage := pflag.UnquoteUsage(f)
	line := `\fB` + roff("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		line = `\fB` + roff("-"+f.Shorthand) + `\fR, ` + line
	}
	if name != "" {
		line += ` \fI` + roff(name) + `\fR`
	}
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
		usage += " (default " + f.DefValue + ")"
	}
	return ".TP\n" + line + "\n" + roff(usage) + "\n"
}

// paragraphs fills the lines of a text, but for those that are indented.
func paragraphs(text string) string {
	var b strings.Builder
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(p, " ") {
			b.WriteString(".PP\n" + verbatim(p))
			continue
		}
		b.WriteString(".PP\n" + roff(p) + "\n")
	}
	return b.String()
}

func verbatim(text string) string { return ".nf\n" + roff(text) + "\n.fi\n" }

// roff escapes what means something to it: backslashes, hyphens that are minus
// signs, and what begins a line as a request does.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "~", `\(ti`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
