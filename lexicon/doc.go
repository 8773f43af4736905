// Package lexicon holds what a language knows and a catalogue does not: families of colours, materials, whom a
// thing is for, plurals, and Chinese shopping terms with their English. It is data and pure functions.
//
//	lexicon.ToEnglish("无线鼠标")            // "wireless mouse"
//	canonical, ok := lexicon.Color("navy")  // "blue", true
//	lexicon.ColorsIn("an olive-green tent") // ["green"]
//	lexicon.Singular("wireless mice")       // "wireless mouse"
package lexicon
