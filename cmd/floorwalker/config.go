package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"floorwalker/embedded"
	"floorwalker/shop"
	"floorwalker/web"
)

// services are the servers that Floorwalker needs. Each is started on this machine unless an address is given.
type services struct {
	DatabaseURL string `help:"PostgreSQL 16 or newer with pgvector. Embedded when empty." env:"DATABASE_URL"`
	NATSURL     string `name:"nats-url" help:"NATS with JetStream. Embedded when empty." env:"NATS_URL"`
	Cache       string `help:"Folder for what is fetched and built." env:"FLOORWALKER_CACHE"`
	Data        string `help:"Folder for the embedded servers' data and for secrets." env:"FLOORWALKER_DATA"`
	SecretKey   string `help:"Key (64 hexadecimal digits) under which secrets that must be read again are encrypted in the database, the same for all servers of it. Made and kept in the data folder when empty." env:"FLOORWALKER_SECRET_KEY"`
	ORT         string `name:"onnxruntime" help:"ONNX Runtime's shared library. From the cache when empty." env:"ONNXRUNTIME_LIB"`
	Models      string `help:"Folder with the models that rank and embed." default:"models" env:"FLOORWALKER_MODELS"`
	Threads     int    `help:"How many runs of models go on at once, each in one thread. 0: one for each core." default:"0" env:"FLOORWALKER_THREADS"`
}

// cacheDir is the folder for what is fetched and built.
func (s services) cacheDir() string {
	if s.Cache != "" {
		return s.Cache
	}
	return embedded.DefaultCache()
}

// dataDir is where the embedded servers keep their data.
func (s services) dataDir() string {
	if s.Data != "" {
		return s.Data
	}
	return filepath.Join(s.cacheDir(), "data")
}

// secretKey is the key file of the data folder.
const secretKey = "secret.key"

// key encrypts secrets in the database.
func (s services) key() ([]byte, error) {
	text := s.SecretKey
	if text == "" {
		var err error
		if text, err = secret(s.dataDir(), secretKey); err != nil {
			return nil, err
		}
	}
	const length = 32
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != length {
		return nil, errors.New("--secret-key (FLOORWALKER_SECRET_KEY, or secret.key of the data folder) is 64 hexadecimal digits, as openssl rand -hex 32 writes them")
	}
	return key, nil
}

// languageModel says which model parses and answers, and how much it is trusted.
type languageModel struct {
	OllamaHost     string  `help:"Ollama's address. Embedded when empty." env:"OLLAMA_HOST"`
	Model          string  `name:"model" help:"The model that Ollama serves; with the embedded Ollama the small one." default:"smollm2" env:"FLOORWALKER_MODEL"`
	VisionModel    string  `help:"A model of the same Ollama that can look at the pictures that customers send, as in moondream. Without one a person looks at them." env:"FLOORWALKER_VISION_MODEL"`
	LLM            bool    `name:"llm" help:"Use a language model at all." default:"true" negatable:"" env:"FLOORWALKER_LLM"`
	Parser         string  `help:"Who parses utterances: the local parser, the language model, or by confidence." enum:"auto,local,llm" default:"auto" env:"FLOORWALKER_PARSER"`
	Tuned          bool    `help:"Have the small model parse by the adapter in the folder of models, where there is one; larger models go by examples." default:"true" negatable:"" env:"FLOORWALKER_TUNED_PARSER"`
	CustomerTokens int     `help:"How many of the model's tokens one customer may use in an hour; then templates answer. Negative: no limit." default:"60000" env:"FLOORWALKER_CUSTOMER_TOKENS"`
	NetworkTokens  int     `help:"The same for all who come from one address." default:"600000" env:"FLOORWALKER_NETWORK_TOKENS"`
	Threshold      float64 `help:"Under this confidence of the local parser the language model is asked (parser auto)." default:"0.45" env:"FLOORWALKER_PARSER_THRESHOLD"`
}

// rates parses "EUR=1.08,GBP=1.27": the value of one unit of each currency in US dollars.
func parseRates(settings map[string]float64) (shop.Rates, error) {
	rates := shop.Rates{"USD": 1, "EUR": 1.08, "GBP": 1.27, "CNY": 0.14, "JPY": 0.0067, "HKD": 0.128, "CHF": 1.12, "CAD": 0.73, "AUD": 0.66, "INR": 0.012, "KRW": 0.00073}
	for code, value := range settings {
		code = strings.ToUpper(code)
		if len(code) != 3 || value <= 0 {
			return nil, fmt.Errorf("rate %s=%v: a rate is a currency code and what one unit is worth in US dollars, as in EUR=1.08", code, value)
		}
		rates[code] = value
	}
	return rates, nil
}

// checkShare refuses what is no share of a whole.
func checkShare(share float64) error {
	if !(share >= 0 && share <= 1) {
		return fmt.Errorf("is %v; it is from 0 to 1", share)
	}
	return nil
}

// checkOrigins refuses what no browser sends as an origin.
func checkOrigins(given []string) error {
	for _, origin := range given {
		if _, err := web.CleanOrigin(origin); err != nil {
			return fmt.Errorf("origin %q: %w", origin, err)
		}
	}
	return nil
}

var siteKey = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

// readSiteKeys reads the public keys of the shop's sites, each with the origins on which it is good, parted by spaces.
func readSiteKeys(given map[string]string) (map[string][]string, error) {
	sites := map[string][]string{}
	for key, text := range given {
		origins := strings.Fields(text)
		if !siteKey.MatchString(key) || len(origins) == 0 {
			return nil, fmt.Errorf("site key %q: a key has 8 to 64 letters, digits, _ or -, and origins, as in pk_shop_1=https://www.shop.example", key)
		}
		if err := checkOrigins(origins); err != nil {
			return nil, fmt.Errorf("site key %s: %w", key, err)
		}
		sites[key] = origins
	}
	return sites, nil
}

// secret reads the named secret from the data folder and makes it on first use; only this user can read it.
func secret(dataDir, name string) (string, error) {
	path := filepath.Join(dataDir, name)
	stored, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(stored)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read secret %s: %w", name, err)
	}
	made := make([]byte, 32)
	if _, err := rand.Read(made); err != nil {
		return "", fmt.Errorf("make secret %s: %w", name, err)
	}
	if err := os.MkdirAll(dataDir, 0o755); err != nil {
		return "", fmt.Errorf("make data folder: %w", err)
	}
	value := hex.EncodeToString(made)
	if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep secret %s: %w", name, err)
	}
	return value, nil
}

// personRules say when a person joins a conversation without being asked for.
type personRules struct {
	PersonFrom   string   `help:"Value from which a person joins at a checkout, and where an order is asked about or returned, as in 500USD; none when empty." env:"FLOORWALKER_PERSON_FROM"`
	PersonTopics []string `help:"Intents and topics at which a person joins, as in return_refund,warranty." env:"FLOORWALKER_PERSON_TOPICS"`
}

// read is the value, after the topics were looked at.
func (p personRules) read() (from shop.Money, err error) {
	known := []string{"shipping", "returns", "payment", "warranty", "privacy", "hours"}
	for _, intent := range shop.Intents() {
		known = append(known, string(intent))
	}
	for _, topic := range p.PersonTopics {
		if !slices.Contains(known, topic) {
			return from, fmt.Errorf("--person-topics: there is no %q; there are %s", topic, strings.Join(known, ", "))
		}
	}
	if p.PersonFrom == "" {
		return from, nil
	}
	digits := strings.TrimRight(p.PersonFrom, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	amount, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	currency := p.PersonFrom[len(digits):]
	if err != nil || len(currency) != 3 || !(amount > 0) || amount > 1e12 {
		return from, fmt.Errorf("--person-from is %q; give an amount and a currency, as in 500USD", p.PersonFrom)
	}
	return shop.FromMajor(amount, currency), nil
}
