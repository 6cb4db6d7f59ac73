package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"

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
	if p.pid() == 0 {
		if errors.Is(err, fs.ErrNotExist) { // the file is there, as Spec.command has checked
			return fmt.Errorf("the interpreter that the first line of %s names is not there, %w", p.path, ErrCommand)
		}
		return errors.New(v1.OneLine(err.Error()))
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
	return errors.New(text)
}

// exitedByItself reports whether a process that has ended was not killed by a
// signal.
func (p *process) exitedByItself() bool {
	err := p.Wait(context.Background())
	exit := (*exec.ExitError)(nil)
	return err == nil || errors.As(err, &exit) && exit.Exited()
}
