package measure

import (
	"context"
	"fmt"
	"os"

	"github.com/pod-status-logger/pod-status-logger/bench/apiserver"
)

// fastest is more events a second than a program gets through.
const fastest = 150_000

// Profile writes the CPU profile of the program at full speed, with both sinks, the
// journal on disk and the plugin, to a file. It takes that many seconds.
func Profile(ctx context.Context, bin, file string, seconds int) error {
	_, err := Try(ctx, bin, Trial{
		Subject: ours("profiled", true, "bundle", "--state-dir=state", "--pprof"), Pods: FewPods, Size: apiserver.Medium,
		Events: seconds * fastest,
		during: func(address string) error { return saveProfile(address, file, seconds) },
	})
	return err
}

func saveProfile(address, file string, seconds int) error {
	data, err := get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", address, seconds))
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	return nil
}
