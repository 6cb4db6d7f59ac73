package compose

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTimelinePage opens the page of timeline -o html in a browser. It needs no Docker.
func TestTimelinePage(t *testing.T) {
	records, err := exec.Command(root+"bin/pod-status-logger", "demo", "--pace=0s", "-o=json").Output()
	if err != nil {
		t.Fatal(err)
	}
	ctx := openPage(t, pageOf(t, string(records)))
	if n := evaluate[int](ctx, t, `performance.getEntriesByType("resource").length`); n != 0 {
		t.Errorf("the page made %d requests", n)
	}
	all := evaluate[int](ctx, t, `podTimeline.rows()`)
	found := evaluate[int](ctx, t, `(()=>{const s=document.getElementById("search");s.value="oomkilled";`+
		`s.dispatchEvent(new Event("input"));return podTimeline.rows()})()`)
	if found == 0 || found >= all {
		t.Errorf("a search shows %d of %d rows", found, all)
	}
	// Keys: down selects a row, right its next interval, + zooms.
	details := evaluate[string](ctx, t, `(()=>{const s=document.getElementById("scroller");s.focus();`+
		`for(const key of ["ArrowDown","ArrowRight","+"])s.dispatchEvent(new KeyboardEvent("keydown",{key}));`+
		`return document.getElementById("details").textContent})()`)
	if !strings.Contains(details, "checkout") {
		t.Errorf("the keys select %q", details)
	}
	if span := evaluate[[]float64](ctx, t, `podTimeline.window()`); len(span) != 2 || span[0] == 0 && span[1] == 1 {
		t.Errorf("the window is %v", span)
	}
	for _, view := range []string{"chart", "table"} {
		if view == "table" {
			evaluate[bool](ctx, t, `(document.getElementById("astable").click(),true)`)
		}
		for _, v := range violations(ctx, t) {
			t.Errorf("axe, %s: %s", view, v)
		}
	}
	rows := evaluate[int](ctx, t, `document.querySelectorAll("#table tbody tr").length`)
	if rows == 0 {
		t.Error("the table is empty")
	}
}

// TestTimelineFrames scrolls and zooms 100,000 intervals and more, and compares the time of a frame with that of the
// same page at rest.
func TestTimelineFrames(t *testing.T) {
	ctx := openPage(t, pageOf(t, manyRecords(10_000, 10)))
	const frames = `new Promise(done=>{const times=[];let n=0;const step=t=>{times.push(t);WORK;` +
		`if(++n<90)requestAnimationFrame(step);else done(times.slice(1).map((x,i)=>x-times[i]).sort((a,b)=>a-b)[44])};` +
		`requestAnimationFrame(step)})`
	idle := evaluate[float64](ctx, t, strings.Replace(frames, "WORK", "0", 1))
	const scroll = `document.getElementById("scroller").scrollTop+=137;podTimeline.zoom(n%2?.8:1.2)`
	busy := evaluate[float64](ctx, t, strings.Replace(frames, "WORK", scroll, 1))
	text := evaluate[string](ctx, t, `document.getElementById("count").textContent`)
	t.Logf("%s: a frame takes %.1f ms, %.1f ms of the page at rest", text, busy, idle)
	if busy > 1000./30 && busy > 2*idle {
		t.Errorf("a frame takes %.1f ms, want 33.3 (30 frames a second), or twice the %.1f of the page at rest", busy, idle)
	}
}

// manyRecords returns records of pods whose only container changes its state.
func manyRecords(pods, changes int) string {
	var b strings.Builder
	for pod := range pods {
		for i := range changes {
			state := []string{"running", "waiting"}[i%2]
			fmt.Fprintf(&b, `{"time":"2026-11-30T12:%02d:%02d.%03dZ","level":"info","msg":"m","action":"update","state":%q,`+
				`"pod":"pod-%d","namespace":"ns","pod_uid":"%d","node":"n","phase":"Running","container":"c",`+
				`"container_type":"container","ready":true,"restart_count":%d,"seq":%d}`+"\n",
				i, pod%60, pod%1000, state, pod, pod, i, pod*changes+i+1)
		}
	}
	return b.String()
}

// pageOf returns the address of the page that the program makes of records.
func pageOf(t *testing.T, records string) string {
	t.Helper()
	folder := t.TempDir()
	input, page := filepath.Join(folder, "records.jsonl"), filepath.Join(folder, "page.html")
	if err := os.WriteFile(input, []byte(records), 0o644); err != nil {
		t.Fatal(err)
	}
	html, err := exec.Command(root+"bin/pod-status-logger", "timeline", "-o=html", input).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, html, 0o644); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "file", Path: page}).String()
}

func openPage(t *testing.T, page string) context.Context {
	t.Helper()
	ctx := browser(t)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 860), chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// evaluate returns the value of an expression in the page, which may be a promise.
func evaluate[T any](ctx context.Context, t *testing.T, expression string) (result T) {
	t.Helper()
	result, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%.80s: %v", expression, err)
	}
	return result
}

// axe is the package of npm with rules for accessibility.
const axe = "axe-core@4.14.1"

// violations returns the rules of axe that the page breaks.
func violations(ctx context.Context, t *testing.T) (found []string) {
	t.Helper()
	folder := t.TempDir()
	pack := exec.Command("npm", "pack", "--silent", axe)
	pack.Dir = folder
	name, err := pack.Output()
	if err != nil {
		needs(t, "npm with "+axe, err)
	}
	script, err := fileOf(filepath.Join(folder, strings.TrimSpace(string(name))), "package/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	evaluate[bool](ctx, t, script+";true")
	const run = `axe.run().then(r=>JSON.stringify(r.violations.map(v=>v.id+": "+v.nodes.map(n=>n.html).join(" "))))`
	text := evaluate[string](ctx, t, run)
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// fileOf returns a file of an archive.
func fileOf(archive, name string) (string, error) {
	f, err := os.Open(archive)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return "", err
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("%s has no %s", archive, name)
		}
		if err != nil {
			return "", err
		}
		if header.Name == name {
			b, err := io.ReadAll(files)
			return string(b), err
		}
	}
}
