package main

import (
	"context"

	"floorwalker/embedded"
)

// fetchCmd brings what the shop needs into the cache folder.
type fetchCmd struct {
	Cache string `help:"Folder for what is fetched and built." env:"FLOORWALKER_CACHE"`
	LLM   bool   `name:"llm" help:"Also fetch the small language model and build Ollama."`
}

// Run fetches what is missing; a second run touches no network.
func (c *fetchCmd) Run(ctx context.Context, std streams) error {
	cache := c.Cache
	if cache == "" {
		cache = embedded.DefaultCache()
	}
	if err := embedded.Fetch(ctx, cache, embedded.Needed(), std.err); err != nil {
		return err
	}
	if !c.LLM {
		return nil
	}
	return embedded.FetchOllama(ctx, cache, std.err)
}
