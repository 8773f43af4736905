// Package docs holds those of the documents in this folder that the server publishes. They are generated from the Go
// types; protocol.md says what they mean.
package docs

import "embed"

// Published are asyncapi.json and the JSON Schemas, by version: schema/v1/message.created.json.
//
//go:embed asyncapi.json schema
var Published embed.FS
