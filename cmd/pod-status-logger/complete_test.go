package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/need"
)

// bashCompletion is the package that scripts for bash require.
const bashCompletion = "/usr/share/bash-completion/bash_completion"

// TestBashCompletes presses Tab in a bash with the script.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(bashCompletion); err != nil {
		need.Missing(t, "the package bash-completion", err)
	}
	dir := t.TempDir()
	linkSelf(t, dir)
	const press = `
set +eu
source ` + bashCompletion + `
source <(pod-status-logger completion bash)
compopt() { :; } # is for a line that is being edited
press() {
	COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9 COMPREPLY=()
	__start_pod-status-logger
	printf '%s\n' "${COMPREPLY[@]}"
}
press pod-status-logger `
	for typed, want := range map[string]string{
		"jour":                        "journal\n",
		"-o ''":                       "json\npretty\n",
		"run --state-when-full bl":    "block\n",
		"demo --upda":                 "--updates\n",
		"--plugins b":                 "bundle\n",
		"completion z":                "zsh\n",
		"plugin inspect --allow-nope": "\n",
	} {
		if got := shell(t, dir, press+typed); got != want {
			t.Errorf("%s completes to %q, want %q", typed, got, want)
		}
	}
}

// linkSelf puts the program into a directory, under its name.
func linkSelf(t *testing.T, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := "#!/bin/bash\nexec -a pod-status-logger " + self + ` "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "pod-status-logger"), []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
}
