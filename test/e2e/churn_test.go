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

// churned are the Deployments of a chaos run.
var churned = []string{"web", "api"}

// churner creates, changes and deletes pods, whatever the state of the API server. It doesn't
// repeat requests that fail.
type churner struct {
	*cluster
	rng      *rand.Rand
	created  int      // number of pods without owners so far
	existing []string // their names
	done     int      // number of requests that succeeded
}

// played are the scenarios of pods without owners; the empty one is a pod that runs.
var played = []string{"", "image-pull", "crash-loop", "hidden-crash", "evicted", "init", "complete"}

func (c *churner) run(ctx context.Context) {
	const meanPause = 200 * time.Millisecond
	for ctx.Err() == nil {
		c.step(ctx)
		sleep(ctx, meanPause/2+rand.N(meanPause))
	}
}

func (c *churner) step(ctx context.Context) {
	const mostPods = 60 // without owners
	switch n := c.rng.IntN(100); {
	case len(c.existing) > mostPods || n < 20 && len(c.existing) > 0:
		i := c.rng.IntN(len(c.existing))
		if c.request(ctx, http.MethodDelete, namespace+"/"+c.existing[i], object{}) {
			c.existing = append(c.existing[:i], c.existing[i+1:]...)
		}
	case n < 30 && len(c.existing) > 0:
		label := object{"metadata": object{"labels": object{"touched": strconv.Itoa(c.done)}}}
		c.request(ctx, http.MethodPatch, namespace+"/"+c.existing[c.rng.IntN(len(c.existing))], label)
	case n < 35 && len(c.existing) > 0: // gives no record
		note := object{"metadata": object{"annotations": object{"touched": strconv.Itoa(c.done)}}}
		c.request(ctx, http.MethodPatch, namespace+"/"+c.existing[c.rng.IntN(len(c.existing))], note)
	case n < 38:
		c.request(ctx, http.MethodPatch, deployments+"/"+c.deployment(), version(strconv.Itoa(c.done)))
	case n < 43:
		c.request(ctx, http.MethodPatch, deployments+"/"+c.deployment(), object{"spec": object{"replicas": c.rng.IntN(20)}})
	default:
		c.created++
		name := fmt.Sprintf("pod-%d", c.created)
		if c.request(ctx, http.MethodPost, namespace, pod(name, played[c.rng.IntN(len(played))])) {
			c.existing = append(c.existing, name)
		}
	}
}

func (c *churner) deployment() string { return churned[c.rng.IntN(len(churned))] }

// request reports whether the request succeeded. If the response is lost, the API server may
// have made the change nevertheless.
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
