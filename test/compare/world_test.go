package compare

import (
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
)

// world is a cluster in which random things happen to pods. With the same seed and the
// same calls the same things happen, whoever watches.
type world struct {
	server *apiscript.Server
	rng    *rand.Rand
	clock  time.Time
	begun  int // number of pods so far
	living []*life
}

// life is that of one pod.
type life struct {
	*world
	namespace, name string
	left            int // number of steps until it is deleted
}

func newWorld(server *apiscript.Server, seed uint64) *world {
	w := &world{server: server, rng: rand.New(rand.NewPCG(seed, 1)), clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	w.makeOwners()
	return w
}

// populate begins n lives.
func (w *world) populate(n int) {
	for range n {
		w.begin()
	}
}

// step has n random things happen. The number of living pods stays about the same, until
// as many have lived as are wanted.
func (w *world) step(n, pods int) {
	for range n {
		w.clock = w.clock.Add(time.Duration(w.rng.IntN(5000)) * time.Millisecond)
		i := w.rng.IntN(len(w.living))
		l := w.living[i]
		if l.left--; l.left > 0 {
			w.server.Update(l.namespace, l.name, l.change)
			continue
		}
		w.living[i] = w.living[len(w.living)-1]
		w.living = w.living[:len(w.living)-1]
		l.end()
		if w.begun < pods || len(w.living) == 0 {
			w.begin()
		}
	}
}

func (w *world) begin() {
	w.begun++
	l := &life{world: w, left: 3 + w.rng.IntN(40)}
	pod := l.newPod()
	l.namespace, l.name = pod.Namespace, pod.Name
	w.living = append(w.living, l)
	w.server.Create(pod)
}

// end deletes the pod, with or without the steps before that.
func (l *life) end() {
	if l.chance(70) {
		l.server.Update(l.namespace, l.name, l.requestDeletion)
	}
	if l.chance(60) {
		l.server.Update(l.namespace, l.name, l.endAll)
	}
	l.server.Delete(l.namespace, l.name)
	if l.chance(10) { // another pod of the same name, as StatefulSets have them
		pod := l.newPod()
		pod.Namespace, pod.Name = l.namespace, l.name
		l.server.Create(pod)
		again := *l
		again.left = 3 + l.rng.IntN(20)
		l.living = append(l.living, &again)
	}
}

// chance is true in so many cases of a hundred.
func (w *world) chance(percent int) bool { return w.rng.IntN(100) < percent }

func (w *world) now() metav1.Time { return metav1.NewTime(w.clock.Truncate(time.Second)) }

// pick returns one of the values.
func pick[T any](w *world, values ...T) T { return values[w.rng.IntN(len(values))] }

func (w *world) uid() types.UID {
	if w.chance(3) { // not everybody makes UUIDs
		return types.UID(fmt.Sprintf("pod-%d-%x", w.begun, w.rng.Uint32()))
	}
	return types.UID(fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", w.rng.Uint32(), w.rng.IntN(1<<16), w.rng.IntN(1<<12),
		w.rng.IntN(1<<12), w.rng.Int64N(1<<48)))
}

// mark has a pod come and go, so that it can be seen that all before it was read.
func (w *world) mark() (name string) {
	name = fmt.Sprintf("mark-%d", w.rng.Uint64())
	w.server.Create(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "marks", Name: name, UID: w.uid(), CreationTimestamp: w.now(), Labels: map[string]string{"tier": "web"},
	}})
	w.server.Delete("marks", name)
	return name
}
