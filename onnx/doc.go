// Package onnx runs BERT-family models with ONNX Runtime: it tokenizes text as Hugging Face does, gathers
// the texts of concurrent callers into batches of like length, lets a customer's query go before bulk
// work, and turns the model's output into embeddings or relevance scores. It knows nothing of the shop.
//
//	rt, err := onnx.OpenRuntime("libonnxruntime.so.1.32.0", 0)
//	defer rt.Close()
//	embedder, err := onnx.LoadEmbedder(rt, "models/all-minilm-l6-v2", onnx.EmbedderOptions{})
//	defer embedder.Close()
//	vectors, err := embedder.Embed(ctx, []string{"running shoes"})            // goes first
//	vectors, err = embedder.Embed(onnx.Background(ctx), descriptions)         // waits for queries
//
// A model folder holds model.onnx, tokenizer.json, config.json and manifest.json with the SHA-256 of
// each; a file that differs from its manifest is refused. No input makes this package panic: corrupt
// files, wrong shapes and scores that are not numbers are the named errors of errors.go.
package onnx
