package compose

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

var update = flag.Bool("update", false, "write the screenshot in docs/images anew")

// testPage searches the store's page for a bundle and finds how its pod crashes.
func testPage(t *testing.T) {
	const query = `bundle.name:=checkout`
	wait.NoError(t, "the crash loop has come to its end", func() error {
		if len(stored(t, query+` AND "was deleted"`)) == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	ctx := browser(t)
	page := store + "/select/vmui/#/?" + url.Values{"query": {query}, "g0.range_input": {"5m"}, "limit": {"50"}}.Encode()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 860), chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	var text string
	wait.NoError(t, "the page shows records", func() (err error) {
		text, err = chromedp.Run(ctx, chromedp.Text("body"))
		if err == nil && !strings.Contains(text, "was deleted") {
			err = errors.New(text)
		}
		return err
	})
	for _, want := range []string{
		"container checkout of pod shop/checkout-6b8f9d7d5c-l9w3t terminated with exit code 137: OOMKilled",
		"container checkout of pod shop/checkout-6b8f9d7d5c-l9w3t is waiting: CrashLoopBackOff",
		"pod shop/checkout-6b8f9d7d5c-l9w3t was deleted",
		`k8s.namespace.name="shop"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "shop/cart-") {
		t.Error("the page shows another bundle")
	}
	var picture []byte
	wait.NoError(t, "the diagram is drawn", func() error {
		next, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if same := bytes.Equal(picture, next); err != nil || same {
			return err
		}
		picture = next
		return errors.New("the page is still changing")
	})
	saveScreenshot(t, picture)
}

func saveScreenshot(t *testing.T, picture []byte) {
	t.Helper()
	if n := len(picture); n < 20e3 || n > 300e3 {
		t.Errorf("the screenshot has %d bytes", n)
	}
	path := filepath.Join(t.TempDir(), "victorialogs.png")
	if *update {
		path = root + "docs/images/victorialogs.png"
	}
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// browser starts a headless Chromium, which ends with the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if _, err := os.Stat("/usr/bin/" + name); err == nil {
			program = "/usr/bin/" + name
			break
		}
	}
	if program == "" {
		needs(t, "Chromium", os.ErrNotExist)
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.Headless, chromedp.NoSandbox,
	}
	for _, name := range []string{
		"disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update",
		"disable-sync", "disable-dev-shm-usage",
	} {
		options = append(options, chromedp.Flag(name, true))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*wait.Patience)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	return ctx
}
