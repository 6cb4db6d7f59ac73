//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// churner has pods come, crash, change and go, whatever happens to the API
// server: what fails is not tried again.
type churner struct {
	*cluster
	rng  *rand.Rand
	born int      // pods made so far
	live []string // of them
	done int      // requests that succeeded
}

// lives of pods that nobody owns, by what the cluster plays.
var lives = []string{"", "image-pull", "crash-loop", "hidden-crash", "evicted", "init", "complete"}

const (
	pause    = 200 * time.Millisecond // between two requests, give or take
	mostPods = 60                     // that nobody owns
)

func (c *churner) run(ctx context.Context) {
	for ctx.Err() == nil {
		c.step(ctx)
		sleep(ctx, pause/2+rand.N(pause))
	}
}

func (c *churner) step(ctx context.Context) {
	switch n := c.rng.IntN(100); {
	case len(c.live) > mostPods || n < 20 && len(c.live) > 0:
		i := c.rng.IntN(len(c.live))
		if c.request(ctx, http.MethodDelete, namespace+"/"+c.live[i], object{}) {
			c.live = append(c.live[:i], c.live[i+1:]...)
		}
	case n < 30 && len(c.live) > 0:
		label := object{"metadata": object{"labels": object{"touched": strconv.Itoa(c.done)}}}
		c.request(ctx, http.MethodPatch, namespace+"/"+c.live[c.rng.IntN(len(c.live))], label)
	case n < 35 && len(c.live) > 0: // changes nothing that is told
		note := object{"metadata": object{"annotations": object{"touched": strconv.Itoa(c.done)}}}
		c.request(ctx, http.MethodPatch, namespace+"/"+c.live[c.rng.IntN(len(c.live))], note)
	case n < 38:
		c.request(ctx, http.MethodPatch, deployments+"/"+c.deployment(), version(strconv.Itoa(c.done)))
	case n < 43:
		c.request(ctx, http.MethodPatch, deployments+"/"+c.deployment(), object{"spec": object{"replicas": c.rng.IntN(20)}})
	default:
		c.born++
		name := fmt.Sprintf("pod-%d", c.born)
		if c.request(ctx, http.MethodPost, namespace, pod(name, lives[c.rng.IntN(len(lives))])) {
			c.live = append(c.live, name)
		}
	}
}

var churned = []string{"web", "api"}

func (c *churner) deployment() string { return churned[c.rng.IntN(len(churned))] }

// request reports whether the API server has done it. Where the answer is lost it
// may have, too.
func (c *churner) request(ctx context.Context, method, path string, body object) bool {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	contentType := "application/json"
	if method == http.MethodPatch {
		contentType = "application/merge-patch+json"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err = c.try(ctx, method, path, contentType, b)
	if err == nil {
		c.done++
	}
	return err == nil
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
