package events

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func numbered(i int, at time.Time) *corev1.Event {
	return &corev1.Event{ObjectMeta: metav1.ObjectMeta{
		UID: types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", i)), CreationTimestamp: metav1.NewTime(at),
	}}
}

// TestFlood: one Event that is patched 10,000 times is news 14 times.
func TestFlood(t *testing.T) {
	for name, count := range map[string]func(*corev1.Event, int32){
		"count":  func(e *corev1.Event, n int32) { e.Count = n },
		"series": func(e *corev1.Event, n int32) { e.Series = &corev1.EventSeries{Count: n} },
	} {
		tracker, e, news := NewTracker(10), numbered(1, time.Unix(1, 0)), 0
		for n := range int32(10_000) {
			count(e, n+1)
			if tracker.News(e) {
				news++
			}
			tracker.Track(e, Place{}, time.Unix(int64(n), 0))
		}
		if news != 14 {
			t.Errorf("%s: news %d times", name, news)
		}
	}
}

// TestHourAtHundredASecond: with 100 new Events a second for the time to live of an hour,
// and then for another one, the tracker keeps to its limit and to 10 MB.
func TestHourAtHundredASecond(t *testing.T) {
	const limit, perSecond = 100_000, 100
	before := heap()
	tracker := NewTracker(limit)
	start, most := time.Unix(1_700_000_000, 0), uint64(0)
	for second := range 2 * 3600 {
		now := start.Add(time.Duration(second) * time.Second)
		for i := range perSecond {
			e := numbered(second*perSecond+i, now)
			if !tracker.News(e) {
				t.Fatal("a new Event is no news")
			}
			tracker.Track(e, Place{}, now)
			if gone := second - 3600; gone >= 0 {
				tracker.Forget(numbered(gone*perSecond+i, start.Add(time.Duration(gone)*time.Second)))
			}
		}
		tracker.Changes(func(uint16) string { return "" }, func(Key, []byte) {})
		if n, _ := tracker.Count(); n > limit {
			t.Fatalf("%d Events are tracked", n)
		}
		if second%600 == 0 {
			most = max(most, heap())
		}
	}
	if grown := int64(most) - int64(before); grown > 10<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	} else {
		t.Logf("the heap has grown by %d bytes", grown)
	}
	if n, evicted := tracker.Count(); n < limit*15/16 || evicted == 0 {
		t.Errorf("%d Events are tracked, %d evicted", n, evicted)
	}
	runtime.KeepAlive(tracker)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestEvictsOldest: those that have not changed for the longest time make way.
func TestEvictsOldest(t *testing.T) {
	tracker := NewTracker(32)
	for i := range 32 {
		tracker.Track(numbered(i, time.Unix(1, 0)), Place{}, time.Unix(int64(1000-i), 0))
	}
	tracker.Track(numbered(32, time.Unix(1, 0)), Place{}, time.Unix(2000, 0))
	for i := range 33 {
		if known := !tracker.News(numbered(i, time.Unix(1, 0))); known == (i == 30 || i == 31) {
			t.Errorf("Event %d: known %v", i, known)
		}
	}
}

// TestStore: the changes of one tracker make another one.
func TestStore(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	a, b, gone := numbered(1, now), numbered(2, now), numbered(3, now)
	a.Count = 9
	first := NewTracker(10)
	first.Track(gone, Place{}, now)
	stored := map[string][]byte{}
	store := func(k Key, value []byte) {
		if value == nil {
			delete(stored, k.String())
			return
		}
		stored[k.String()] = value
	}
	streams := func(i uint16) string { return []string{"", "shop"}[i] }
	first.Changes(streams, store)
	first.Track(a, Place{Stream: 1, List: 1}, now)
	first.Track(b, Place{}, now)
	first.Forget(gone)
	first.Changes(streams, store)

	second := NewTracker(10)
	for text, value := range stored {
		k, err := ParseKey(text)
		if err != nil {
			t.Fatal(err)
		}
		name, err := StreamOf(value)
		if err != nil || (k == KeyOf(a)) != (name == "shop") {
			t.Errorf("%s is of stream %q, error %v", text, name, err)
		}
		second.Restore(k, value, Place{})
	}
	a.Count = 15
	if second.News(a) || second.News(b) || !second.News(gone) {
		t.Error("the second tracker differs from the first")
	}
	if a.Count = 16; !second.News(a) {
		t.Error("the count of 16 is no news")
	}
	for _, bad := range []string{"", "zz", KeyOf(a).String() + "00", "zz" + KeyOf(a).String()[2:]} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
	if _, err := StreamOf([]byte("1234")); err == nil {
		t.Error("a short value is read")
	}
}

// TestSweepAndExpire: a list drops the Events of its stream that it doesn't have, and age
// those of which no deletion was received.
func TestSweepAndExpire(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	tracker := NewTracker(10)
	tracker.Track(numbered(1, now), Place{List: 1}, now)
	tracker.Track(numbered(2, now), Place{List: 2}, now)
	tracker.Track(numbered(3, now), Place{Stream: 1, List: 1}, now.Add(time.Second))
	tracker.Sweep(Place{List: 2})
	if !tracker.News(numbered(1, now)) || tracker.News(numbered(2, now)) || tracker.News(numbered(3, now)) {
		t.Error("the wrong Events were swept")
	}
	tracker.Expire(now.Add(maxAge + time.Second))
	if !tracker.News(numbered(2, now)) || tracker.News(numbered(3, now)) {
		t.Error("the wrong Events expired")
	}
}
