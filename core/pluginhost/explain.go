package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"

	v1 "github.com/pod-status-logger/pod-status-logger/core/pluginhost/v1"
)

// ConfigError is the message with which a plugin refuses its configuration.
type ConfigError = v1.ConfigError

// explain returns why a process did not become a plugin, in one line. err is what
// go-plugin reports, printed the last line on stderr.
func (p *process) explain(err error, printed string) error {
	if config := (*ConfigError)(nil); errors.As(err, &config) || errors.Is(err, ErrNoTLS) {
		return err
	}
	first := firstLine(p.path)
	if p.pid() == 0 {
		return p.explainCommand(err, first)
	}
	text := v1.OneLine(err.Error())
	line := p.line.Load()
	switch how := p.cmd.ProcessState; {
	case line != nil && strings.Count(*line, "|") < 3:
		text = fmt.Sprintf("it printed %.100q on stdout, where its handshake belongs; a plugin logs to stderr", *line)
	case !p.exitedByItself():
	case line == nil:
		text = fmt.Sprintf("it ended with %v before its handshake", how)
		if printed == "" {
			text += "; is it a plugin?"
		}
	default:
		text = fmt.Sprintf("it ended with %v; %s", how, text)
	}
	if printed != "" {
		text += fmt.Sprintf("; it printed: %.200q", printed)
	}
	if strings.HasPrefix(first, "#!/usr/bin/env ") && p.cmd.ProcessState.ExitCode() == notFound {
		text += "; a plugin has no PATH: begin the file with the full path of its interpreter, such as #!/usr/bin/python3"
	}
	return errors.New(text)
}

// notFound is the exit status of env and of shells that don't find a program.
const notFound = 127

// explainCommand returns why a file can't be executed. first is its first line.
func (p *process) explainCommand(err error, first string) error {
	switch {
	case errors.Is(err, syscall.ENOEXEC) && !strings.HasPrefix(first, "#!"):
		return fmt.Errorf("%s is neither a program for this system nor a script with a first line such as "+
			"#!/usr/bin/python3, %w", p.path, ErrCommand)
	case !errors.Is(err, fs.ErrNotExist): // the file is there, as Spec.command has checked
		return errors.New(v1.OneLine(err.Error()))
	case strings.HasSuffix(first, "\r"):
		return fmt.Errorf(`the first line of %s ends with \r, which becomes part of the interpreter's name, %w; `+
			`remove each \r with: sed -i 's/\r$//' %[1]s`, p.path, ErrCommand)
	}
	return fmt.Errorf("the interpreter that the first line of %s names, %q, is not there, %w",
		p.path, strings.TrimPrefix(first, "#!"), ErrCommand)
}

// firstLine returns the first line of a file, without its end; "" if the file can't be read.
func firstLine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	const most = 256 // bytes, as many as Linux reads
	b := make([]byte, most)
	n, _ := io.ReadFull(f, b)
	line, _, _ := strings.Cut(string(b[:n]), "\n")
	return line
}

// exitedByItself reports whether a process that has ended was not killed by a
// signal.
func (p *process) exitedByItself() bool {
	err := p.Wait(context.Background())
	exit := (*exec.ExitError)(nil)
	return err == nil || errors.As(err, &exit) && exit.Exited()
}
