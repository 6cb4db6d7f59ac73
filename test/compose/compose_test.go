package compose

import "testing"

// TestCompose does what README and docker-compose.yaml say, from a checkout to
// the page of the log store.
func TestCompose(t *testing.T) {
	d := startDocker(t)
	d.standIns(t)
	t.Cleanup(func() { checkDocs(t, d) }) // after all
	t.Run("image", func(t *testing.T) { testImage(t, d) })
	s := up(t, d)
	t.Run("hardened", func(t *testing.T) { testHardened(t, s) })
	t.Run("page", testPage)
	t.Run("collector paused", func(t *testing.T) { testPaused(t, s) })
	t.Run("logger restarted", func(t *testing.T) { testRestarted(t, s) })
	t.Run("complete", func(t *testing.T) { testComplete(t, s) })
	t.Run("queries", testQueries)
	t.Run("cluster", func(t *testing.T) { testCluster(t, s) })
}
