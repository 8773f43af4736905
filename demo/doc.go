// Package demo is a shop to try Floorwalker with: a catalogue of invented products, knowledge articles, orders and
// two agents, all embedded, and drawn pictures. Brands, customers and orders are made up. The catalogue is
// written by the command in demo/generate; nothing here is read from outside the binary.
//
//	catalogue := demo.Catalogue()                   // gzipped JSON Lines in the import format
//	articles, err := demo.Knowledge()               // loaded whatever catalogue is in use
//	svg := demo.Image("Shoes", "Trail Running Shoes", []string{"navy"})
//
// The picture of a product is expected at its image_url, ImagePath + SKU + ".svg".
package demo
