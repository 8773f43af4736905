package pictures

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // what is opened
	"image/jpeg"
	_ "image/png" // what is opened
	"net/http"

	"floorwalker/shop"

	"github.com/bep/imagemeta"
	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
	_ "golang.org/x/image/webp" // what is opened
)

const (
	// maxPoints is how many points a picture may have: what a decoder then needs stays under 300 MB.
	maxPoints = 20_000_000
	// maxEdge is how long a kept picture's longer edge is at most, in points.
	maxEdge = 1600
	quality = 85
)

// formats are the kinds that are opened, by what http.DetectContentType says of the content.
var formats = map[string]imagemeta.ImageFormat{"image/jpeg": imagemeta.JPEG, "image/png": imagemeta.PNG, "image/webp": imagemeta.WebP, "image/gif": 0}

// redraw opens a picture and draws it anew: upright, on white, at most maxEdge long. Its size is looked at before it is
// opened, so that a small file can't unfold into all memory.
func redraw(raw []byte) (p shop.Picture, out []byte, err error) {
	format, ok := formats[http.DetectContentType(raw)]
	if !ok {
		return p, nil, errKind
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || head.Width <= 0 || head.Height <= 0 {
		return p, nil, errKind
	}
	if head.Width > maxPoints/head.Height {
		return p, nil, errWide
	}
	opened, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return p, nil, &shop.Error{Code: errKind.Code, Message: errKind.Message, Cause: err}
	}
	drawn := upright(opened, orientation(raw, format))
	var encoded bytes.Buffer
	if err := jpeg.Encode(&encoded, drawn, &jpeg.Options{Quality: quality}); err != nil {
		return p, nil, fmt.Errorf("write a picture: %w", err)
	}
	p.Width, p.Height = drawn.Bounds().Dx(), drawn.Bounds().Dy()
	return p, encoded.Bytes(), nil
}

// orientation is how the camera was held, 1 to 8 as EXIF counts; 1 where the file does not say.
func orientation(raw []byte, format imagemeta.ImageFormat) (held int) {
	held = 1
	if format == 0 {
		return held
	}
	_, err := imagemeta.Decode(imagemeta.Options{R: bytes.NewReader(raw), ImageFormat: format, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if n, ok := tag.Value.(uint16); ok && n >= 1 && n <= 8 {
				held = int(n)
			}
			return nil
		}})
	if err != nil {
		return 1 // broken metadata: the picture itself is fine
	}
	return held
}

// upright draws the picture as it was seen, on white.
func upright(src image.Image, held int) *image.RGBA {
	b := src.Bounds()
	w, h := float64(b.Dx()), float64(b.Dy())
	scale := min(1, maxEdge/max(w, h))
	// What becomes of a point (x, y) of the picture, for each way that the camera was held.
	turn := [...]f64.Aff3{1: {1, 0, 0, 0, 1, 0}, 2: {-1, 0, w, 0, 1, 0}, 3: {-1, 0, w, 0, -1, h}, 4: {1, 0, 0, 0, -1, h},
		5: {0, 1, 0, 1, 0, 0}, 6: {0, -1, h, 1, 0, 0}, 7: {0, -1, h, -1, 0, w}, 8: {0, 1, 0, -1, 0, w}}[held]
	if held >= 5 {
		w, h = h, w
	}
	for i := range turn {
		turn[i] *= scale
	}
	// Where the picture's corner is not 0, it is moved there first.
	turn[2] -= turn[0]*float64(b.Min.X) + turn[1]*float64(b.Min.Y)
	turn[5] -= turn[3]*float64(b.Min.X) + turn[4]*float64(b.Min.Y)
	dst := image.NewRGBA(image.Rect(0, 0, max(1, int(w*scale+0.5)), max(1, int(h*scale+0.5))))
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.BiLinear.Transform(dst, turn, src, b, draw.Over, nil)
	return dst
}
