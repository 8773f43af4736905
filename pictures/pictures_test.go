package pictures_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/pictures"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("floorwalker/embedded.(*process).watch"))
}

// half is red on the left and blue on the right, with a see-through line below.
func half(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height - 1 {
		for x := range width {
			c := color.NRGBA{R: 230, A: 255}
			if x >= width/2 {
				c = color.NRGBA{B: 230, A: 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

func encoded(t *testing.T, encode func(w *bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t *testing.T, img image.Image) []byte {
	return encoded(t, func(w *bytes.Buffer) error { return jpeg.Encode(w, img, nil) })
}

func asPNG(t *testing.T, img image.Image) []byte {
	return encoded(t, func(w *bytes.Buffer) error { return png.Encode(w, img) })
}

// withEXIF puts what a camera writes in front of a JPEG: how it was held, and a secret.
func withEXIF(raw []byte, held uint16) []byte {
	var tiff bytes.Buffer
	tiff.WriteString("MM\x00*\x00\x00\x00\x08\x00\x02")
	_ = binary.Write(&tiff, binary.BigEndian, []uint16{0x010e, 2, 0, 20, 0, 38}) // ImageDescription, 20 letters at 38
	_ = binary.Write(&tiff, binary.BigEndian, []uint16{0x0112, 3, 0, 1, held, 0})
	tiff.WriteString("\x00\x00\x00\x00")
	tiff.WriteString("where I live, 48N 2E")
	exif := append([]byte("Exif\x00\x00"), tiff.Bytes()...)
	segment := append([]byte{0xff, 0xe1, byte((len(exif) + 2) >> 8), byte(len(exif) + 2)}, exif...)
	return append(append(append([]byte{}, raw[:2]...), segment...), raw[2:]...)
}

// claims is a PNG whose head says that it is larger than it is.
func claims(t *testing.T, width, height uint32) []byte {
	raw := asPNG(t, half(2, 2))
	binary.BigEndian.PutUint32(raw[16:], width)
	binary.BigEndian.PutUint32(raw[20:], height)
	binary.BigEndian.PutUint32(raw[29:], crc32.ChecksumIEEE(raw[12:29]))
	return raw
}

// room is a database with two sessions.
func room(t *testing.T) (pool *pgxpool.Pool, mine, other string) {
	t.Helper()
	pool = pgtest.New(t)
	manager := dialog.NewManager(pool, nil, dialog.Options{})
	for _, session := range []*string{&mine, &other} {
		opened, err := manager.Open(t.Context(), dialog.OpenRequest{})
		if err != nil {
			t.Fatal(err)
		}
		*session = opened.SessionID
	}
	return pool, mine, other
}

func TestAPictureIsDrawnAnewAndIsItsSessionsOwn(t *testing.T) {
	pool, mine, other := room(t)
	store := pictures.NewStore(pool, pictures.Options{})
	red, blue := color.NRGBA{R: 230, A: 255}, color.NRGBA{B: 230, A: 255}
	photo := asJPEG(t, half(400, 200))
	for name, c := range map[string]struct {
		raw           []byte
		width, height int
		// corner and far are what stands in the middle of the upper edge's first and last quarter.
		corner, far color.Color
	}{
		"a JPEG":                     {photo, 400, 200, red, blue},
		"a PNG":                      {asPNG(t, half(40, 20)), 40, 20, red, blue},
		"a GIF":                      {encoded(t, func(w *bytes.Buffer) error { return gif.Encode(w, half(64, 32), nil) }), 64, 32, red, blue},
		"a large one":                {asPNG(t, half(3200, 100)), 1600, 50, red, blue},
		"a camera held upright":      {withEXIF(photo, 1), 400, 200, red, blue},
		"a camera on its head":       {withEXIF(photo, 3), 400, 200, blue, red},
		"a mirrored one":             {withEXIF(photo, 2), 400, 200, blue, red},
		"a camera on its right side": {withEXIF(photo, 6), 200, 400, red, red},
		"a camera on its left side":  {withEXIF(photo, 8), 200, 400, blue, blue},
		"one of a single point":      {asPNG(t, image.NewNRGBA(image.Rect(0, 0, 1, 1))), 1, 1, color.White, color.White},
	} {
		t.Run(name, func(t *testing.T) {
			kept, err := store.Keep(t.Context(), mine, bytes.NewReader(c.raw))
			if err != nil || kept.Width != c.width || kept.Height != c.height {
				t.Fatalf("kept %+v, %v", kept, err)
			}
			if _, err := store.Read(t.Context(), other, kept.ID); !isCode(err, shop.CodeNotFound) {
				t.Errorf("another session reads it: %v", err)
			}
			if _, err := store.Send(t.Context(), other, kept.ID); !isCode(err, shop.CodeNotFound) {
				t.Errorf("another session sends it: %v", err)
			}
			if sent, err := store.Send(t.Context(), mine, kept.ID); err != nil || sent != kept {
				t.Errorf("sent %+v, %v", sent, err)
			}
			raw, err := store.Read(t.Context(), mine, kept.ID)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(raw, []byte("Exif")) || bytes.Contains(raw, []byte("where I live")) {
				t.Error("what the camera wrote is still there")
			}
			img, err := jpeg.Decode(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if got := img.Bounds().Size(); got != image.Pt(c.width, c.height) {
				t.Errorf("it measures %v", got)
			}
			for at, want := range map[int]color.Color{c.width / 8: c.corner, c.width - 1 - c.width/8: c.far} {
				if got := img.At(at, c.height/8); !alike(got, want) {
					t.Errorf("at %d stands %v, want %v", at, got, want)
				}
			}
		})
	}
}

func alike(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	near := func(x, y uint32) bool { return max(x, y)-min(x, y) < 0x2000 }
	return near(ar, br) && near(ag, bg) && near(ab, bb)
}

func isCode(err error, code string) bool {
	got, _ := shop.CodeOf(err)
	return err != nil && got == code
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	pool, mine, _ := room(t)
	store := pictures.NewStore(pool, pictures.Options{})
	page := "<!doctype html><html><body><script>alert(1)</script>"
	photo := asJPEG(t, half(64, 64))
	for name, c := range map[string]struct {
		raw  []byte
		code string
	}{
		"30 MB of HTML":                    {[]byte(page + strings.Repeat(" ", 30<<20)), shop.CodeTooLarge},
		"HTML":                             {[]byte(page), shop.CodeBadRequest},
		"HTML behind a JPEG's first bytes": {append([]byte("\xff\xd8\xff\xe0"), page...), shop.CodeBadRequest},
		"an SVG with a script":             {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), shop.CodeBadRequest},
		"nothing":                          {nil, shop.CodeBadRequest},
		"half a JPEG":                      {photo[:len(photo)/3], shop.CodeBadRequest},
		"2,500 million points":             {claims(t, 50_000, 50_000), shop.CodeTooLarge},
		"more than can be counted":         {claims(t, 1<<31-1, 1<<31-1), shop.CodeBadRequest},
		"a PNG that ends too early":        {claims(t, 4000, 4000), shop.CodeBadRequest},
	} {
		if kept, err := store.Keep(t.Context(), mine, bytes.NewReader(c.raw)); !isCode(err, c.code) {
			t.Errorf("%s: kept %+v, %v", name, kept, err)
		}
	}
	if n := count(t, pool); n != 0 {
		t.Errorf("%d of them are kept", n)
	}
	for _, id := range []string{"", "x", "../../etc/passwd"} {
		if _, err := store.Read(t.Context(), mine, id); !isCode(err, shop.CodeNotFound) {
			t.Errorf("read %q: %v", id, err)
		}
	}
}

func count(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pictures`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPicturesTakeNoMoreThanTheyMay(t *testing.T) {
	pool, mine, other := room(t)
	photo := asJPEG(t, half(64, 64))
	few := pictures.NewStore(pool, pictures.Options{PerDay: 2})
	for n := range 3 {
		_, err := few.Keep(t.Context(), mine, bytes.NewReader(photo))
		if n < 2 && err != nil || n == 2 && !isCode(err, shop.CodeRateLimit) {
			t.Errorf("picture %d: %v", n+1, err)
		}
	}
	if _, err := few.Keep(t.Context(), other, bytes.NewReader(photo)); err != nil {
		t.Errorf("another session's: %v", err)
	}
	small := pictures.NewStore(pool, pictures.Options{Total: 100})
	if _, err := small.Keep(t.Context(), other, bytes.NewReader(photo)); !isCode(err, shop.CodeBusy) {
		t.Errorf("over the whole: %v", err)
	}
}

func TestPicturesGoWithTheirSessionAndUnsentOnesAlone(t *testing.T) {
	pool, mine, other := room(t)
	store := pictures.NewStore(pool, pictures.Options{Now: func() time.Time { return time.Now().Add(25 * time.Hour) }})
	keep := func(session string) shop.Picture {
		t.Helper()
		kept, err := store.Keep(t.Context(), session, bytes.NewReader(asJPEG(t, half(8, 8))))
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	sent := keep(mine)
	if _, err := store.Send(t.Context(), mine, sent.ID); err != nil {
		t.Fatal(err)
	}
	keep(mine)
	keep(other)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- store.Run(ctx) }()
	for deadline := time.Now().Add(10 * time.Second); count(t, pool) != 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d pictures are left", count(t, pool))
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		all, err := pictures.Export(t.Context(), tx, []string{mine})
		if err != nil {
			return err
		}
		if len(all["pictures"]) != 1 || !strings.Contains(string(all["pictures"][0]), sent.ID) || !strings.Contains(string(all["pictures"][0]), "/9j/") {
			return errors.New("the export lacks the picture")
		}
		return dialog.Erase(t.Context(), tx, "", []string{mine})
	})
	if err != nil {
		t.Error(err)
	}
	if n := count(t, pool); n != 0 {
		t.Errorf("%d pictures outlive their session", n)
	}
}
